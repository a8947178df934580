"""Events for other programs: ICS, GeoJSON, JSON-LD."""
