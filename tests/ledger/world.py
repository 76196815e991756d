"""A small world around the coordinator: a town of people, a clock that stands still, and a story to tell."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, select

from bot.coordinator import Accepted, Answer, Coordinator
from bot.ledger.answers import Delivery
from bot.ledger.database import Database
from bot.ledger.ledger import Entry, Ledger
from bot.ledger.tables import releases
from bot.ledger.verify import verify
from bot.release.approval import Approve, Reject
from bot.release.attention import Attend
from bot.release.cancel import Cancel
from bot.release.command import Command
from bot.release.ids import ROLLCALL, ChannelId, ReleaseId, ReleaseKey, UserId, WorkspaceId
from bot.release.refusal import Refused
from bot.release.release import Release
from bot.release.stage import BeginStage
from bot.release.start import Start
from bot.release.steps import FinishStep
from bot.runbook.model import Role
from bot.runbook.read import Runbooks

TEAM = WorkspaceId("T1")
CHANNEL = ChannelId("C1")
ANA, BEN, CLEO, DAN = UserId("UANA"), UserId("UBEN"), UserId("UCLEO"), UserId("UDAN")
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
    """Who is in which group; a group that is missing cannot be read."""

    groups: dict[str, tuple[UserId, ...]] = field(
        default_factory=lambda: {"qa": (BEN, CLEO), "security": (CLEO, DAN)}
    )

    def people_in(self, role: Role) -> tuple[UserId, ...] | None:
        return self.groups.get(role.group or "")


class Replica:
    """One process's worth of Rollcall: its own connections, its own memory, its own coordinator."""

    def __init__(self, url: str, runbooks: Path, town: Town, clock: StillClock) -> None:
        self.database = Database(url)
        self.ledger = Ledger()
        self.clock = clock
        self.changed: list[ReleaseId] = []
        self.coordinator = Coordinator(
            self.database, self.ledger, Runbooks(runbooks), town, clock, self.changed.append
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

    async def entries(self, key: ReleaseKey = CHECKOUT) -> Sequence[Entry]:
        return await self.database.read(lambda c: self.ledger.entries(c, ReleaseId(TEAM, key)))

    async def kinds(self, key: ReleaseKey = CHECKOUT) -> list[str]:
        return [type(entry.event).__name__ for entry in await self.entries(key)]

    async def faults(self) -> Sequence[str]:
        return await self.database.read(verify)


def write_runbook(folder: Path, service: str = "checkout", seats: int = 1) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{service}.yaml").write_text(RUNBOOK.format(service=service, seats=seats), encoding="utf-8")


def start(version: str = "1.0.0", service: str = "checkout", by: UserId = ANA, note: str = "") -> Start:
    return Start(workspace=TEAM, by=by, channel=CHANNEL, service=service, version=version, note=note)


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


def attend(key: ReleaseKey = CHECKOUT) -> Attend:
    return Attend(workspace=TEAM, release=key, by=ROLLCALL)


async def tell(replica: Replica, town: Town, clock: StillClock) -> None:
    """Bring about every kind of event there is: one release is completed, one is cancelled, one is open."""
    await replica.accepts(start(note="Für alle: „fertig“ \u2028 <b>&amp;</b> 🚀"))
    night: Sequence[tuple[int, Command]] = (
        (8, attend()),
        (1, reject(BEN, comment='Not "yet" \\ naïve')),
        (1, approve(BEN)),
    )
    for by, command in night:
        clock.advance(hours=by)
        await replica.accepts(command)
    await replica.accepts(finish(ANA, 0))
    clock.advance(minutes=1)
    await replica.accepts(approve(DAN, stage=1))
    town.groups["security"] = (CLEO,)
    await replica.accepts(attend())
    await replica.accepts(approve(CLEO, stage=1, comment="e\u0301 is not \u00e9"))
    for last in (begin(), finish(CLEO, 1)):
        clock.advance(seconds=1)
        await replica.accepts(last)
    second = ReleaseKey("checkout-2")
    for later in (start("1.1.0"), cancel(key=second), start("1.1.0")):
        await replica.accepts(later)
    third = ReleaseKey("checkout-3")
    await replica.accepts(reject(BEN, key=third))
    town.groups["qa"] = tuple(person for person in town.groups["qa"] if person != BEN)
    await replica.accepts(approve(BEN, key=third))


def lines(connection: Connection, ledger: Ledger) -> Iterable[dict[str, object]]:
    """Return the ledger as it is written to golden.jsonl: one mapping an event."""
    for release in connection.scalars(select(releases.c.release).order_by(releases.c.release)):
        for entry in ledger.entries(connection, ReleaseId(TEAM, release)):
            place = {"workspace": TEAM, "release": release, "seq": entry.seq}
            yield {**place, "prev": entry.prev, "hash": entry.hash, "body": entry.body}
