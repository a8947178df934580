"""Sheets of people: read, understood, and written."""
