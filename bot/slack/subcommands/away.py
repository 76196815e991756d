"""`away` and `back`: name a deputy for a time, on all releases."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.release.people.absence import ComeBack, GoAway
from bot.release.refusal import Code, Refused
from bot.slack.desk import Call, Desk, Reply, mentioned
from bot.slack.forms.hold import span
from bot.slack.subcommands.subcommand import Subcommand
from bot.slack.writing.text import moment, person
from bot.slack.writing.words import refusal

HOW = Refused(
    code=Code.TIME_INVALID,
    because="Say who stands in for you, and until when.",
    instead="For example: away @bea 3d, or: away @bea until 2026-12-01",
)


async def away(desk: Desk, call: Call) -> Reply:
    """Name the deputy who was mentioned, until the time that was said."""
    deputy, rest = mentioned(call.raw)
    until = _until(rest, desk.clock.now(), (await desk.coordinator.hours_of(call.workspace, call.user)).zone)
    if deputy is None or until is None:
        return Reply(text=refusal(HOW))
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


def _until(text: str, now: datetime, zone: str) -> datetime | None:
    """Return the moment that was said: a span from now, or the end of a day where the person is."""
    word = text.removeprefix("until").strip()
    if (wait := span(word)) is not None:
        return now + wait
    try:
        day = date.fromisoformat(word) + timedelta(days=1)
    except ValueError:
        return None
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


AWAY = Subcommand(
    name="away",
    usage="away @deputy 3d",
    summary="let somebody answer for you, for a time or until a day",
    answer=away,
)
BACK = Subcommand(name="back", usage="back", summary="end that before its time", answer=back)
