"""Rosters from other on-call products: exports become YAML, and a report of what has no equivalent."""
