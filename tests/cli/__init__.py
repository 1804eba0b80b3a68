"""The command line as its users meet it: what they type, what they read, what the shell is told."""
