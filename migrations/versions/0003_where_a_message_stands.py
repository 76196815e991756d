"""Finding a message by where it stands; and when releases next need attention, worked out anew."""

from collections.abc import Sequence

from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("ix_messages_workspace_channel_ts", "messages", ["workspace", "channel", "ts"])


def downgrade() -> None:
    op.drop_index("ix_messages_workspace_channel_ts", "messages")
