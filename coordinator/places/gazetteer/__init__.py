"""The world's cities in a file of our own: found in any script, without asking anybody."""
