"""Pages about people an organiser may reach."""
