"""The ledger: events, the rows that follow from them, answers, and what Slack shows."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "delivery", name=op.f("pk_answers")),
    )
    op.create_table(
        "events",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("prev", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "release", "seq", name=op.f("pk_events")),
    )
    op.create_table(
        "messages",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=True),
        sa.Column("shown", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "release", "slot", name=op.f("pk_messages")),
    )
    op.create_table(
        "releases",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attention_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("shown_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "release", name=op.f("pk_releases")),
    )
    with op.batch_alter_table("releases") as batch_op:
        batch_op.create_index(
            "ix_releases_attention_at",
            ["attention_at"],
            unique=False,
            sqlite_where=sa.text("attention_at IS NOT NULL"),
            postgresql_where=sa.text("attention_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_releases_unshown",
            ["workspace", "release"],
            unique=False,
            sqlite_where=sa.text("shown_seq < seq"),
            postgresql_where=sa.text("shown_seq < seq"),
        )
        batch_op.create_index(
            "ix_releases_workspace_service_version", ["workspace", "service", "version"], unique=False
        )
        batch_op.create_index(
            "uq_releases_open",
            ["workspace", "service"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "services",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("releases", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "service", name=op.f("pk_services")),
    )


def downgrade() -> None:
    for table in ("services", "releases", "messages", "events", "answers"):
        op.drop_table(table)
