"""The command line, `astreinte`."""
