"""The organiser's and the coordinator's overview."""
