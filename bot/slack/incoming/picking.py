"""Which release is meant: by key, by service, by where it was written, or as the only one there is."""

import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final

from bot.coordinator import unknown_release
from bot.ledger.reader import Reader
from bot.release.ids import KEY, ChannelId, ReleaseId, ReleaseKey, WorkspaceId
from bot.release.refusal import Refused
from bot.release.release import Release
from bot.runbook.problems import RunbookError
from bot.runbook.values import SERVICE_KEY
from bot.slack.desk import MENTIONED, Call, Desk, Reply, first_word
from bot.slack.writing.words import refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """Which releases are meant where no key is typed, and what is said where there is none.

    `of_service` finds the one of a service that is named, `of_channel` those of a channel where nothing is.
    """

    of_service: Callable[[Reader, WorkspaceId, str], Awaitable[Release | None]]
    of_channel: Callable[[Reader, WorkspaceId, ChannelId], Awaitable[Sequence[ReleaseKey]]]
    no_such: str
    none_here: str


async def open_of(releases: Reader, workspace: WorkspaceId, service: str) -> Release | None:
    """Return the release of a service that is open, or None."""
    _, going_out = await releases.of_service(workspace, service)
    return going_out


async def open_here(releases: Reader, workspace: WorkspaceId, channel: ChannelId) -> Sequence[ReleaseKey]:
    """Return the releases of a channel that are open, the newest first."""
    return [row.id.key for row in await releases.open_in(workspace, channel)]


NONE_HERE: Final = (
    "No release is open in this channel. `{command} start` starts one, `{command} list` shows those of other"
    " channels."
)
OPEN: Final = Fitting(
    of_service=open_of,
    of_channel=open_here,
    no_such="{service} has no release that is open{here}.",
    none_here=NONE_HERE,
)


async def pick(desk: Desk, call: Call, fitting: Fitting = OPEN) -> tuple[Release, str] | Reply:
    """Return the release that a call is about and the words after its key, or after the name of its service.

    Both may be left out in the thread of a release, in its own channel, and when just one release of the
    channel fits, such as the only one that is open. Otherwise the reply says what to do.
    """
    first, rest = first_word(call.text)
    word = first.strip(".,:;!?").lower()
    key = ReleaseKey(word)
    # What looks like a key is never taken for a word, so that a typo cannot mean the only open release.
    if KEY.fullmatch(key) and (release := await desk.releases.find(ReleaseId(call.workspace, key))):
        return release, rest
    # Nor is the name of a service, which would otherwise be a reason to do something to another's release.
    if await _is_service(desk, call, word):
        found = await _of_service(desk, call, word, fitting)
        return found if isinstance(found, Reply) else (found, rest)
    if KEY.fullmatch(key):
        return Reply(text=refusal(await _unknown(desk, call, key)))
    if call.about:
        return call.about, call.text
    keys = await fitting.of_channel(desk.releases, call.workspace, call.channel)
    if len(keys) == 1 and (release := await desk.releases.find(ReleaseId(call.workspace, keys[0]))):
        return release, call.text
    if not keys:
        return Reply(text=fitting.none_here.format(command=desk.command))
    which = f"Name one of them, such as {keys[0]}, or write `{MENTIONED}` with the same words"
    return Reply(text=f"Several releases are open here: {', '.join(keys)}. {which} in the thread of one.")


async def _is_service(desk: Desk, call: Call, word: str) -> bool:
    """Return whether a runbook names a service so, or releases of one are kept that had a runbook once."""
    if not re.fullmatch(SERVICE_KEY, word):
        return False
    with suppress(RunbookError):
        if word in desk.runbooks.services():
            return True
    return await desk.releases.newest(call.workspace, word) is not None


async def _of_service(desk: Desk, call: Call, service: str, fitting: Fitting) -> Release | Reply:
    """Return the release that the name of a service means; in a thread, it must be that of the thread."""
    if call.about and call.about.service == service:
        return call.about
    found = await fitting.of_service(desk.releases, call.workspace, service)
    if found is None or call.sees not in (None, found.channel):
        none = fitting.no_such.format(service=service, here=" in this channel" if call.public else "")
        return Reply(text=" ".join(filter(None, [none, await _another(desk, call)])))
    if call.about:
        other = f"{service} is another service than that of {call.about.key}, which this place is about."
        return Reply(text=f"{other} Begin with the key that you mean: {call.about.key} or {found.key}.")
    return found


async def _another(desk: Desk, call: Call) -> str:
    """Return how to say the same of a release that is here, where the name of a service was only a word."""
    if call.about:
        return f"If you mean {call.about.key}, begin with its key."
    keys = await open_here(desk.releases, call.workspace, call.channel)
    return f"If you mean another, begin with its key, such as {keys[0]}." if keys else ""


async def _unknown(desk: Desk, call: Call, key: ReleaseKey) -> Refused:
    """Refuse a key that no release has, with the open one that is most like it."""
    unknown = unknown_release(key)
    keys = [row.id.key for row in await desk.releases.open_in(call.workspace, call.sees)]
    near = get_close_matches(key, keys, n=1)
    return replace(unknown, instead=f"Did you mean {near[0]}? {unknown.instead}") if near else unknown
