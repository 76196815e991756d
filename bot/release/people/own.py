"""What people say of themselves, for all releases: each person has a chain of events of their own."""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from bot.release.people.absence import CameBackEarly, ComeBack, GoAway, WentAway
from bot.release.people.directory import Away, Own
from bot.release.people.own_hours import HoursSet, SetHours
from bot.release.telling.snooze import Snooze, Snoozed

OwnCommand = GoAway | ComeBack | SetHours | Snooze
OwnEvent = WentAway | CameBackEarly | HoursSet | Snoozed


def own_after(events: Iterable[OwnEvent]) -> Own:
    """Return what a person's events come to."""
    own = Own()
    for event in events:
        match event:
            case WentAway(deputy=deputy, until=until):
                own = replace(own, away=Away(deputy=deputy, until=until))
            case CameBackEarly():
                own = replace(own, away=None)
            case HoursSet(week=week):
                own = replace(own, week=week)
            case Snoozed(until=until):
                own = replace(own, snoozed=until)
            case _:
                assert_never(event)
    return own
