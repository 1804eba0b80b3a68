"""The whole line: built once, started, drained, stopped."""
