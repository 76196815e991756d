"""Reminding those whom a release waits for, in their working hours.

Each of them is asked privately first, and again each morning. Where that does not help, it gets louder: in
the thread, then with the people of the backup role, then in the channel with the captain named.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.release.command import Facts
from bot.release.event import Event
from bot.release.gates.result import gate_result
from bot.release.gates.tree import GateStatus
from bot.release.ids import ROLLCALL, UserId
from bot.release.people.duties import Circle, first_there, there
from bot.release.people.reachable import at_work, not_away, reachable
from bot.release.release import Release
from bot.release.replace import replace
from bot.release.state import State
from bot.release.telling.snooze import SnoozesRead, snoozes_read
from bot.release.waiting import Awaited, Waiting, waiting_on
from bot.runbook.gates.gate import Reminders

DAY: Final = timedelta(days=1)
REMINDED: Final = frozenset(
    {
        Awaited.CHECK,
        Awaited.READING,
        Awaited.PEOPLE,
        Awaited.REJECTION,
        Awaited.GO,
        Awaited.STEP,
        Awaited.HELD_UP,
        Awaited.CHOICE,
        Awaited.HOLD,
        Awaited.QUESTION,
        Awaited.CAPTAIN,
    }
)
"""What people are reminded of besides approvals. A review has times of its own, and a lock stays until
somebody decides otherwise."""

HELD: Final = frozenset({Awaited.GO, Awaited.STEP, Awaited.CHOICE})
"""What nobody can do while a hold is open."""


class Way(StrEnum):
    """How people are reminded, from the quietest to the loudest."""

    PRIVATE = "private"
    THREAD = "thread"
    BACKUP = "backup"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded(Event):
    """People whom a release waits for were asked again.

    `gate` is the gate, or the step, the check or the stage that it is `about`. `count` is how loud it is: 1
    for all that is private. `helpers` are others who are named so that they help: the backup, or the captain.
    """

    stage: int
    gate: str
    count: int
    people: tuple[UserId, ...]
    way: Way = Way.THREAD
    helpers: tuple[UserId, ...] = ()
    about: Awaited = Awaited.APPROVAL
    number: int = 0

    def change(self, release: Release) -> Release:
        return replace(release, reminders=(*release.reminders, self))


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindersPostponed(Event):
    """Reminders fell due while Rollcall could not see to it, and those whom they are for are not at work."""

    def change(self, release: Release) -> Release:
        # The time of the newest event is what all reminders are reckoned from.
        return release


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    """One thing that people are asked for: what, whom since when each, and how they are reminded."""

    about: Awaited
    name: str
    number: int = 0
    on: Mapping[UserId, datetime]
    plan: Reminders

    @property
    def since(self) -> datetime:
        """Since when the first of them is asked."""
        return min(self.on.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rung:
    """The next step of the ladder: who may be named from when on, and who is to help them."""

    way: Way
    count: int
    people: dict[UserId, datetime]
    helpers: dict[UserId, datetime]

    @property
    def at(self) -> datetime:
        """When the first who is to do something about it is at work: one who is to help, where any are."""
        return min((self.helpers or self.people).values())


def due_reminder(release: Release, facts: Facts) -> Reminded | RemindersPostponed | SnoozesRead | None:
    """Return the first reminder that is due, unless somebody has put it off, which is taken in first."""
    due = next(iter(_due_reminders(release, facts.now)), None)
    if not isinstance(due, Reminded):
        return due
    return snoozes_read(release, (*due.people, *due.helpers), facts) or due


def _due_reminders(release: Release, now: datetime) -> Iterable[Reminded | RemindersPostponed]:
    """Return the reminders that are due, the first of which is to be looked at alone.

    What was missed is caught up once; where those whom it is for have gone home since, when they are back.
    """
    # The time is looked at first: it is seldom due, and whom to ask takes longer to find out.
    if _earliest(release) <= now:
        for ask in _asks(release):
            yield from _due(release, ask, now)
        if any(at <= now for at in reminder_times(release)):
            yield RemindersPostponed(at=now, by=ROLLCALL)


def reminder_times(release: Release) -> Iterable[datetime]:
    """Return when somebody is next reminded of each thing that the release waits for."""
    for ask in _asks(release):
        yield from _private(release, ask).values()
        if rung := _rung(release, ask):
            yield rung.at


def place_of(past: Reminded) -> tuple[int, Awaited, str, int]:
    """Return what people were reminded of: the stage, the kind, the name and the number."""
    return past.stage, past.about, past.gate, past.number


def _earliest(release: Release) -> datetime:
    """Return a time before which nothing can be due."""
    plans = (release.runbook.reminders, *(gate.remind for gate in release.open_gates if gate.remind))
    # What is waited for may be older than the stage.
    since = [*(hold.at for hold in release.holds), *(it.at for it in release.leavers.values())]
    since += [it.since for said in release.reports.values() for it in said]
    since += [release.review.opened] if release.review else []
    since += [vote.at for vote in release.votes]
    return min((release.opened[release.stage], *since)) + min(plan.after for plan in plans)


def _asks(release: Release) -> Iterable[_Ask]:
    """Return what people are asked for who are not away."""
    plan = release.runbook.reminders
    for gate in release.open_gates:
        result = gate_result(release, gate, release.stage)
        # Who has not answered yet cannot help a gate that somebody has rejected.
        if result.status is GateStatus.WAITING and result.asked:
            people = reachable(release, result.asked)
            on = {person: at_gate_since(release, gate.name, person) for person in people}
            yield _Ask(about=Awaited.APPROVAL, name=gate.name, on=on, plan=gate.remind or plan)
    others: dict[tuple[Awaited, str, int], list[Waiting]] = {}
    held = release.holds and release.state is not State.ROLLING_BACK
    for waiting in waiting_on(release):
        if waiting.kind in REMINDED and not (waiting.kind in HELD and held) and not _has_its_time(waiting):
            others.setdefault((waiting.kind, waiting.name, number_of(waiting)), []).append(waiting)
    for (about, name, number), waits in others.items():
        asked = tuple(dict.fromkeys(person for waiting in waits for person in waiting.on))
        to = (_reporters if about is Awaited.CHECK else reachable)(release, asked)
        on = dict.fromkeys(to, asked_since(release, waits[0]))
        yield _Ask(about=about, name=name, number=number, on=on, plan=plan)


def _reporters(release: Release, people: tuple[UserId, ...]) -> tuple[UserId, ...]:
    """Return those who report a check and are not away, or who leads: a deputy may not report for them."""
    return not_away(release, people) or first_there(release, Circle.LEAD)


def number_of(waiting: Waiting) -> int:
    """Return the number of the hold that is asked about; two may have the same reason."""
    return waiting.count if waiting.kind in (Awaited.HOLD, Awaited.QUESTION) else 0


def _has_its_time(waiting: Waiting) -> bool:
    """Return whether it is a hold that was given a time, at which it is asked about."""
    return waiting.kind is Awaited.HOLD and waiting.until is not None


def at_gate_since(release: Release, gate: str, *people: UserId) -> datetime:
    """Return since when the first of some people is asked at a gate of the current stage.

    Each is asked anew once their own answer is over, and all are once a rejection is. It never goes back.
    """
    opened, place = release.opened[release.stage], (release.stage, gate)
    over = (no.ended.at for no in release.rejections if no.ended and (no.vote.stage, no.vote.gate) == place)
    own = min((release.unanswered.get((*place, person), opened) for person in people), default=opened)
    return max(opened, own, *over)


def asked_since(release: Release, waiting: Waiting) -> datetime:
    """Return since when people are asked for something else than approvals.

    About a hold they are since its time has come, or since it was said that it is still needed. What a hold
    kept from being done is asked anew once it is lifted.
    """
    since = [waiting.since]
    if waiting.kind is Awaited.QUESTION:
        since += [waiting.until] if waiting.until else []
    elif waiting.kind is Awaited.HOLD:
        since += [hold.kept for hold in release.holds if hold.number == waiting.count and hold.kept]
    elif waiting.kind in HELD:
        since += [hold.ended.at for hold in release.lifted if hold.ended]
    return max(since)


def _due(release: Release, ask: _Ask, now: datetime) -> Iterable[Reminded]:
    def reminded(count: int, people: Iterable[UserId], way: Way, helpers: Iterable[UserId] = ()) -> Reminded:
        return Reminded(
            at=now,
            by=ROLLCALL,
            stage=release.stage,
            gate=ask.name,
            count=count,
            people=tuple(people),
            way=way,
            helpers=tuple(helpers),
            about=ask.about,
            number=ask.number,
        )

    if due := _at_work_now(release, _private(release, ask), now):
        yield reminded(1, due, Way.PRIVATE)
    if rung := _rung(release, ask):
        people, helpers = (_at_work_now(release, those, now) for those in (rung.people, rung.helpers))
        if people or helpers:
            yield reminded(rung.count, people, rung.way, helpers)


def _private(release: Release, ask: _Ask) -> dict[UserId, datetime]:
    """Return when each of those asked is reminded privately next: again each morning."""
    past = _past(release, ask)
    times: dict[UserId, datetime] = {}
    for person, since in ask.on.items():
        told = [it.at for it in past if it.way is Way.PRIVATE and person in it.people and it.at >= since]
        if not told:
            times[person] = at_work(release, person, since + ask.plan.after)
        elif len(told) < ask.plan.limit:
            times[person] = _morning(release, person, told[-1])
    return times


def _rung(release: Release, ask: _Ask) -> _Rung | None:
    """Return the next step of the ladder, which begins once somebody was asked privately."""
    plan, past = ask.plan, _past(release, ask)
    # The first that each was reminded was private.
    first = {
        person: it.at
        for it in reversed(past)
        for person in it.people
        if person in ask.on and it.at >= ask.on[person]
    }
    public = [it for it in past if it.way is not Way.PRIVATE]
    count = len(public) + 2
    if not first or count > plan.limit:
        return None
    helpers = _backup(release, ask) if count == 3 else ()
    way = Way.THREAD if count == 2 else Way.BACKUP if helpers else Way.CHANNEL
    helpers = _lead(release, ask) if way is Way.CHANNEL else helpers
    last = (public or past)[-1 if public else 0].at
    # Who was asked privately only now, or has put it off, is given time, too, before all read the name.
    off = release.snoozed
    times = {person: max(last, first[person], off.get(person, last)) + plan.every for person in first}
    return _Rung(
        way=way,
        count=count,
        people={person: at_work(release, person, at) for person, at in times.items()},
        helpers={person: at_work(release, person, min(times.values())) for person in helpers},
    )


def _backup(release: Release, ask: _Ask) -> tuple[UserId, ...]:
    """Return the people of the backup role who are there, and not asked themselves."""
    people = release.members.get(ask.plan.backup, ()) if ask.plan.backup else ()
    return tuple(one for one in not_away(release, people) if one not in ask.on)


def _lead(release: Release, ask: _Ask) -> tuple[UserId, ...]:
    """Return the captain, or the deputy where the captain is asked, or not there."""
    leading = [one for one in (release.captain, release.deputy) if one and one not in ask.on]
    return not_away(release, there(release, leading))[:1]


def _at_work_now(release: Release, times: Mapping[UserId, datetime], now: datetime) -> tuple[UserId, ...]:
    """Return whose time has come: whose evening it is by now, is not woken by a mention."""
    come = (person for person, at in times.items() if at <= now)
    return tuple(person for person in come if at_work(release, person, now) <= now)


def _morning(release: Release, person: UserId, after: datetime) -> datetime:
    hours = release.hours.get(person)
    morning = hours.next_morning(after, release.runbook.holidays) if hours else after + DAY
    return at_work(release, person, morning)


def _past(release: Release, ask: _Ask) -> tuple[Reminded, ...]:
    """Return the reminders of a thing since it is asked for."""
    place = _place(release, ask)
    return tuple(it for it in release.reminders if place_of(it) == place and it.at >= ask.since)


def _place(release: Release, ask: _Ask) -> tuple[int, Awaited, str, int]:
    return release.stage, ask.about, ask.name, ask.number
