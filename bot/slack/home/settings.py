"""What a person has set for themselves, and can change from the Home tab."""

from collections.abc import Iterable
from datetime import datetime

from bot.release.ids import UserId
from bot.release.people.directory import Directory
from bot.slack.buttons import NO_RELEASE, Action
from bot.slack.writing.blocks import Block, actions, button, header, section
from bot.slack.writing.hours import reminded
from bot.slack.writing.text import moment, people, person


def settings(me: UserId, directory: Directory, now: datetime) -> Iterable[Block]:
    """Return the settings of a person, each with the way to change it."""
    yield header("Your settings")
    yield section(_stand_ins(me, directory, now))
    away = me in directory.deputies(now)
    value = NO_RELEASE.value()
    change = button("Change…" if away else "Name a deputy…", Action.AWAY_FORM, value, label="Name a deputy")
    back = button("I am back", Action.COME_BACK, value, label="I am back: ask me myself again")
    yield actions([change, back] if away else [change])
    yield section(reminded(directory.hours_of(me)))
    yield actions([button("Change…", Action.HOURS_FORM, value, label="Change your working hours")])


def _stand_ins(me: UserId, directory: Directory, now: datetime) -> str:
    deputies = directory.deputies(now)
    mine = deputies.get(me)
    lines = [
        f"{person(mine.deputy)} stands in for you until {moment(mine.until)}."
        if mine
        else "Nobody stands in for you. When you are away, a deputy can answer in your stead."
    ]
    if others := sorted(one for one, away in deputies.items() if away.deputy == me):
        lines.append(f"You stand in for {people(others, 'and')}.")
    return "\n".join(lines)
