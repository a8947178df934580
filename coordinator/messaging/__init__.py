"""What to say, to whom, when something changes for many."""
