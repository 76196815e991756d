"""`rollcall doctor`: what stands in Rollcall's way, looked at beforehand, each with what to do about it."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final, TextIO

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock
from bot.ledger.database import Database
from bot.ledger.ledger import Ledger
from bot.ledger.progress import tellings
from bot.ledger.progress.tellings import Trouble
from bot.ledger.reader import Reader
from bot.ledger.schema import UnusableDatabase, missing_migrations
from bot.pipelines.commands.commands import cannot_write
from bot.release.ids import ChannelId, WorkspaceId
from bot.runbook.problems import RunbookError
from bot.settings import Settings
from bot.slack.connection.connect import CALL_TIMEOUT, web_client
from bot.slack.errors import REFUSED, error_of
from bot.slack.manifest import SCOPES
from bot.slack.people.directory import SlackDirectory
from bot.sources.people import PeopleFile
from bot.subscribers.file import Unusable, read_subscribers

FARTHEST: Final = timedelta(minutes=1)
"""How far apart the clocks may be. Slack's requests are refused when they are five minutes off."""
MOST: Final = 500
"""Open releases whose channels are looked at."""
INVITE: Final = "Type `/invite @Rollcall` in it."
UNREAD: Final = (
    "Where nobody can tell whether a message is there, a reminder is not sent again, and everything else is,"
    " so that it may stand twice."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, whether it is well, and what to do where it is not."""

    well: bool
    text: str


def doctor(settings: Settings, clock: Clock, out: TextIO) -> int:
    """Look at everything, write a line for each, and return 1 when something is not well, else 0."""
    findings = asyncio.run(_all(settings, clock))
    for one in findings:
        print(f"{'well ' if one.well else 'wrong'}  {one.text}", file=out)
    return 0 if all(one.well for one in findings) else 1


async def _all(settings: Settings, clock: Clock) -> Sequence[Finding]:
    async with aiohttp.ClientSession(timeout=CALL_TIMEOUT) as session:
        client = web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, session)
        ledger, usable = await asyncio.to_thread(_ledger, settings.database_url)
        slack = [one async for one in _slack(client, settings, clock, usable)]
        told = [*_subscribers(settings), *(await _deliveries(settings, clock) if usable else ())]
        return [ledger, *told, *_runs(settings), *slack]


def _ledger(url: str) -> tuple[Finding, bool]:
    try:
        missing = missing_migrations(url)
    except UnusableDatabase as fault:
        return Finding(False, str(fault)), False
    if missing:
        return Finding(True, f"The database lacks {missing} migrations. The next start applies them."), False
    return Finding(True, "The database has the schema of this version."), True


def _runs(settings: Settings) -> Iterator[Finding]:
    """Look whether what commands say can be kept, where some are allowed."""
    if settings.rollcall_commands is None:
        return
    folder = settings.rollcall_runs.absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            yield Finding(True, "The folder of runs can be written to.")
    except OSError as fault:
        yield Finding(False, cannot_write(folder, fault))


def _subscribers(settings: Settings) -> Iterable[Finding]:
    if settings.rollcall_subscribers is None:
        return
    try:
        found = read_subscribers(settings.rollcall_subscribers, os.environ)
    except Unusable as trouble:
        yield Finding(False, f"ROLLCALL_SUBSCRIBERS cannot be used. {trouble}")
        return
    names = ", ".join(one.name for one in found) or "nobody"
    yield Finding(True, f"Told of events: {names}.")


async def _deliveries(settings: Settings, clock: Clock) -> Sequence[Finding]:
    database = Database(settings.database_url)
    try:
        troubles = await database.read(lambda c: tellings.lasting_trouble(c, clock.now()))
    finally:
        await asyncio.to_thread(database.close)
    return [Finding(False, _not_taken(one)) for one in troubles]


def _not_taken(one: Trouble) -> str:
    since = f"since {one.since:%Y-%m-%d %H:%M} UTC"
    if one.stopped:
        why = one.stopped.rstrip(".")
        return f"{one.name} is sent no events {since}. {why}. Have it go on at /deliveries."
    releases = "a release" if one.releases == 1 else f"{one.releases} releases"
    given_up = f"; {one.given_up} given up" if one.given_up else ""
    return f"{one.name} does not take the events of {releases} {since}{given_up}. Look at /deliveries."


async def _slack(
    client: AsyncWebClient, settings: Settings, clock: Clock, usable: bool
) -> AsyncIterator[Finding]:
    before = clock.now()
    try:
        answer = await client.auth_test()
    except SlackApiError as fault:
        advice = "Set SLACK_BOT_TOKEN anew." if error_of(fault) in REFUSED else "Try again in a moment."
        yield Finding(False, f"Slack answers {error_of(fault)}. {advice}")
        return
    except (aiohttp.ClientError, TimeoutError) as fault:
        yield Finding(False, f"Slack is not reached: {fault!r}. Look at the network, and at SLACK_API_URL.")
        return
    yield Finding(True, f"The token is accepted, by {answer['team']} as @{answer['user']}.")
    yield _scopes(answer.headers)
    yield _clocks(answer.headers, before, clock.now())
    workspace = WorkspaceId(str(answer["team_id"]))
    if settings.rollcall_authors:
        for finding in await _authors(settings.rollcall_authors, SlackDirectory(client, workspace, clock)):
            yield finding
    for channel in await _channels(settings, workspace) if usable else ():
        yield await _channel(client, channel)


def _scopes(headers: Mapping[str, str]) -> Finding:
    granted = {scope.strip() for scope in headers.get("X-OAuth-Scopes", "").split(",")}
    if missing := [scope for scope in SCOPES if scope not in granted]:
        advice = "Paste what `rollcall manifest` prints into the app's page, and install it again."
        return Finding(False, f"Scopes are missing: {', '.join(missing)}. {advice}")
    return Finding(True, "All scopes of the manifest are granted.")


def _clocks(headers: Mapping[str, str], before: datetime, after: datetime) -> Finding:
    slacks = parsedate_to_datetime(headers["Date"])
    # Slack's header has whole seconds, and was written between the two looks at our own clock.
    apart = max(before - slacks - timedelta(seconds=1), slacks - after, timedelta())
    told = f"The clock is {apart.total_seconds():.0f} s off Slack's."
    if apart > FARTHEST:
        return Finding(False, f"{told} Let the machine keep its time by NTP.")
    return Finding(True, told)


async def _authors(path: Path, directory: SlackDirectory) -> Sequence[Finding]:
    """Look at the file that says who wrote what, and whether all whom it names are in Slack."""
    file = PeopleFile(path)
    try:
        people = await asyncio.to_thread(file.people)
        await directory.refresh()
    except RunbookError as error:
        return [Finding(False, f"The file of ROLLCALL_AUTHORS: {one}") for one in error.problems]
    except SlackApiError as fault:
        return [Finding(False, f"The people cannot be read from Slack ({error_of(fault)}). Try again.")]
    missing = [one.name for one in people if not directory.seen().accounts([one.name])]
    told = "is nobody in this workspace, so what they write is taken for a stranger's. Mend it there."
    count = "1 person" if len(people) == 1 else f"{len(people):,} people"
    return [Finding(False, f"In ROLLCALL_AUTHORS, {name} {told}") for name in missing] or [
        Finding(True, f"ROLLCALL_AUTHORS names {count}, all of whom are in Slack.")
    ]


async def _channels(settings: Settings, workspace: WorkspaceId) -> Sequence[ChannelId]:
    """Return the channels of the open releases."""
    database = Database(settings.database_url)
    try:
        rows = await Reader(database, Ledger()).open_in(workspace, limit=MOST)
    finally:
        await asyncio.to_thread(database.close)
    return sorted({row.channel for row in rows})


async def _channel(client: AsyncWebClient, channel: ChannelId) -> Finding:
    try:
        facts = (await client.conversations_info(channel=channel))["channel"]
    except SlackApiError as fault:
        told = f"The channel {channel} of an open release is not seen ({error_of(fault)})."
        return Finding(False, f"{told} {INVITE}")
    name = f"#{facts['name']}"
    if facts["is_archived"]:
        return Finding(False, f"{name} is archived. Take it out of the archive.")
    try:
        await client.conversations_history(channel=channel, limit=1)
    except SlackApiError as fault:
        return Finding(False, f"{name} cannot be read ({error_of(fault)}). {UNREAD} {INVITE}")
    return Finding(True, f"{name} can be written to and read.")
