"""What is done with people an organiser may reach."""
