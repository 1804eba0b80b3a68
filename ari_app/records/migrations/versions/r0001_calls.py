"""Calls, their legs and their events."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the three tables."""
    instant = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")
    op.create_table(
        "calls",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("channel_id", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("caller_name", sa.Text, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("team", sa.Text),
        sa.Column("agent", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.Column("hangup_cause", sa.Integer),
        sa.Column("arrived_at", instant, nullable=False),
        sa.Column("answered_at", instant),
        sa.Column("queued_at", instant),
        sa.Column("bridged_at", instant),
        sa.Column("ended_at", instant),
        sa.Column("wait_seconds", sa.Float),
        sa.Column("talk_seconds", sa.Float),
        sa.Column("total_seconds", sa.Float),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_calls_arrived_at", "calls", ["arrived_at"])
    still_open = sa.text("ended_at IS NULL")
    op.create_index("ix_calls_open", "calls", ["id"], sqlite_where=still_open, postgresql_where=still_open)
    op.create_table(
        "call_legs",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("started_at", instant, nullable=False),
        sa.Column("answered_at", instant),
        sa.Column("accepted_at", instant),
        sa.Column("ended_at", instant),
        sa.Column("ring_seconds", sa.Float),
        sa.Column("result", sa.Text),
        sa.Column("hangup_cause", sa.Integer),
        sa.Column("tech_cause", sa.Integer),
        sa.Column("dialstatus", sa.Text),
        sa.PrimaryKeyConstraint("call_id", "id", name=op.f("pk_call_legs")),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_legs_call_id"), ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "call_events",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("elapsed", sa.Float, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("data", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "seq", name=op.f("pk_call_events")),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_events_call_id"), ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop the three tables and all that they hold."""
    for table in ("call_events", "call_legs", "calls"):
        op.drop_table(table)
