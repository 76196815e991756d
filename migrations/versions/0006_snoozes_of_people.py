"""Until when people have put their reminders off."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("absences", sa.Column("snoozed", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("absences", "snoozed")
