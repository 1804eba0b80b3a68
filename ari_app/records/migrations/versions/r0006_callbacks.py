"""What callers say of their calls, and their wishes to be called back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column and the table."""
    instant = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")
    op.add_column("calls", sa.Column("survey", sa.Integer))
    op.create_table(
        "callbacks",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("asked_at", instant, nullable=False),
        sa.Column("until", instant, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("delays", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("ring_seconds", sa.Float, nullable=False),
        sa.Column("flow", sa.Text, nullable=False),
        sa.Column("then", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("counted", sa.Integer, nullable=False),
        sa.Column("next_at", instant, nullable=False),
        sa.Column("last_call", sa.Text),
        sa.Column("result", sa.Text),
        sa.Column("ended_at", instant),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callbacks")),
        sqlite_with_rowid=False,
    )
    still_open = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_callbacks_open",
        "callbacks",
        ["number"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )


def downgrade() -> None:
    """Drop both, and all that they hold."""
    op.drop_table("callbacks")
    op.drop_column("calls", "survey")
