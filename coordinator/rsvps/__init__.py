"""Answers to events: who comes, who may come, and how they change their mind."""
