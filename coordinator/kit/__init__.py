"""The toolbox: knows nothing of events or people."""
