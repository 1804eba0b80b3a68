"""Calls from end to end: two real Asterisks, the line between them, people who speak and listen."""
