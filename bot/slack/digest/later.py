"""The buttons that put off everything that waits for a person, and until when each does."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.release.people.hours import Hours
from bot.release.telling.snooze import LONGEST
from bot.slack.buttons import NO_RELEASE, Action
from bot.slack.writing.blocks import Block, actions, button

LATER: Final[Mapping[Action, tuple[str, Callable[[Hours, datetime], datetime]]]] = {
    Action.REMIND_IN_AN_HOUR: ("In an hour", lambda _, now: now + timedelta(hours=1)),
    Action.REMIND_IN_FOUR_HOURS: ("In four hours", lambda _, now: now + timedelta(hours=4)),
    Action.REMIND_TOMORROW: (
        "In the morning",
        lambda hours, now: min(hours.next_morning(now), now + LONGEST),
    ),
}
"""The buttons that put off, with what is on them and until when they do."""


def later_buttons() -> Block:
    """Return the row with which a person puts off all that the digest says."""
    value = NO_RELEASE.value()
    return actions(
        [
            button(text, action, value, label=f"Remind me again {text.lower()}")
            for action, (text, _) in LATER.items()
        ]
    )
