"""The checks that Rollcall reads, and when each is read next."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "readings",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("check", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "release", "check", name=op.f("pk_readings")),
    )
    op.create_index("ix_readings_due_at", "readings", ["due_at"])


def downgrade() -> None:
    op.drop_table("readings")
