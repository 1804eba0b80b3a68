"""The kinds of node that a flow is made of, one a module."""
