"""The demonstration campaign."""
