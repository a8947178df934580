"""Protests: registered, reviewed, published, changed, cancelled."""
