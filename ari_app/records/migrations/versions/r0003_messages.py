"""Messages that callers leave, and notices that are sent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the two tables."""
    instant = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")
    op.create_table(
        "messages",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("left_at", instant, nullable=False),
        sa.Column("deleted_at", instant),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("attachments", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("queued_at", instant, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("tried_at", instant),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", "recipient", "position", name=op.f("pk_notices")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_notices_about", "notices", ["about"])
    waiting = sa.text("state = 'waiting'")
    op.create_index("ix_notices_waiting", "notices", ["id"], sqlite_where=waiting, postgresql_where=waiting)


def downgrade() -> None:
    """Drop the two tables and all that they hold."""
    for table in ("notices", "messages"):
        op.drop_table(table)
