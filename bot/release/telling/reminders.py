"""Reminding those who have not answered at a gate, in their working hours.

Each of them is asked privately first, and again each morning. Where that does not help, there is a ladder for
the gate: in the thread, then with the people of the backup role, then in the channel with the captain named.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.release.event import Event
from bot.release.gates.result import gate_result
from bot.release.gates.tree import GateStatus
from bot.release.ids import ROLLCALL, UserId
from bot.release.release import Release
from bot.release.replace import replace
from bot.runbook.gates import Gate, Reminders

DAY = timedelta(days=1)


class Way(StrEnum):
    """How people are reminded, from the quietest to the loudest."""

    PRIVATE = "private"
    THREAD = "thread"
    BACKUP = "backup"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded(Event):
    """People who have not answered at a gate were asked again.

    `count` is the rung of the ladder: 1 for all that is private. `helpers` are others who are named so that
    they help: the backup, or the captain.
    """

    stage: int
    gate: str
    count: int
    people: tuple[UserId, ...]
    way: Way = Way.THREAD
    helpers: tuple[UserId, ...] = ()

    def change(self, release: Release) -> Release:
        return replace(release, reminders=(*release.reminders, self))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rung:
    """The next step of the ladder: who may be named from when on, and who is to help them."""

    way: Way
    count: int
    people: dict[UserId, datetime]
    helpers: dict[UserId, datetime]

    @property
    def at(self) -> datetime:
        """When the first who is to read it is at work."""
        return min((*self.people.values(), *self.helpers.values()))


def due_reminders(release: Release, now: datetime) -> Iterable[Reminded]:
    """Return the reminders that are due. What was missed is caught up once."""
    for gate in release.open_gates:
        # The time is looked at first: it is seldom due, and whom to ask takes longer to find out.
        if release.opened[release.stage] + _plan(release, gate).after <= now:
            yield from _due(release, gate, now)


def reminder_times(release: Release) -> Iterable[datetime]:
    """Return when somebody is next reminded at each gate that still waits for approvals."""
    times = (next_reminder(release, gate) for gate in release.open_gates)
    return [time for time in times if time is not None]


def next_reminder(release: Release, gate: Gate) -> datetime | None:
    """Return when somebody is next reminded of `gate`; None once the limit is reached, or nobody is asked."""
    asked = _asked(release, gate)
    rung = _rung(release, gate, asked)
    return min([*_private(release, gate, asked).values(), *([rung.at] if rung else [])], default=None)


def _due(release: Release, gate: Gate, now: datetime) -> Iterable[Reminded]:
    asked, stage = _asked(release, gate), release.stage
    if people := tuple(person for person, at in _private(release, gate, asked).items() if at <= now):
        yield Reminded(
            at=now, by=ROLLCALL, stage=stage, gate=gate.name, count=1, people=people, way=Way.PRIVATE
        )
    rung = _rung(release, gate, asked)
    if rung is not None and rung.at <= now:
        yield Reminded(
            at=now,
            by=ROLLCALL,
            stage=stage,
            gate=gate.name,
            count=rung.count,
            # Whose evening it is, is not woken by a mention.
            people=tuple(one for one, at in rung.people.items() if _at_work(release, one, at) <= now),
            way=rung.way,
            helpers=tuple(rung.helpers),
        )


def _private(release: Release, gate: Gate, asked: Sequence[UserId]) -> dict[UserId, datetime]:
    """Return when each of those asked is reminded privately next: as they wished, or in the morning."""
    plan, past = _plan(release, gate), _past(release, gate)
    first, times = release.opened[release.stage] + plan.after, {}
    for person in asked:
        told = [it.at for it in past if it.way is Way.PRIVATE and person in it.people]
        if not told or release.snoozed.get(person, told[-1]) > told[-1]:
            times[person] = _at_work(release, person, first)
        elif len(told) < plan.limit:
            times[person] = _morning(release, person, told[-1])
    return times


def _rung(release: Release, gate: Gate, asked: Sequence[UserId]) -> _Rung | None:
    """Return the next step of the ladder, which begins once somebody was asked privately."""
    plan, past = _plan(release, gate), _past(release, gate)
    first = {person: it.at for it in reversed(past) if it.way is Way.PRIVATE for person in it.people}
    public = [it for it in past if it.way is not Way.PRIVATE]
    count = len(public) + 2
    if first.keys().isdisjoint(asked) or count > plan.limit:
        return None
    helpers = _backup(release, plan, asked) if count == 3 else ()
    way = Way.THREAD if count == 2 else Way.BACKUP if helpers else Way.CHANNEL
    helpers = (release.captain,) if way is Way.CHANNEL else helpers
    last = (public or past)[-1 if public else 0].at
    # Who was asked privately only now is given time, too, before all read the name.
    times = {person: max(last, first[person]) + plan.every for person in asked if person in first}
    return _Rung(
        way=way,
        count=count,
        people={person: _at_work(release, person, at) for person, at in times.items()},
        helpers={person: _at_work(release, person, last + plan.every) for person in helpers},
    )


def _backup(release: Release, plan: Reminders, asked: Sequence[UserId]) -> tuple[UserId, ...]:
    """Return the people of the backup role who are there, and not asked themselves."""
    people = release.members.get(plan.backup, ()) if plan.backup else ()
    return tuple(one for one in people if one not in asked and one not in release.deputies)


def _at_work(release: Release, person: UserId, moment: datetime) -> datetime:
    """Return when a person may be reminded, from a moment on; any time will do where no hours are known.

    It is not before the newest event: who is asked only since then is not reminded as of a time before.
    """
    hours, free = release.hours.get(person), max(moment, release.at, release.snoozed.get(person, moment))
    return hours.next_at_work(free, release.runbook.holidays) if hours else free


def _morning(release: Release, person: UserId, after: datetime) -> datetime:
    hours = release.hours.get(person)
    morning = hours.next_morning(after, release.runbook.holidays) if hours else after + DAY
    return _at_work(release, person, morning)


def _plan(release: Release, gate: Gate) -> Reminders:
    return gate.remind or release.runbook.reminders


def _past(release: Release, gate: Gate) -> tuple[Reminded, ...]:
    place = (release.stage, gate.name)
    return tuple(it for it in release.reminders if (it.stage, it.gate) == place)


def _asked(release: Release, gate: Gate) -> tuple[UserId, ...]:
    """Return who has not answered at a gate and is not away."""
    result = gate_result(release, gate, release.stage)
    # Who has not answered yet cannot help a gate that somebody has rejected.
    asked = result.asked if result.status is GateStatus.WAITING else ()
    return tuple(person for person in asked if person not in release.deputies)
