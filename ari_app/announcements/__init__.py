"""What callers hear before anything else while something is going on."""
