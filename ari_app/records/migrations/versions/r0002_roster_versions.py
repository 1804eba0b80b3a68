"""Versions of the rosters."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table."""
    instant = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")
    op.create_table(
        "roster_versions",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("since", instant, nullable=False),
        sa.Column("until", instant),
        sa.Column("published_until", instant, nullable=False),
        sa.Column("teams", sa.Integer, nullable=False),
        sa.Column("shifts", sa.Integer, nullable=False),
        sa.Column("schedule", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_versions")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_roster_versions_since", "roster_versions", ["since"])


def downgrade() -> None:
    """Drop the table and all that it holds."""
    op.drop_table("roster_versions")
