"""Where else missions are listed: Wikidata and OpenStreetMap. Asked by a command only, never from a page."""
