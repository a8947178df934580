"""Where things are: coordinates, time zones, geocoding, the gazetteer."""
