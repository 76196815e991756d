"""What a year costs in Slack: Rollcall, a naive bot in the same year, and the least that there could be."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, NamedTuple

from bot.release.decide import fold
from bot.release.event import Event
from bot.release.gates.answers import Answered, Withdrawn
from bot.release.ids import ROLLCALL, UserId
from bot.release.people.roles import MembersRead
from bot.release.release import Release
from bot.release.telling.reminders import HELD, REMINDED, Reminded, RemindersPostponed
from bot.release.telling.snooze import SnoozesRead
from bot.release.telling.summary import Summarized
from bot.release.waiting import Awaited, waiting_on
from bot.runbook.gates.gate import Reminders
from tests.year.slack import DELETE, OPEN, POST, UPDATE, Place, Sent
from tests.year.year import Played

TOGETHER: Final = timedelta(seconds=3)
"""Acts on one release that come within this time could be shown by one call."""
OWN: Final = (MembersRead, Reminded, RemindersPostponed, SnoozesRead, Summarized)
"""Events of Rollcall's own way of reminding and summing up, of which a naive bot knows nothing."""
_REMINDED: Final = REMINDED | {Awaited.APPROVAL}
MENTION: Final = re.compile(r"<@\w+>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """How often a bot called Slack in a year, and how many notices its posts were: one for each person named."""

    posts: int = 0
    updates: int = 0
    deletes: int = 0
    opens: int = 0
    notices: int = 0

    @property
    def calls(self) -> int:
        """All of them."""
        return self.posts + self.updates + self.deletes + self.opens


class Asked(NamedTuple):
    """One thing that is asked of one person."""

    stage: int
    kind: Awaited
    name: str
    person: UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Nag:
    """Private reminders and reminders in a thread alone: the posts, and the people whom they notify."""

    posts: int
    notices: int


def acts_of(played: Played) -> int:
    """Return how often a person did something to a release; what one act brings about counts once."""
    return sum(len(_acts(events)) for events in played.events.values())


def bursts_of(played: Played) -> int:
    """Return the same, where acts on one release within three seconds of the first count once."""
    many = 0
    for events in played.events.values():
        last: datetime | None = None
        for at in _acts(events):
            if last is None or at - last > TOGETHER:
                many, last = many + 1, at
    return many


def decisions_of(played: Played) -> int:
    """Return how often somebody approved, rejected, abstained, or took an answer back."""
    return sum(isinstance(it, Answered | Withdrawn) for events in played.events.values() for it in events)


def rollcall(played: Played) -> Cost:
    """Return what Rollcall did."""
    return _cost(played.sent)


def rollcall_for_acts(played: Played) -> Cost:
    """Return what Rollcall did of that in the turns in which a person did something."""
    return _cost([one for one in played.sent if one.turn in played.by_people])


def by_kind(played: Played) -> Iterator[tuple[str, Cost, int]]:
    """Return the same by the kind of the message, the most first, with the calls that no act brought about."""
    kinds: defaultdict[str, list[Sent]] = defaultdict(list)
    for one in played.sent:
        if one.method != OPEN:
            kinds[one.kind].append(one)
    for kind, sent in sorted(kinds.items(), key=lambda pair: -len(pair[1])):
        yield kind, _cost(sent), sum(one.turn not in played.by_people for one in sent)


def _cost(sent: Sequence[Sent]) -> Cost:
    methods = Counter(one.method for one in sent)
    posts = [one for one in sent if one.method == POST]
    return Cost(
        posts=methods[POST],
        updates=methods[UPDATE],
        deletes=methods[DELETE],
        opens=methods[OPEN],
        notices=sum(map(_notices, posts)),
    )


def nags_of_rollcall(played: Played) -> Nag:
    """Return the reminders of Rollcall."""
    nags = [one for one in played.sent if one.method == POST and one.kind in ("digest", "reminder")]
    return Nag(posts=len(nags), notices=sum(map(_notices, nags)))


def needed(played: Played) -> int:
    """Return how many messages had to differ, turn by turn: any bot that shows these needs as many calls.

    A message had to if it stands at the end of a turn as it did not at the beginning.
    """
    shown: dict[Place, str] = {}
    many = 0
    for turn in _turns(played):
        then = {one.place: one.content for one in turn if one.method != OPEN}
        many += sum(shown.get(place, "") != content for place, content in then.items())
        shown |= then
    return many


def needless(played: Played) -> Iterator[Sent]:
    """Return the calls that changed nothing, or that another of the same turn made over."""
    shown: dict[Place, str] = {}
    for turn in _turns(played):
        last = {one.place: one for one in turn}
        for one in turn:
            if one.method == UPDATE and (shown.get(one.place) == one.content or last[one.place] is not one):
                yield one
            shown[one.place] = one.content


def naive(played: Played) -> tuple[Cost, Cost, Nag]:
    """Play a naive bot over the same events: return what it did, what of that because of acts, and its reminders.

    It posts a message for each event, and updates the card on each but the first, whose message the card is;
    a message names those who are asked anew since the one before, and nobody else. It reminds each who is
    asked for something in a direct message about that alone, as soon as the runbook says and again each
    `every`, around the clock, until they have done it or are asked no more. It knows no digest, no ladder and
    no limit, and it posts no summaries.
    """
    posts = updates = notices = nags = 0
    people: set[UserId] = set()
    for events in played.events.values():
        release: Release | None = None
        asked_before: set[Asked] = set()
        for it in events:
            release = fold((it,), release)
            if isinstance(it, OWN):
                continue
            posts += 1
            updates += release.seq > 1
            asked = {*_asked(release)}
            notices += len({one.person for one in asked - asked_before})
            asked_before = asked
        for person, many in _private_nags(events, played.ends):
            people.add(person)
            nags += many
    for_acts = Cost(posts=posts, updates=updates, notices=notices)
    whole = Cost(posts=posts + nags, updates=updates, opens=len(people), notices=notices + nags)
    return whole, for_acts, Nag(posts=nags, notices=nags)


def _private_nags(events: Sequence[Event], ends: datetime) -> Iterator[tuple[UserId, int]]:
    """Return whom a naive bot reminds of each thing, and how often."""
    begun: dict[Asked, tuple[datetime, Reminders]] = {}
    release: Release | None = None
    for it in events:
        release = fold((it,), release)
        asked = {*_asked(release)}
        for over in begun.keys() - asked:
            yield over.person, _ticks(*begun.pop(over), it.at)
        for one in asked - begun.keys():
            begun[one] = it.at, _plan(release, one)
    for one, since in begun.items():
        yield one.person, _ticks(*since, ends)


def _ticks(since: datetime, plan: Reminders, until: datetime) -> int:
    first = since + plan.after
    return 0 if first > until else (until - first) // plan.every + 1


def _asked(release: Release) -> Iterator[Asked]:
    """Return who is asked for what: the same things of which Rollcall reminds people."""
    if release.state.ended:
        return
    for waiting in waiting_on(release):
        if waiting.kind in _REMINDED and not (waiting.kind in HELD and release.holds):
            for person in waiting.on:
                if person not in release.deputies:
                    yield Asked(release.stage, waiting.kind, waiting.name, person)


def _plan(release: Release, asked: Asked) -> Reminders:
    gate = release.gate(asked.stage, asked.name) if asked.kind is Awaited.APPROVAL else None
    return (gate.remind if gate else None) or release.runbook.reminders


def _acts(events: Iterable[Event]) -> Sequence[datetime]:
    return [*dict.fromkeys(it.at for it in events if it.by != ROLLCALL)]


def _notices(one: Sent) -> int:
    if one.kind == "digest":
        return 1
    return len({*MENTION.findall(one.text)})


def _turns(played: Played) -> Iterator[Sequence[Sent]]:
    for _, turn in groupby(played.sent, key=lambda one: one.turn):
        yield [*turn]
