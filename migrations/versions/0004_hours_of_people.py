"""At which hours people say that they work."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("absences", sa.Column("begins", sa.Time(), nullable=True))
    op.add_column("absences", sa.Column("ends", sa.Time(), nullable=True))
    op.add_column("absences", sa.Column("days", sa.Text(), nullable=True))


def downgrade() -> None:
    for column in ("days", "ends", "begins"):
        op.drop_column("absences", column)
