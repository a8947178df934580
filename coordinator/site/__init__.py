"""Public pages made of what the rooms below know."""
