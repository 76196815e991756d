"""`away` and `back`: name a deputy for a time, on all releases."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.release.ids import UserId
from bot.release.people.absence import ComeBack, GoAway
from bot.release.refusal import Refused
from bot.slack.desk import Call, Desk, Reply, mentioned
from bot.slack.forms.hold import span
from bot.slack.subcommands.subcommand import Subcommand
from bot.slack.writing.text import escape, moment, person, shorten
from bot.slack.writing.words import refusal

NO_DEPUTY: Final = "@somebody"
LONGEST_WORDS: Final = 60
A_WEEK: Final = timedelta(days=7)


async def away(desk: Desk, call: Call) -> Reply:
    """Name the deputy who was mentioned, until the time that was said."""
    deputy, rest = mentioned(call.raw)
    now, hours = desk.clock.now(), await desk.coordinator.hours_of(call.workspace, call.user)
    until = _until(rest, now, hours.zone)
    if deputy is None or until is None:
        return Reply(text=f"{_not_understood(call.user, deputy, rest)} {_example(desk, call.user, deputy)}")
    noted = await desk.note(GoAway(workspace=call.workspace, by=call.user, deputy=deputy, until=until))
    if isinstance(noted, Refused):
        return Reply(text=refusal(noted))
    return Reply(
        text=f"{person(deputy)} stands in for you until {moment(until)}. `{desk.command} back` ends it."
    )


async def back(desk: Desk, call: Call) -> Reply:
    """End one's absence."""
    noted = await desk.note(ComeBack(workspace=call.workspace, by=call.user))
    if isinstance(noted, Refused):
        return Reply(text=refusal(noted))
    return Reply(text="Welcome back. You are asked yourself again.")


def _not_understood(me: UserId, deputy: UserId | None, rest: str) -> str:
    """Return what of it was left out, or could not be read."""
    if deputy == me:
        return "You cannot stand in for yourself. Name somebody else."
    if deputy is None and rest.startswith("@"):
        return (
            f"I know nobody here who is called {_shown(rest.split()[0])}. Choose them from what Slack offers."
        )
    if deputy is None:
        return f"Say who stands in for you{'' if rest else ', and until when'}. Mention them with an @."
    if not rest:
        return f"Say until when {person(deputy)} stands in for you."
    return f"I cannot read “{_shown(rest)}” as for how long, or until which day."


def _example(desk: Desk, me: UserId, deputy: UserId | None) -> str:
    """Return how it is written, with the deputy who was mentioned, and never with the caller as their own."""
    whom = NO_DEPUTY if deputy in (None, me) else person(deputy)
    day = (desk.clock.now() + A_WEEK).date()
    return f"For example: {desk.command} away {whom} 3d, or: {desk.command} away {whom} until {day}"


def _shown(words: str) -> str:
    return escape(shorten(words, LONGEST_WORDS))


def _until(text: str, now: datetime, zone: str) -> datetime | None:
    """Return the moment that was said: a span from now, or the end of a day where the person is."""
    word = text.lower().removeprefix("until").strip()
    if (wait := span(word)) is not None:
        return now + wait
    try:
        day = date.fromisoformat(word.upper()) + timedelta(days=1)
        return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        # It is beyond all calendars, and so no time that is still to come and near enough.
        return now
    except ValueError:
        return None


AWAY = Subcommand(
    name="away",
    usage="away @deputy 3d",
    summary="let somebody answer for you, for a time or until a day",
    answer=away,
)
BACK = Subcommand(name="back", usage="back", summary="end that before its time", answer=back)
