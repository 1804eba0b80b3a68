"""A whole line on a real Asterisk: its start, its reloads, and what it leaves for its absence."""
