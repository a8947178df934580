"""People an organiser may reach."""
