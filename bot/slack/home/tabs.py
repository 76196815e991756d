"""Publishing Home tabs: those that people have opened follow what concerns them.

What a tab shows is worked out anew each time, so to publish it twice does no harm, and nothing is kept: after
a restart a tab is caught up when it is opened again.
"""

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock
from bot.release.ids import ReleaseId, ReleaseKey, UserId, WorkspaceId
from bot.release.people.directory import Directory
from bot.slack.asked.reading import Asked
from bot.slack.asked.watched import Watched
from bot.slack.errors import error_of
from bot.slack.home.view import home
from bot.slack.writing.blocks import Block

log = logging.getLogger(__name__)

FIRST_RETRY_S: Final = 2.0
LONGEST_RETRY_S: Final = 300.0
MINUTE_S: Final = 60.0
MOST_A_MINUTE: Final = 90
"""Calls of views.publish in any minute; Slack takes a hundred (docs.slack.dev, rate limits, tier 4)."""
PASSING: Final = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
"""Errors of Slack's own, which go away by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tab:
    """What is known of the Home tab of a person who has opened it.

    `hash` is Slack's, of the view that it has; `view` is what was published, `about` the releases in it that
    concerned the person. `due` and `looked` are monotonic seconds: when it is to be looked at, and was last.
    """

    hash: str = ""
    view: Block | None = None
    about: frozenset[ReleaseKey] = frozenset()
    notice: str = ""
    due: float = math.inf
    looked: float = -math.inf
    failures: int = 0


class HomeTabs:
    """Keep the Home tabs of those who have opened theirs as the ledger and the directory say.

    Nobody's tab is looked at twice within `gap_s` seconds, so that a burst of events becomes one call.
    """

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        asked: Asked,
        workspace: WorkspaceId,
        clock: Clock,
        command: str,
        gap_s: float,
    ) -> None:
        self._client = client
        self._asked = asked
        self._workspace = workspace
        self._clock = clock
        self._command = command
        self._gap_s = gap_s
        self._tabs: dict[UserId, _Tab] = {}
        self._changed: set[ReleaseKey] = set()
        self._calls: deque[float] = deque(maxlen=MOST_A_MINUTE)
        self._last_round = -math.inf
        self._slow_until = -math.inf
        self._woken = asyncio.Event()
        self._stopping = False
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow."""
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Finish the call that is under way."""
        self._stopping = True
        self._woken.set()
        if self._running is not None:
            await self._running

    def opened(self, person: UserId, shown: str) -> None:
        """Note that a person has opened the tab, and the hash of the view that Slack showed, if any."""
        tab = self._tabs.get(person, _Tab())
        same = shown == tab.hash
        self._tabs[person] = tab if same else replace(tab, hash=shown, view=None)
        self.look(person)

    def look(self, person: UserId, notice: str = "") -> None:
        """Have a person's tab looked at soon; `notice` is something to be told to them there."""
        tab = self._tabs.get(person, _Tab())
        due = min(tab.due, max(time.monotonic(), tab.looked + self._gap_s))
        self._tabs[person] = replace(tab, due=due, notice=notice or tab.notice)
        self._woken.set()

    def look_at_all(self) -> None:
        """Have every tab looked at soon."""
        for person in self._tabs:
            self.look(person)

    def wake(self, release: ReleaseId) -> None:
        """Have the tabs of those whom a release concerns looked at soon."""
        if self._tabs:
            self._changed.add(release.key)
            self._woken.set()

    async def _run(self) -> None:
        while not self._stopping:
            await self._until_due()
            try:
                await self._round()
            except Exception:
                log.exception("The Home tabs could not be looked at.")
                await asyncio.sleep(FIRST_RETRY_S)

    async def _until_due(self) -> None:
        while not self._stopping and (wait := self._next() - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(None if math.isinf(wait) else wait):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()

    def _next(self) -> float:
        """Return when the next round is."""
        changed = self._last_round + self._gap_s if self._changed else math.inf
        return max(self._slow_until, min([changed, *(tab.due for tab in self._tabs.values())]))

    async def _round(self) -> None:
        """Look at the tabs that are due, and at those of the people whom a change concerns."""
        self._last_round = time.monotonic()
        changed, self._changed = self._changed, set()
        try:
            watched, directory = await self._asked.read()
        except Exception:
            self._changed |= changed
            raise
        self._plan(changed, watched)
        for person in self._due():
            if self._may_go_on():
                await self._show(person, watched, directory)

    def _plan(self, changed: set[ReleaseKey], watched: Sequence[Watched]) -> None:
        """Plan a look for each person whom a change concerns, or no longer concerns."""
        for person, tab in self._tabs.items():
            if changed and changed & (tab.about | _about(person, watched)):
                self.look(person)

    def _due(self) -> Sequence[UserId]:
        """Return whose tabs to look at now, the longest waiting first."""
        now = time.monotonic()
        due = (person for person, tab in self._tabs.items() if tab.due <= now)
        return sorted(due, key=lambda person: self._tabs[person].due)

    def _may_go_on(self) -> bool:
        now, full = time.monotonic(), len(self._calls) == MOST_A_MINUTE
        if full and self._calls[0] > now - MINUTE_S:
            self._slow_until = self._calls[0] + MINUTE_S
        return not self._stopping and now >= self._slow_until

    async def _show(self, person: UserId, watched: Sequence[Watched], directory: Directory) -> None:
        tab = self._tabs[person]
        # Noted before the call: what comes in meanwhile is looked at again.
        self._tabs[person] = replace(tab, due=math.inf, notice="", looked=time.monotonic())
        view = home(person, watched, directory, self._clock.now(), self._command, tab.notice)
        if view != tab.view:
            try:
                tab = replace(tab, hash=await self._publish(person, view, tab.hash))
            except (SlackApiError, aiohttp.ClientError, TimeoutError) as fault:
                self._failed(person, tab, fault)
                return
        about = _about(person, watched)
        self._tabs[person] = replace(self._tabs[person], hash=tab.hash, view=view, about=about, failures=0)

    async def _publish(self, person: UserId, view: Block, known: str) -> str:
        """Publish a view in place of the one with the hash `known`, and return the hash of the new one."""
        try:
            return await self._call(person, view, known)
        except SlackApiError as fault:
            if error_of(fault) != "hash_conflict":
                raise
            # It was changed by a call whose answer was lost. What the ledger says now is newer.
            return await self._call(person, view, "")

    async def _call(self, person: UserId, view: Block, known: str) -> str:
        self._calls.append(time.monotonic())
        answer = await self._client.views_publish(user_id=person, view=view, hash=known or None)
        return str(answer["view"]["hash"])

    def _failed(self, person: UserId, tab: _Tab, fault: Exception) -> None:
        """Try a tab again later; where that is of no use, leave it until it is opened again."""
        log.warning("The Home tab of %s is not shown: %s", person, fault)
        wait = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2**tab.failures)
        if isinstance(fault, SlackApiError):
            if fault.response.status_code == 429:
                wait = float(fault.response.headers.get("Retry-After", 1))
                self._slow_until = time.monotonic() + wait
            elif fault.response.status_code < 500 and error_of(fault) not in PASSING:
                del self._tabs[person]
                return
        notice = self._tabs[person].notice or tab.notice
        self._tabs[person] = replace(
            self._tabs[person],
            view=None,
            notice=notice,
            due=time.monotonic() + wait,
            failures=tab.failures + 1,
        )


def _about(person: UserId, watched: Sequence[Watched]) -> frozenset[ReleaseKey]:
    return frozenset(one.release.key for one in watched if one.concerns(person))
