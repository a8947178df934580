"""A day-of-action event coordination platform."""
