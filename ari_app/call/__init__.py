"""One call's life: greet, ask, look up, ring, bridge, say goodbye."""
