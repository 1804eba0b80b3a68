"""What callers and agents say, where flows have it recorded."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table."""
    instant = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")
    op.create_table(
        "recordings",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("begun_at", instant, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("pauses", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("stored_at", instant, nullable=False),
        sa.Column("delete_at", instant, nullable=False),
        sa.Column("deleted_at", instant),
        sa.Column("deleted_why", sa.Text),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_recordings_call_id", "recordings", ["call_id"])
    kept = sa.text("deleted_at IS NULL")
    op.create_index(
        "ix_recordings_kept", "recordings", ["delete_at"], sqlite_where=kept, postgresql_where=kept
    )


def downgrade() -> None:
    """Drop it, and all that it holds."""
    op.drop_table("recordings")
