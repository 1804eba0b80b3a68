"""What a caller hears and may press: flows written in YAML, and the walk through them."""
