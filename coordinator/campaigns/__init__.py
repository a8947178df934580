"""Days of action."""
