"""What a call costs: the same call through the line and through plain dialplan, in turn, on one Asterisk.

`python -m bench` (or `make bench`) prints the figures; docs/performance.md says how to read them.
"""
