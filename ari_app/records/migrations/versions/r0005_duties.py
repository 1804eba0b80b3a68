"""Duties that are to be confirmed, and phones that were rung to know whether their agents can be reached."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the two tables."""
    instant = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")
    op.create_table(
        "duty_shifts",
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("starts_at", instant, nullable=False),
        sa.Column("ends_at", instant, nullable=False),
        sa.Column("deadline", instant, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("confirmed_at", instant),
        sa.Column("confirmed_by", sa.Text, nullable=False),
        sa.Column("unconfirmed_at", instant),
        sa.PrimaryKeyConstraint("team", "agent", "starts_at", name=op.f("pk_duty_shifts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tried_phones",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("rung_at", instant, nullable=False),
        sa.Column("answered_seconds", sa.Float),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("hangup_cause", sa.Integer),
        sa.Column("tech_cause", sa.Integer),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tried_phones")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_duty_shifts_ends_at", "duty_shifts", ["ends_at"])
    op.create_index("ix_tried_phones_rung_at", "tried_phones", ["rung_at"])


def downgrade() -> None:
    """Drop the two tables and all that they hold."""
    for table in ("tried_phones", "duty_shifts"):
        op.drop_table(table)
