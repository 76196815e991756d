"""Reminding those who have not answered."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.release.event import Event
from bot.release.gates.result import gate_result
from bot.release.gates.tree import GateStatus
from bot.release.ids import ROLLCALL, UserId
from bot.release.release import Release
from bot.release.replace import replace
from bot.runbook.gates import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded(Event):
    """Those who have not answered at a gate were asked again, for the `count`-th time."""

    stage: int
    gate: str
    count: int
    people: tuple[UserId, ...]

    def change(self, release: Release) -> Release:
        return replace(release, reminders=(*release.reminders, self))


def due_reminders(release: Release, now: datetime) -> Iterable[Reminded]:
    """Return one reminder for each gate at which one is due. What was missed is caught up once."""
    for gate in release.open_gates:
        at = next_reminder(release, gate)
        # The time is looked at first: it is seldom due, and whom to ask takes longer to find out.
        if at is not None and at <= now and (people := _asked(release, gate)):
            stage, count = release.stage, len(_sent(release, gate)) + 1
            yield Reminded(at=now, by=ROLLCALL, stage=stage, gate=gate.name, count=count, people=people)


def reminder_times(release: Release) -> Iterable[datetime]:
    """Return the time of the next reminder of each gate that still waits for approvals."""
    times = (next_reminder(release, gate) for gate in release.open_gates if _asked(release, gate))
    return [time for time in times if time is not None]


def next_reminder(release: Release, gate: Gate) -> datetime | None:
    """Return when those asked at `gate` are to be reminded next; None once the limit is reached."""
    plan = gate.remind or release.runbook.reminders
    sent = _sent(release, gate)
    if len(sent) >= plan.limit:
        return None
    return sent[-1].at + plan.every if sent else release.opened[release.stage] + plan.after


def _sent(release: Release, gate: Gate) -> tuple[Reminded, ...]:
    place = (release.stage, gate.name)
    return tuple(past for past in release.reminders if (past.stage, past.gate) == place)


def _asked(release: Release, gate: Gate) -> tuple[UserId, ...]:
    result = gate_result(release, gate, release.stage)
    # Who has not answered yet cannot help a gate that somebody has rejected.
    return result.asked if result.status is GateStatus.WAITING else ()
