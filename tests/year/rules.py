"""What must hold of a year of reminders.

It is decided here anew, from the events, the posts and the runbooks as they are written down below, and by
none of Rollcall's own rules. Each function returns what is broken, a line each, and how often it has looked.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from bot.release.event import Event
from bot.release.gates.answers import Abstained, Answered, Approved, Rejected, Withdrawn
from bot.release.gates.settle import RejectionResolved
from bot.release.ids import ReleaseKey, UserId
from bot.release.stages.cancel import Cancelled
from bot.release.stages.stage import Completed, StageBegan, StageDone
from bot.release.stages.start import Started
from bot.release.telling.reminders import Reminded, Way
from bot.release.waiting import Awaited
from tests.year.cast import HOLIDAYS, MANY_GATES, Cast, Member, holidays_of, members_of
from tests.year.slack import DELETE, OPEN, POST, Sent
from tests.year.year import Played

MOST_A_DAY: Final = 4
GAP: Final = timedelta(hours=1)
QUARTER: Final = timedelta(minutes=15)
AT_ONCE: Final = timedelta(milliseconds=1)
HOUR: Final = timedelta(hours=1)

Seats = Mapping[str, int]
_QA, _GO = ("QA", HOUR, {"qa": 1}), ("Go or no-go", HOUR / 2, {"qa": 1, "security": 1})
_USUAL = ((_QA,), (_GO,))
GATES: Final[Mapping[str, Sequence[Sequence[tuple[str, timedelta, Seats]]]]] = {
    "checkout": _USUAL,
    "search": (tuple((name, after, {"qa": 1}) for name, after in MANY_GATES.items()), (_GO,)),
    "accounts": _USUAL,
    "mobile": ((("QA", HOUR * 3 / 4, {"qa": 1}),), (_GO,)),
    "payments": (
        (("QA", HOUR, {"qa": 2}), ("Security review", HOUR, {"security": 1})),
        (("Go", HOUR / 2, {"on-call": 1, "security": 1}),),
    ),
}
"""The gates of each stage of a service: the name, from when on people are reminded, and the seats."""


class Gate(NamedTuple):
    """A gate of a release."""

    stage: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is broken, and how often it was looked at whether it is."""

    broken: Sequence[str]
    looked: int


def at_work(one: Member, at: datetime, holidays: frozenset[date]) -> bool:
    """Whether it is between nine and six where somebody is, on a day of work."""
    local = at.astimezone(ZoneInfo(one.person.timezone))
    return local.weekday() < 5 and 9 <= local.hour < 18 and local.date() not in holidays


def in_their_hours(played: Played) -> Verdict:
    """No reminder comes outside of the hours of those whom it is for or names; no digest while they are out."""
    broken, looked = [], 0
    for post in posts(played):
        for one, holidays in _notified(played.people, post):
            looked += 1
            out = post.kind == "digest" and _is_out(one, post.posted)
            if out or not at_work(one, post.posted, holidays):
                local = post.posted.astimezone(ZoneInfo(one.person.timezone))
                broken.append(f"{post.owner} {post.slot}: {one.id} at {local:%a %F %T %z}")
    return Verdict(broken=broken, looked=looked)


def within_the_cap(played: Played) -> Verdict:
    """Nobody gets more than four digests on a day of theirs, nor two within an hour."""
    broken, times = [], _digests(played)
    for person, posted in times.items():
        zone = ZoneInfo(played.people[person].person.timezone)
        days = Counter(at.astimezone(zone).date() for at in posted)
        broken += [f"{person} on {day}: {many} digests" for day, many in days.items() if many > MOST_A_DAY]
        near = [(one, two) for one, two in pairwise(posted) if two - one < GAP]
        broken += [f"{person}: digests at {one:%F %T} and {two:%T}" for one, two in near]
    return Verdict(broken=broken, looked=sum(map(len, times.values())))


def none_missed(played: Played) -> Verdict:
    """Who is asked for long enough, and is at work, was reminded; it stands in the digest; Slack told of it."""
    digests, read = _digests(played), _Reading(played)
    broken: dict[tuple[ReleaseKey, Gate, UserId, str], str] = {}
    looked: set[tuple[ReleaseKey, Gate, UserId]] = set()
    for at, key, gate, person, reminded in _to_be_reminded(played):
        looked.add((key, gate, person))
        zone = ZoneInfo(played.people[person].person.timezone)
        what = f"{key} {gate.name}: {person}, at {at.astimezone(zone):%a %F %T %z},"
        if reminded is None or reminded > at + AT_ONCE:
            broken.setdefault((key, gate, person, "ledger"), f"{what} was not reminded")
            continue
        if f"|{key}>" not in read.text_of(person, at + AT_ONCE):
            broken.setdefault((key, gate, person, "digest"), f"{what} does not read it in the digest")
        posted = [it for it in digests[person] if it <= at + AT_ONCE]
        full = sum(_day(it, zone) == _day(at, zone) for it in posted) == MOST_A_DAY
        if at >= reminded + GAP and not full and not any(it >= reminded - AT_ONCE for it in posted):
            broken.setdefault((key, gate, person, "post"), f"{what} has had no digest since {reminded:%F %T}")
    return Verdict(broken=[*broken.values()], looked=len(looked))


def none_doubled(played: Played) -> Verdict:
    """Each message stands once at all times, one digest a person; each rung of a ladder is told once."""
    stands = Counter(played.standing)
    broken = [f"{owner} {slot} stands {many} times" for (owner, slot), many in stands.items() if many > 1]
    broken += _stood_twice(played)
    public = [*_public(played)]
    told, looked = Counter((key, slot) for key, slot in public), len(stands)
    shown = Counter((one.owner, one.slot) for one in posts(played) if one.kind == "reminder")
    for rung in {*told, *shown}:
        looked += 1
        if told[rung] != shown[rung]:
            broken.append(f"{rung}: {told[rung]} times in the ledger, {shown[rung]} times in Slack")
    for key, events in played.events.items():
        broken += _twice_a_day(played.people, key, events)
        broken += _twice_a_ladder(key, events)
    return Verdict(broken=broken, looked=looked)


def left_in_peace(played: Played) -> Verdict:
    """Nobody gets a digest who has put it off, nor is named in a thread or channel before it is over."""
    broken, looked = [], 0
    for post in posts(played):
        for one, _ in _notified(played.people, post):
            looked += 1
            if _has_put_off(played, one.id, post.posted):
                broken.append(f"{post.owner} {post.slot}: {one.id} at {post.posted:%F %T}")
    return Verdict(broken=broken, looked=looked)


def full_days(played: Played) -> int:
    """Return on how many days somebody got as many digests as there may be."""
    zones = {person: ZoneInfo(one.person.timezone) for person, one in played.people.items()}
    days = Counter((who, _day(at, zones[who])) for who, times in _digests(played).items() for at in times)
    return sum(many == MOST_A_DAY for many in days.values())


RULES: Final = (in_their_hours, within_the_cap, none_missed, none_doubled, left_in_peace)


def posts(played: Played) -> Iterator[Sent]:
    """Return the messages that were posted."""
    return (one for one in played.sent if one.method == POST)


def _notified(people: Cast, post: Sent) -> Iterator[tuple[Member, frozenset[date]]]:
    """Return whom a reminder notifies, each with the days on which it may not."""
    if post.kind == "digest":
        services = set(re.findall(r"\|([a-z]+)-[0-9]+>", post.text))
        # A day that is free for the people of one service need not be so for those of another.
        free = [holidays_of(service) for service in services] or [frozenset(HOLIDAYS)]
        yield people[UserId(post.owner.removeprefix("@"))], frozenset.intersection(*free)
    elif post.kind == "reminder":
        holidays = holidays_of(_service(post.owner))
        for person in sorted({*re.findall(r"<@(\w+)>", post.text)}):
            yield people[UserId(person)], holidays


def _is_out(one: Member, at: datetime) -> bool:
    """Whether somebody is out by their status in Slack, and so without a deputy."""
    absent = one.person.absent
    return absent is not None and one.deputy is None and absent[0] <= at < absent[1]


def _has_put_off(played: Played, person: UserId, at: datetime) -> bool:
    """Whether somebody does not want to be reminded at a moment, by their last word before it."""
    said = [one for one in played.snoozed.get(person, ()) if one.at < at]
    return bool(said) and at < said[-1].until


def _digests(played: Played) -> Mapping[UserId, Sequence[datetime]]:
    times: defaultdict[UserId, list[datetime]] = defaultdict(list)
    for post in posts(played):
        if post.kind == "digest":
            times[UserId(post.owner.removeprefix("@"))].append(post.posted)
    return times


def _service(key: str) -> str:
    return key.rpartition("-")[0]


def _public(played: Played) -> Iterator[tuple[str, str]]:
    """Return each reminder that is not private: its release, and the slot of its message."""
    for key, events in played.events.items():
        before: Counter[str] = Counter()
        for it in events:
            if isinstance(it, Reminded) and it.way is not Way.PRIVATE:
                slot = f"reminder:{it.stage}:{it.gate}:{it.count}"
                slot = slot if it.about is Awaited.APPROVAL else f"{slot}:{it.about}:{it.number}"
                before[slot] += 1
                # The ladder may begin again, and then its rungs are messages of their own.
                yield key, slot if before[slot] == 1 else f"{slot}:{before[slot]}"


def _twice_a_ladder(key: ReleaseKey, events: Sequence[Event]) -> Iterator[str]:
    """Return the rungs of a gate that were told again though nobody was asked anew there."""
    told: set[tuple[Gate, int]] = set()
    for it, anew in _asked_anew(events):
        if isinstance(it, Reminded) and it.about is Awaited.APPROVAL and it.way is not Way.PRIVATE:
            rung = Gate(it.stage, it.gate), it.count
            if rung in told:
                yield f"{key} {it.gate}: rung {it.count} again at {it.at:%F %T}"
            told.add(rung)
        if anew:
            told = {rung for rung in told if rung[0] != anew[0]}


def _asked_anew(events: Sequence[Event]) -> Iterator[tuple[Event, tuple[Gate, UserId | None] | None]]:
    """Return each event with the gate at which it makes somebody be asked anew, and whom; None for all."""
    against: set[tuple[Gate, UserId]] = set()
    for it in events:
        anew: tuple[Gate, UserId | None] | None = None
        match it:
            case Answered() | Withdrawn():
                gate = Gate(it.stage, it.gate)
                if (gate, it.by) in against:
                    anew = gate, None
                elif isinstance(it, Withdrawn):
                    anew = gate, it.by
                against.discard((gate, it.by))
                if isinstance(it, Rejected):
                    against.add((gate, it.by))
            case RejectionResolved():
                anew = Gate(it.stage, it.gate), None
                against.discard((anew[0], it.person))
            case _:
                pass
        yield it, anew


def _stood_twice(played: Played) -> Iterator[str]:
    there: set[tuple[str, str]] = set()
    for _, turn in groupby(played.sent, key=lambda one: one.turn):
        touched: set[str] = set()
        for one in turn:
            if one.method == POST:
                if (one.owner, one.slot) in there:
                    yield f"{one.owner} {one.slot} was posted while it stood, at {one.at:%F %T}"
                there.add((one.owner, one.slot))
            elif one.method == DELETE:
                there.discard((one.owner, one.slot))
            if one.kind == "digest":
                touched.add(one.owner)
        for owner in touched:
            if (mine := sum(owner == other for other, _ in there)) > 1:
                yield f"{owner} has {mine} digests at {one.at:%F %T}"


def _twice_a_day(people: Cast, key: ReleaseKey, events: Sequence[Event]) -> Iterator[str]:
    """Return who was reminded privately of one thing twice on one day of theirs, without being asked anew."""
    last: dict[tuple[Gate, UserId], datetime] = {}
    for it, anew in _asked_anew(events):
        if anew:
            last = {at: told for at, told in last.items() if at[0] != anew[0] or anew[1] not in (None, at[1])}
        for gate, person in _reminded(it):
            told, zone = last.get((gate, person)), ZoneInfo(people[person].person.timezone)
            if told and _day(told, zone) == _day(it.at, zone):
                yield f"{key} {gate.name}: {person} reminded at {told:%F %T} and {it.at:%T}"
            last[gate, person] = it.at


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


class _Reading:
    """What each person's digest says at a moment; moments may be asked for in any order."""

    def __init__(self, played: Played) -> None:
        self._told: defaultdict[UserId, list[Sent]] = defaultdict(list)
        for one in played.sent:
            if one.kind == "digest" and one.method not in (DELETE, OPEN):
                self._told[UserId(one.owner.removeprefix("@"))].append(one)

    def text_of(self, person: UserId, at: datetime) -> str:
        # The newest message is the last that is written; the one before it is deleted after.
        texts = [one.text for one in self._told[person] if one.at <= at]
        return texts[-1] if texts else ""


@dataclass(slots=True)
class _History:
    """A release as its events tell it, as far as it says who is asked."""

    people: Cast
    service: str
    starter: UserId
    opened: datetime
    stage: int = 0
    waits: bool = True
    approved: defaultdict[Gate, dict[UserId, frozenset[str]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    silent: defaultdict[Gate, set[UserId]] = field(default_factory=lambda: defaultdict(set))
    against: defaultdict[Gate, set[UserId]] = field(default_factory=lambda: defaultdict(set))
    reminded: dict[tuple[Gate, UserId], datetime] = field(default_factory=dict)
    anew: dict[tuple[Gate, UserId], datetime] = field(default_factory=dict)
    over: dict[Gate, datetime] = field(default_factory=dict)

    def take(self, it: Event) -> None:
        match it:
            case Approved() | Rejected() | Abstained():
                self._said(it)
            case Withdrawn():
                self._ends(Gate(it.stage, it.gate), it.by, it.at)
            case RejectionResolved():
                self._ends(Gate(it.stage, it.gate), it.person, it.at)
            case StageBegan() | Cancelled() | Completed():
                self.waits = False
            case StageDone():
                self.stage, self.opened, self.waits = self.stage + 1, it.at, True
            case Reminded():
                for gate, person in _reminded(it):
                    if self.reminded_of(gate, person) is None:
                        self.reminded[gate, person] = it.at
            case _:
                pass

    def asked(self, at: datetime) -> Iterator[tuple[Gate, UserId]]:
        """Return who is asked at which gate for so long that they are to be reminded."""
        for name, after, seats in GATES[self.service][self.stage] if self.waits else ():
            gate = Gate(self.stage, name)
            if not self.against[gate]:
                for role, many in seats.items():
                    if sum(role in roles for roles in self.approved[gate].values()) < many:
                        able = (one for one in self._of(role) if self._can_answer(gate, one, at))
                        yield from ((gate, one) for one in able if self._since(gate, one) + after <= at)

    def _of(self, role: str) -> tuple[UserId, ...]:
        return members_of(self.people, role if role == "security" else f"{self.service}-{role}")

    def _can_answer(self, gate: Gate, one: UserId, at: datetime) -> bool:
        voted = {*self.approved[gate], *self.silent[gate]}
        deputy, absent = self.people[one].deputy, self.people[one].person.absent
        away = deputy is not None and absent is not None and absent[0] <= at < absent[1]
        return not away and one != self.starter and one not in voted and deputy not in voted

    def _said(self, it: Approved | Rejected | Abstained) -> None:
        gate = Gate(it.stage, it.gate)
        if it.by in self.against[gate]:
            self.over[gate] = it.at
        self._forget(gate, it.by)
        if isinstance(it, Approved):
            self.approved[gate][it.by] = self._roles(it.by, it.at)
        else:
            (self.against if isinstance(it, Rejected) else self.silent)[gate].add(it.by)

    def _roles(self, one: UserId, at: datetime) -> frozenset[str]:
        """Return the roles of a person, and of those who are away and have named them as deputy."""
        ours = {"qa", "security", "on-call"}
        stands_for = {one}
        for other in self.people.values():
            absent = other.person.absent
            if other.deputy == one and absent is not None and absent[0] <= at < absent[1]:
                stands_for.add(other.id)
        return frozenset(role for role in ours if stands_for & {*self._of(role)})

    def reminded_of(self, gate: Gate, one: UserId) -> datetime | None:
        """Return when somebody was reminded first of what they are asked."""
        told = self.reminded.get((gate, one))
        return told if told and told > self._since(gate, one) else None

    def _since(self, gate: Gate, one: UserId) -> datetime:
        """Since when somebody is asked: anew once their own answer, or anybody's rejection, is over."""
        opened = self.opened
        return max(opened, self.anew.get((gate, one), opened), self.over.get(gate, opened))

    def _ends(self, gate: Gate, one: UserId, at: datetime) -> None:
        if one in self.against[gate]:
            self.over[gate] = at
        self.anew[gate, one] = at
        self._forget(gate, one)

    def _forget(self, gate: Gate, one: UserId) -> None:
        self.approved[gate].pop(one, None)
        self.silent[gate].discard(one)
        self.against[gate].discard(one)


def _to_be_reminded(
    played: Played,
) -> Iterator[tuple[datetime, ReleaseKey, Gate, UserId, datetime | None]]:
    """Go through the year by quarters of an hour: who must have been reminded by then of what, and was when."""
    for key, events in played.events.items():
        started, service = events[0], _service(key)
        assert isinstance(started, Started)
        history = _History(played.people, service, started.by, started.at)
        ahead, at = [*events[1:]][::-1], started.at.replace(minute=0, second=0, microsecond=0)
        while (history.waits or ahead) and (at := at + QUARTER) < played.ends:
            while ahead and ahead[-1].at <= at:
                history.take(ahead.pop())
            asked = [*history.asked(at)]
            # A reminder of this very moment comes a little later.
            soon = {place: it.at for it in ahead if it.at <= at + AT_ONCE for place in _reminded(it)}
            for gate, person in asked:
                one = played.people[person]
                off = _has_put_off(played, person, at) or _is_out(one, at)
                if at_work(one, at, holidays_of(service)) and not off:
                    reminded = history.reminded_of(gate, person) or soon.get((gate, person))
                    yield at, key, gate, person, reminded


def _reminded(it: Event) -> Iterator[tuple[Gate, UserId]]:
    """Return who was reminded privately of which gate."""
    if isinstance(it, Reminded) and (it.way, it.about) == (Way.PRIVATE, Awaited.APPROVAL):
        yield from ((Gate(it.stage, it.gate), person) for person in it.people)
