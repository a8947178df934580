"""Health, mail that goes out and comes back, and the mail of a demonstration."""
