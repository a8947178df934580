"""Whom announcements are for: a file for each kind of people, how they are counted, found and shown."""
