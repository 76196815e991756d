"""What locks a service, which kind a release is of, whether its runbook was signed, and who is away."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("releases", sa.Column("kind", sa.Text(), nullable=False, server_default="normal"))
    op.add_column("releases", sa.Column("signed", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("releases", sa.Column("locked", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "absences",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("deputy", sa.Text(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "person", name=op.f("pk_absences")),
    )


def downgrade() -> None:
    op.drop_table("absences")
    for column in ("locked", "signed", "kind"):
        op.drop_column("releases", column)
