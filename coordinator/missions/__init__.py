"""Embassies and consulates."""
