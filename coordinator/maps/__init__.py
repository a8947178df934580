"""The folium map of a campaign."""
