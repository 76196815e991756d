"""A small world around the coordinator: a town of people, a clock that stands still, and a story to tell."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, select

from bot.coordinator import Accepted, Answer, Coordinator, Noted
from bot.ledger.database import Database
from bot.ledger.ledger import Entry, Ledger
from bot.ledger.progress.answers import Delivery
from bot.ledger.tables import events
from bot.ledger.verify import verify
from bot.release.attention import Attend
from bot.release.command import Command
from bot.release.gates.answers import Approve, Reject
from bot.release.ids import ROLLCALL, ChannelId, ReleaseId, ReleaseKey, UserId, WorkspaceId
from bot.release.manifest import NOTHING_KNOWN, Manifest
from bot.release.people.absence import ComeBack, GoAway
from bot.release.people.directory import Directory
from bot.release.people.hours import Hours, Week
from bot.release.people.own import OwnCommand
from bot.release.people.own_hours import SetHours
from bot.release.refusal import Refused
from bot.release.release import Release
from bot.release.stages.cancel import Cancel
from bot.release.stages.lock import LiftLock
from bot.release.stages.rollback import Rollback
from bot.release.stages.stage import BeginStage
from bot.release.stages.start import Start
from bot.release.stages.steps import FinishStep
from bot.release.telling.snooze import Snooze
from bot.runbook.files.read import Runbooks
from bot.runbook.roles.role import Standing
from bot.sources.git import Checkouts

TEAM = WorkspaceId("T1")
CHANNEL = ChannelId("C1")
ANA, BEN, CLEO, DAN, EVE = (UserId(f"U{name}") for name in ("ANA", "BEN", "CLEO", "DAN", "EVE"))
CHECKOUT = ReleaseKey("checkout-1")
MORNING = datetime(2026, 3, 2, 10, 30, 0, 250_000, tzinfo=UTC)

RUNBOOK = """\
title: {service}
service: {service}
roles:
  captain: {{starter: true}}
  qa: {{group: qa}}
  security: {{group: security}}
stages:
  - name: staging
    owner: captain
    gates:
      - name: QA
        approvals: {{qa: {seats}}}
    steps:
      - do: Deploy to staging
  - name: production
    owner: security
    production: true
    begin: captain
    gates:
      - name: Go or no-go
        approvals: {{security: 1}}
    steps:
      - do: Deploy to production
reminders: {{after: 1h, every: 4h, limit: 2}}
handoffs:
  at: ["09:00", "17:00"]
  timezone: Europe/Berlin
"""


class StillClock:
    """Show one time until it is moved."""

    def __init__(self, time: datetime = MORNING) -> None:
        self.time = time

    def now(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)


@dataclass
class Town:
    """Who is in which group, and what else people are; a group that is missing cannot be read.

    Whoever is in a group is a member of the workspace, as the people of these tests are, too.
    """

    groups: dict[str, tuple[UserId, ...]] = field(
        default_factory=lambda: {"qa": (BEN, CLEO), "security": (CLEO, DAN)}
    )
    people: dict[UserId, Standing] = field(
        default_factory=lambda: dict.fromkeys((ANA, BEN, CLEO, DAN, EVE), Standing.MEMBER)
    )

    hours: dict[UserId, Hours] = field(default_factory=dict)

    def seen(self) -> Directory:
        in_groups = {person for people in self.groups.values() for person in people}
        everybody = {**dict.fromkeys(sorted(in_groups), Standing.MEMBER), **self.people}
        return Directory(people=everybody, groups=dict(self.groups), hours=dict(self.hours))


class Replica:
    """One process's worth of Rollcall: its own connections, its own memory, its own coordinator."""

    def __init__(self, url: str, runbooks: Path, town: Town, clock: StillClock) -> None:
        self.database = Database(url)
        self.ledger = Ledger()
        self.runbooks = runbooks
        self.clock = clock
        self.changed: list[ReleaseId] = []
        self.coordinator = Coordinator(
            self.database, self.ledger, Runbooks(runbooks), town, Checkouts(None), clock, self.changed.append
        )

    async def hears(self, command: Start | Command, delivery: str = "") -> Answer:
        """Hand a command in, as a delivery of its own unless one is named."""
        return await self.coordinator.handle(command, Delivery(delivery or str(uuid4())))

    async def accepts(self, command: Start | Command, delivery: str = "") -> Release:
        """Hand a command in, and expect that it is accepted."""
        answer = await self.hears(command, delivery)
        assert isinstance(answer, Accepted), answer
        return answer.release

    async def refuses(self, command: Start | Command, delivery: str = "") -> Refused:
        """Hand a command in, and expect that it is refused."""
        answer = await self.hears(command, delivery)
        assert isinstance(answer, Refused), answer
        return answer

    async def notes(self, command: OwnCommand) -> None:
        """Hand in what a person says of themselves, and expect that it is accepted."""
        answer = await self.coordinator.note(command)
        assert isinstance(answer, Noted), answer

    async def entries(self, key: ReleaseKey = CHECKOUT) -> Sequence[Entry]:
        return await self.database.read(lambda c: self.ledger.entries(c, ReleaseId(TEAM, key)))

    async def kinds(self, key: ReleaseKey = CHECKOUT) -> list[str]:
        return [type(entry.event).__name__ for entry in await self.entries(key)]

    async def faults(self) -> Sequence[str]:
        return await self.database.read(verify)


def write_runbook(folder: Path, service: str = "checkout", seats: int = 1, more: str = "") -> None:
    """Write the runbook of a service; `more` are lines that stand at its end."""
    folder.mkdir(exist_ok=True)
    text = RUNBOOK.format(service=service, seats=seats) + more
    (folder / f"{service}.yaml").write_text(text, encoding="utf-8")


def start(
    version: str = "1.0.0",
    service: str = "checkout",
    by: UserId = ANA,
    note: str = "",
    kind: str = "normal",
    manifest: Manifest = NOTHING_KNOWN,
) -> Start:
    return Start(
        workspace=TEAM,
        by=by,
        channel=CHANNEL,
        service=service,
        version=version,
        note=note,
        kind=kind,
        manifest=manifest,
    )


def act(kind: Callable[..., Command], by: UserId, key: ReleaseKey = CHECKOUT, **what: object) -> Command:
    """Return a command of some kind about a release."""
    return kind(workspace=TEAM, release=key, by=by, **what)


def approve(by: UserId, key: ReleaseKey = CHECKOUT, stage: int = 0, comment: str = "") -> Approve:
    gate = ("QA", "Go or no-go")[stage]
    return Approve(workspace=TEAM, release=key, by=by, stage=stage, gate=gate, comment=comment)


def reject(by: UserId, key: ReleaseKey = CHECKOUT, comment: str = "It blinks.") -> Reject:
    return Reject(workspace=TEAM, release=key, by=by, stage=0, gate="QA", comment=comment)


def cancel(by: UserId = ANA, key: ReleaseKey = CHECKOUT, reason: str = "Not today.") -> Cancel:
    return Cancel(workspace=TEAM, release=key, by=by, reason=reason)


def begin(by: UserId = ANA, key: ReleaseKey = CHECKOUT, stage: int = 1) -> BeginStage:
    return BeginStage(workspace=TEAM, release=key, by=by, stage=stage)


def finish(by: UserId, stage: int, key: ReleaseKey = CHECKOUT) -> FinishStep:
    step = ("Deploy to staging", "Deploy to production")[stage]
    return FinishStep(workspace=TEAM, release=key, by=by, stage=stage, step=step)


def roll_back(by: UserId = ANA, key: ReleaseKey = CHECKOUT, reason: str = "Orders are lost.") -> Rollback:
    return Rollback(workspace=TEAM, release=key, by=by, reason=reason)


def put_back(by: UserId = CLEO, key: ReleaseKey = CHECKOUT) -> FinishStep:
    """Tick the one step of a rollback."""
    step = "Put the version before back in place"
    return FinishStep(workspace=TEAM, release=key, by=by, stage=2, step=step)


def unlock(by: UserId = ANA, key: ReleaseKey = CHECKOUT, reason: str = "The query is mended.") -> LiftLock:
    return LiftLock(workspace=TEAM, release=key, by=by, reason=reason)


def go_away(by: UserId, deputy: UserId, until: datetime) -> GoAway:
    return GoAway(workspace=TEAM, by=by, deputy=deputy, until=until)


def come_back(by: UserId) -> ComeBack:
    return ComeBack(workspace=TEAM, by=by)


def set_hours(by: UserId, begins: int, ends: int, days: str = "01234") -> SetHours:
    week = Week(begins=time(begins), ends=time(ends), days=tuple(map(int, days)))
    return SetHours(workspace=TEAM, by=by, week=week)


def put_off(by: UserId, until: datetime) -> Snooze:
    return Snooze(workspace=TEAM, by=by, until=until)


def attend(key: ReleaseKey = CHECKOUT) -> Attend:
    return Attend(workspace=TEAM, release=key, by=ROLLCALL)


async def complete(replica: Replica, key: ReleaseKey = CHECKOUT) -> Release:
    """Take a release that was just started to its end."""
    for command in (approve(BEN, key), finish(ANA, 0, key), approve(DAN, key, stage=1), begin(key=key)):
        await replica.accepts(command)
    return await replica.accepts(finish(CLEO, 1, key))


def lines(connection: Connection) -> Iterable[Mapping[str, object]]:
    """Return the ledger as it is written to golden.jsonl: one mapping an event."""
    columns = (events.c[name] for name in ("workspace", "release", "seq", "prev", "hash", "body"))
    query = select(*columns).order_by(events.c.workspace, events.c.release, events.c.seq)
    return [dict(row) for row in connection.execute(query).mappings()]
