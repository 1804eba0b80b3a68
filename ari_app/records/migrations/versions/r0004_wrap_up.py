"""What agents say of a call when it is over."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column."""
    op.add_column("calls", sa.Column("wrap_up", sa.Text))


def downgrade() -> None:
    """Drop the column and what it holds."""
    op.drop_column("calls", "wrap_up")
