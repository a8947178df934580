"""The map: its page, its data, its picture, and what other sites may show of it."""
