"""The door: who came, by code or by first name, counted without keeping who they were."""
