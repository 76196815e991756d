"""Where a played release waited, for how much of it nobody was at work, and where it stalled."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar

from bot.release.ids import UserId
from bot.release.release import Release
from bot.release.waiting import Awaited, Waiting
from bot.simulate.people import People
from bot.simulate.play import Play, able, of_a_check, play

T = TypeVar("T")
NOTHING: Final = timedelta()
LONG: Final = timedelta(hours=1)
"""For so long, nobody being at work is worth a word; and somebody being there, that they were."""
PLACES: Final[Mapping[Awaited, str]] = {
    Awaited.APPROVAL: "gate {}",
    Awaited.PEOPLE: "gate {}",
    Awaited.REJECTION: "gate {}",
    Awaited.CHECK: "check {}",
    Awaited.READING: "check {}",
    Awaited.SOAK: "check {}",
    Awaited.GO: "the go",
    Awaited.STEP: "step “{}”",
    Awaited.RUN: "step “{}”",
    Awaited.HELD_UP: "step “{}”",
    Awaited.CHOICE: "step “{}”",
    Awaited.HOLD: "hold “{}”",
    Awaited.QUESTION: "hold “{}”",
}
"""What a release waits at; what is not here does not keep it back."""


class Cause(StrEnum):
    """Why a release stalled."""

    TOO_FEW = "too few people"
    UNREPORTED = "nobody reports it"
    REJECTED = "it stands rejected"
    HELD = "it is held"
    ASLEEP = "nobody at work"
    UNANSWERED = "no answer in time"


class Place(NamedTuple):
    """A gate, check or step of a stage."""

    stage: str
    what: str

    def __str__(self) -> str:
        return f"{self.stage}: {self.what}"


@dataclass(slots=True)
class Wait:
    """How long a release waited at a place, and for how much of that nobody it needed there was at work."""

    lasted: timedelta = NOTHING
    asleep: timedelta = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """What still kept a release when its days were over, and why."""

    place: Place
    cause: Cause
    waiting: Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What many plays come to; of the times, those within which half and nine in ten were completed.

    A play that stalled counts as longer than all others, and None stands for its time.
    """

    runs: int
    completed: int
    times: tuple[timedelta | None, timedelta | None]
    stalls: tuple[tuple[Place, Cause, int], ...]
    waits: Mapping[Place, tuple[timedelta, timedelta]]


def waits(played: Play) -> Mapping[Place, Wait]:
    """Return how long a release waited at each place, in the order in which it came to them."""
    found: dict[Place, Wait] = {}
    ends = [*(turn.at for turn in played.turns[1:]), played.until]
    for turn, end in zip(played.turns, ends, strict=False):
        sleep: dict[Place, timedelta] = {}
        for waiting in turn.waiting:
            if place := _place(turn.release, waiting):
                people = able(turn.release, waiting)
                nobody = asleep(played.plan.people, people, turn.at, end) if people else NOTHING
                sleep[place] = max(nobody, sleep.get(place, NOTHING))
        for place, nobody in sleep.items():
            wait = found.setdefault(place, Wait())
            wait.lasted += end - turn.at
            wait.asleep += nobody
    return found


def asleep(people: People, among: Iterable[UserId], begin: datetime, end: datetime) -> timedelta:
    """Return for how long, between two moments, none of some people is at work."""
    some, at, total = [people.people[person] for person in among], begin, NOTHING
    while at < end:
        begins, ends = min(one.shift(at) for one in some)
        total += min(begins, end) - at
        at = ends
    return total


def stalls(played: Play) -> tuple[Stall, ...]:
    """Return what still keeps a release that has not come to its end."""
    if not played.turns or played.took is not None:
        return ()
    last = played.turns[-1]
    return tuple(
        Stall(place=place, cause=cause, waiting=waiting)
        for waiting in last.waiting
        if (place := _place(last.release, waiting))
        if (cause := _cause(played, waiting))
    )


def _cause(played: Play, waiting: Waiting) -> Cause | None:
    """Return why nothing came of it; None for what something else keeps back."""
    release = played.turns[-1].release
    people = able(release, waiting)
    match waiting.kind:
        case Awaited.PEOPLE:
            return Cause.UNREPORTED if of_a_check(release, waiting) else Cause.TOO_FEW
        case Awaited.REJECTION:
            return Cause.REJECTED
        case Awaited.HOLD | Awaited.QUESTION:
            return Cause.HELD
        case _:
            pass
    if not people:
        return None
    team, until = played.plan.people, played.until
    awake = until - waiting.since - asleep(team, people, waiting.since, until)
    # Who was there for less than half of their answers take has had no time for it, and was not slow.
    soonest = min(team.people[person].answers.median for person in people)
    return Cause.ASLEEP if awake < min(soonest, LONG) else Cause.UNANSWERED


def better(played: Play) -> Play | None:
    """Return the same release, started when its starter's work begins next, if that takes less time."""
    plan = played.plan
    starter = plan.people.people[plan.people.starter]
    begins, ends = starter.shift(plan.at)
    other = play(replace(plan, at=begins if begins > plan.at else starter.shift(ends)[0]))
    if other.took is None or (played.took is not None and played.took <= other.took):
        return None
    return other


def outlook(plays: Sequence[Play]) -> Outlook:
    """Return what many plays of one release come to."""
    times = sorted(one.took for one in plays if one.took is not None)
    stalled = Counter(where for one in plays for where in {(s.place, s.cause) for s in stalls(one)})
    spent: dict[Place, list[timedelta]] = {}
    for one in plays:
        for place, wait in waits(one).items():
            spent.setdefault(place, []).append(wait.lasted)
    never: list[timedelta | None] = [None] * (len(plays) - len(times))
    return Outlook(
        runs=len(plays),
        completed=len(times),
        times=(rank([*times, *never], 50), rank([*times, *never], 90)),
        stalls=tuple((*where, n) for where, n in sorted(stalled.items(), key=lambda one: (-one[1], one[0]))),
        waits={place: (rank(sorted(those), 50), rank(sorted(those), 90)) for place, those in spent.items()},
    )


def rank(ordered: Sequence[T], percent: int) -> T:
    """Return the first value that so many percent of all do not exceed: the nearest rank."""
    return ordered[-(-percent * len(ordered) // 100) - 1]


def _place(release: Release, waiting: Waiting) -> Place | None:
    at_check = waiting.kind is Awaited.PEOPLE and of_a_check(release, waiting)
    form = PLACES.get(Awaited.CHECK if at_check else waiting.kind)
    return Place(release.current.name, form.format(waiting.name)) if form else None
