"""Alembic's migrations of the records; `database.migrate` runs them when the line starts."""
