"""Forgetting people on time, over every room that holds them."""
