"""The tables, private to the ledger. `events` is the truth; the rest follows from it, or from Slack."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Time,
    TypeDecorator,
    false,
    text,
    true,
)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC. SQLite forgets the zone, so it is put back when a moment is read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

events: Final = Table(
    "events",
    metadata,
    Column("workspace", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("prev", Text, nullable=False),
    Column("hash", Text, nullable=False),
    PrimaryKeyConstraint("workspace", "release", "seq"),
)

releases: Final = Table(
    "releases",
    metadata,
    Column("workspace", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default="normal"),
    Column("state", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("signed", Boolean, nullable=False, server_default=true()),
    Column("locked", Boolean, nullable=False, server_default=false()),
    Column("attention_at", Moment),
    Column("seq", Integer, nullable=False),
    Column("head", Text, nullable=False),
    Column("shown_seq", Integer, nullable=False),
    PrimaryKeyConstraint("workspace", "release"),
    Index(
        "uq_releases_open",
        "workspace",
        "service",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index("ix_releases_workspace_service_version", "workspace", "service", "version"),
    Index(
        "ix_releases_attention_at",
        "attention_at",
        sqlite_where=text("attention_at IS NOT NULL"),
        postgresql_where=text("attention_at IS NOT NULL"),
    ),
    Index(
        "ix_releases_unshown",
        "workspace",
        "release",
        sqlite_where=text("shown_seq < seq"),
        postgresql_where=text("shown_seq < seq"),
    ),
    Index(
        "ix_releases_ended",
        "workspace",
        "ended_at",
        sqlite_where=text("ended_at IS NOT NULL"),
        postgresql_where=text("ended_at IS NOT NULL"),
    ),
)

services: Final = Table(
    "services",
    metadata,
    Column("workspace", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("releases", Integer, nullable=False),
    PrimaryKeyConstraint("workspace", "service"),
)
"""One row a service: the lock under which a release is started, and how many there were."""

absences: Final = Table(
    "absences",
    metadata,
    Column("workspace", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("deputy", Text),
    Column("until", Moment),
    Column("begins", Time),
    Column("ends", Time),
    Column("days", Text),
    Column("snoozed", Moment),
    Column("seq", Integer, nullable=False),
    Column("head", Text, nullable=False),
    PrimaryKeyConstraint("workspace", "person"),
)
"""What each person's own chain comes to: its newest event, the absence, the hours that were set, and
until when reminders are put off.

`days` has the digits of the weekdays, from Monday, which is 0.
"""

answers: Final = Table(
    "answers",
    metadata,
    Column("workspace", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("release", Text),
    Column("at", Moment, nullable=False),
    Column("refusal", Text),
    PrimaryKeyConstraint("workspace", "delivery"),
)
"""What each delivery of a command was answered, so that the same one again has no second effect."""

messages: Final = Table(
    "messages",
    metadata,
    Column("workspace", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("ts", Text),
    Column("shown", Text),
    Column("claimed_at", Moment),
    PrimaryKeyConstraint("workspace", "release", "slot"),
    Index("ix_messages_workspace_channel_ts", "workspace", "channel", "ts"),
)
"""What Slack shows. `claimed_at` is set while a post is under way and its outcome is not known."""

rooms: Final = Table(
    "rooms",
    metadata,
    Column("workspace", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("channel", Text),
    Column("topic", Text, nullable=False),
    Column("invited", Text, nullable=False),
    Column("closed", Text, nullable=False),
    PrimaryKeyConstraint("workspace", "release"),
    Index("ix_rooms_workspace_channel", "workspace", "channel"),
)
"""The channel of its own that a release has. `invited` are ids, parted by spaces; `closed` is why it is used
no more, and empty as long as it is."""

runs: Final = Table(
    "runs",
    metadata,
    Column("workspace", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("called_at", Moment),
    Column("settled", Boolean, nullable=False),
    PrimaryKeyConstraint("workspace", "release", "number"),
    Index(
        "ix_runs_unsettled",
        "workspace",
        "release",
        sqlite_where=text("NOT settled"),
        postgresql_where=text("NOT settled"),
    ),
)
"""The runs of steps. `called_at` is when it was last tried to start one, so that it may have been started;
`settled` is one for which nothing is left to do."""

subscribers: Final = Table(
    "subscribers",
    metadata,
    Column("workspace", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("stopped_at", Moment),
    Column("stopped", Text, nullable=False),
    PrimaryKeyConstraint("workspace", "name"),
)
"""Who is told of events, and since when. `stopped` is why nothing is sent any more, or empty."""

tellings: Final = Table(
    "tellings",
    metadata,
    Column("workspace", Text, nullable=False),
    Column("subscriber", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("told", Integer, nullable=False),
    Column("head", Integer, nullable=False),
    Column("told_at", Moment),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Moment),
    Column("next_at", Moment),
    Column("answer", Text, nullable=False),
    Column("given_up", Boolean, nullable=False),
    Column("claimed_until", Moment),
    PrimaryKeyConstraint("workspace", "subscriber", "release"),
    Index(
        "ix_tellings_waiting",
        "workspace",
        "subscriber",
        "next_at",
        sqlite_where=text("told < head"),
        postgresql_where=text("told < head"),
    ),
)
"""How far each subscriber was told of each release: up to its event number `told`, of `head` that there are.

`claimed_until` is set while somebody sends; the rest is about the event that comes next, where it was tried.
"""

deployments: Final = Table(
    "deployments",
    metadata,
    Column("workspace", Text, nullable=False),
    Column("repository", Text, nullable=False),
    Column("pipeline", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("commit", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("release", Text),
    Column("told", Text, nullable=False),
    Column("reports", Integer, nullable=False),
    Column("answer", Text),
    PrimaryKeyConstraint("workspace", "repository", "pipeline", "environment", "number"),
    Index(
        "ix_deployments_unanswered",
        "workspace",
        "asked_at",
        sqlite_where=text("answer IS NULL"),
        postgresql_where=text("answer IS NULL"),
    ),
)
"""The deployments of pipelines that wait at Rollcall. `release` is the one to which a deployment was found to
belong, `told` what its pipeline was told last while it waited, `reports` how often it was told something;
`answer` is how it ended, once nothing is left to do."""

readings: Final = Table(
    "readings",
    metadata,
    Column("workspace", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("check", Text, nullable=False),
    Column("due_at", Moment, nullable=False),
    PrimaryKeyConstraint("workspace", "release", "check"),
    Index("ix_readings_due_at", "due_at"),
)
"""The checks that are read for open gates, and when each is read next."""
