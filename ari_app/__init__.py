"""Astreinte: the on-call telephone line for Asterisk."""

__version__ = "0.1.0"
