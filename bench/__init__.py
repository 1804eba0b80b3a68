"""What a call costs: the same through the line, plain dialplan and a bare ARI application, on one Asterisk.

`python -m bench` (or `make bench`) prints the figures; docs/performance.md says how to read them.
"""
