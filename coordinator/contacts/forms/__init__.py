"""What an organiser says about contacts."""
