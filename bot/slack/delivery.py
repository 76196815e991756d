"""Making Slack show what each release should show: post what is missing, update what differs.

The one worker that does this keeps what it knows in the ledger's database. A post is claimed there before it
is made; when its outcome stays unknown (a crash, a time-out, a lost answer), the worker waits out a late
store, looks for its own message by the metadata, and only then posts again.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock
from bot.ledger import shown
from bot.ledger.database import Database
from bot.ledger.reader import Reader
from bot.ledger.shown import Shown
from bot.release.ids import ChannelId, ReleaseId
from bot.release.release import Release
from bot.slack.errors import error_of
from bot.slack.messages import messages
from bot.slack.messages.message import Message
from bot.slack.messages.trouble import PRIVATE, TELLABLE, trouble

log = logging.getLogger(__name__)

FIRST_RETRY_S: Final = 2.0
LONGEST_RETRY_S: Final = 300.0
EVENT_TYPE: Final = "rollcall_message"
CLOCKS_APART: Final = timedelta(hours=1)
"""How far Slack's clock may be behind ours, when our own message is looked for."""
UNCLEAR: Final = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
"""Errors after which Slack may have stored the message all the same (docs.slack.dev, chat.postMessage)."""
UNREADABLE: Final = frozenset({"not_in_channel", "channel_not_found", "missing_scope"})
"""Errors that tell that Rollcall may not read a channel, though it may be able to post there."""
GONE: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"})
"""Errors of an update that tell that the message is no longer ours to change: it is posted anew."""


class NotShown(Exception):
    """Slack does not show a message yet; it is tried again after `after_s` seconds."""

    def __init__(self, why: str, after_s: float | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.after_s = after_s


class SlowDown(Exception):
    """Slack asks to make no call for `after_s` seconds."""

    def __init__(self, after_s: float) -> None:
        super().__init__(f"Slack asks to slow down for {after_s:.0f} s.")
        self.after_s = after_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast the worker goes.

    `gap_s` is the least time between two passes over one release, so that a burst of events becomes one
    update. `settle` is how long Slack may take to store a message after its answer was lost.
    """

    gap_s: float
    settle: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """When a release is looked at next (monotonic seconds), and how often in a row that has failed."""

    at: float
    failures: int = 0


class DeliveryWorker:
    """Make Slack follow what the ledger says."""

    def __init__(
        self, client: AsyncWebClient, database: Database, releases: Reader, clock: Clock, pace: Pace
    ) -> None:
        self._client = client
        self._database = database
        self._releases = releases
        self._clock = clock
        self._settle = pace.settle
        self._gap_s = pace.gap_s
        self._plans: dict[ReleaseId, _Plan] = {}
        self._last_pass: dict[ReleaseId, float] = {}
        self._woken = asyncio.Event()
        self._stopping = False
        self._slow_until = 0.0
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow; what was not shown when the process ended is taken up first."""
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Bring the pass that is under way to an end, so that no post is left with an unknown outcome."""
        self._stopping = True
        self._woken.set()
        if self._running is not None:
            await self._running

    def wake(self, release: ReleaseId) -> None:
        """Have a release looked at soon."""
        at = max(time.monotonic(), self._last_pass.get(release, 0.0) + self._gap_s)
        plan = self._plans.get(release)
        if plan is None or plan.failures == 0:
            self._plans[release] = _Plan(at=at if plan is None else min(at, plan.at))
        self._woken.set()

    async def _run(self) -> None:
        await self._take_up()
        while not self._stopping:
            await self._next_due()
            for release in self._due():
                if self._may_go_on():
                    await self._pass(release, self._plans.pop(release))

    async def _take_up(self) -> None:
        """Find what was not shown when the process ended; while the database cannot be read, try again."""
        while not self._stopping:
            try:
                for release in await self._releases.unshown():
                    self.wake(release)
                return
            except Exception:
                log.exception("What is not shown yet cannot be read.")
                await asyncio.sleep(FIRST_RETRY_S)

    async def is_running(self) -> bool:
        """Whether Slack is being made to follow."""
        return self._running is not None and not self._running.done()

    def _may_go_on(self) -> bool:
        return not self._stopping and time.monotonic() >= self._slow_until

    def _due(self) -> Sequence[ReleaseId]:
        """Return the releases to look at now, the longest waiting first."""
        now = time.monotonic()
        return sorted(
            (r for r, plan in self._plans.items() if plan.at <= now), key=lambda r: self._plans[r].at
        )

    async def _next_due(self) -> None:
        earliest = min((plan.at for plan in self._plans.values()), default=None)
        wait = None if earliest is None else max(0.0, earliest, self._slow_until) - time.monotonic()
        try:
            async with asyncio.timeout(wait):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()

    async def _pass(self, release: ReleaseId, plan: _Plan) -> None:
        self._last_pass[release] = time.monotonic()
        try:
            await self._show(release)
        except SlowDown as delay:
            # Slack counts all calls of the app, so everything waits, and this release comes first afterwards.
            self._slow_until = time.monotonic() + delay.after_s
            self._plans[release] = plan
        except NotShown as delay:
            self._again(release, plan, delay)
        except Exception:
            log.exception("A pass over %s failed.", release.key)
            self._again(release, plan, NotShown("an error in Rollcall"))

    def _again(self, release: ReleaseId, plan: _Plan, delay: NotShown) -> None:
        backoff = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2**plan.failures)
        after = backoff if delay.after_s is None else delay.after_s
        log.warning("%s is not shown yet: %s. Next try in %.0f s.", release.key, delay.why, after)
        self._plans[release] = _Plan(at=time.monotonic() + after, failures=plan.failures + 1)

    async def _show(self, id_: ReleaseId) -> None:
        found = await self._releases.find_with_head(id_)
        if found is None:
            return
        release, head = found
        try:
            await self._show_all(release, messages(release, head))
        except NotShown as delay:
            if delay.why in TELLABLE:
                await self._tell_captain(release, delay.why)
            raise
        await self._database.write(lambda connection: shown.mark_shown(connection, id_, release.seq))

    async def _show_all(self, release: Release, wanted: Sequence[Message]) -> None:
        known = await self._known(release.id)
        await self._remove_others(release, known, {message.slot for message in wanted})
        card, *thread = wanted
        root = await self._match_one(release, card, known, None)
        delays: list[NotShown] = []
        for message in thread:
            try:
                await self._match_one(release, message, known, root.ts)
            except NotShown as delay:
                # One message that cannot be shown does not hold up those that can.
                delays.append(delay)
        if delays:
            raise delays[0]

    async def _match_one(
        self, release: Release, message: Message, known: Mapping[str, Shown], thread: str | None
    ) -> Shown:
        place = known.get(message.slot) or Shown(slot=message.slot, channel=release.channel)
        return await self._match(release, message, place, thread)

    async def _tell_captain(self, release: Release, why: str) -> None:
        """Tell the captain privately that the channel cannot be written to, once for each reason."""
        message = trouble(release, why)
        known = await self._known(release.id)
        place = known.get(message.slot) or Shown(slot=message.slot, channel=ChannelId(release.captain))
        if place.ts is None:
            await self._match(release, message, place, None)

    async def _known(self, release: ReleaseId) -> dict[str, Shown]:
        return await self._database.read(lambda connection: shown.shown(connection, release))

    async def _match(self, release: Release, message: Message, place: Shown, thread: str | None) -> Shown:
        """Make one message match what is wanted, and return what is known of it then."""
        if place.claimed_at is not None:
            place = await self._resolve(release.id, place, thread)
        if place.ts is None:
            return await self._post(release.id, message, place, thread)
        if place.content == message.content:
            return place
        return await self._update(release, message, place, thread)

    async def _post(self, release: ReleaseId, message: Message, place: Shown, thread: str | None) -> Shown:
        claimed = await self._note(release, replace(place, claimed_at=self._clock.now()))
        try:
            answer = await self._client.chat_postMessage(
                channel=place.channel,
                thread_ts=thread,
                text=message.text,
                blocks=message.blocks,
                metadata=_metadata(release, place.slot),
                reply_broadcast=message.broadcast,
                unfurl_links=False,
                unfurl_media=False,
            )
        except Exception as fault:
            if delay := _certainly_not_stored(fault):
                await self._note(release, place)
                raise delay from fault
            raise NotShown("the outcome of a post is unknown", self._settle.total_seconds()) from fault
        ts, channel = str(answer["ts"]), ChannelId(str(answer["channel"]))
        stored = replace(claimed, channel=channel, ts=ts, content=message.content, claimed_at=None)
        return await self._note(release, stored)

    async def _update(self, release: Release, message: Message, place: Shown, thread: str | None) -> Shown:
        assert place.ts is not None
        try:
            await self._client.chat_update(
                channel=place.channel, ts=place.ts, text=message.text, blocks=message.blocks
            )
        except SlackApiError as fault:
            if error_of(fault) not in GONE:
                raise _delay(fault) from fault
            fresh = await self._note(release.id, Shown(slot=place.slot, channel=release.channel))
            return await self._post(release.id, message, fresh, thread)
        except (aiohttp.ClientError, TimeoutError) as fault:
            # An update may be repeated without harm.
            raise NotShown(f"Slack could not be reached: {fault!r}") from fault
        return await self._note(release.id, replace(place, content=message.content))

    async def _resolve(self, release: ReleaseId, place: Shown, thread: str | None) -> Shown:
        """Find out whether a post with an unknown outcome was stored after all."""
        assert place.claimed_at is not None
        # A clock that was set back must not make the wait longer than it was to be.
        left = min(self._settle, place.claimed_at + self._settle - self._clock.now())
        if left > timedelta():
            raise NotShown("the outcome of a post is unknown", left.total_seconds())
        ts = await self._find(release, place, thread)
        return await self._note(release, replace(place, ts=ts, content=None, claimed_at=None))

    async def _find(self, release: ReleaseId, place: Shown, thread: str | None) -> str | None:
        """Return the ts of our own message if Slack has it."""
        assert place.claimed_at is not None
        window: dict[str, Any] = {
            "channel": place.channel,
            "oldest": f"{(place.claimed_at - CLOCKS_APART).timestamp():.6f}",
            "include_all_metadata": True,
            "limit": 200,
        }
        try:
            while True:
                page = (
                    await self._client.conversations_replies(ts=thread, **window)
                    if thread
                    else await self._client.conversations_history(**window)
                )
                for message in page["messages"]:
                    if message.get("metadata") == _metadata(release, place.slot):
                        return str(message["ts"])
                window["cursor"] = (page.get("response_metadata") or {}).get("next_cursor")
                if not window["cursor"]:
                    return None
        except SlackApiError as fault:
            if error_of(fault) not in UNREADABLE:
                raise _delay(fault) from fault
            # Better twice than never, where Rollcall may post but not read.
            log.warning("%s of %s may stand twice: %s", place.slot, release.key, error_of(fault))
            return None
        except (aiohttp.ClientError, TimeoutError) as fault:
            raise NotShown(f"Slack could not be reached: {fault!r}") from fault

    async def _remove_others(self, release: Release, known: Mapping[str, Shown], wanted: set[str]) -> None:
        """Delete the messages that no longer hold, such as a go that was asked before a gate lapsed."""
        for slot, place in known.items():
            if slot in wanted or place.ts is None or slot.startswith(PRIVATE):
                continue
            try:
                await self._client.chat_delete(channel=place.channel, ts=place.ts)
            except SlackApiError as fault:
                if error_of(fault) not in GONE:
                    raise _delay(fault) from fault
            except (aiohttp.ClientError, TimeoutError) as fault:
                raise NotShown(f"Slack could not be reached: {fault!r}") from fault
            await self._database.write(partial(shown.forget, release=release.id, slot=slot))

    async def _note(self, release: ReleaseId, message: Shown) -> Shown:
        await self._database.write(lambda connection: shown.note(connection, release, message))
        return message


def _metadata(release: ReleaseId, slot: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"release": release.key, "slot": slot}}


def _certainly_not_stored(fault: Exception) -> NotShown | SlowDown | None:
    """Return the delay if it is certain that Slack did not store a message, else None."""
    if isinstance(fault, aiohttp.ClientConnectorError):
        return NotShown("Slack could not be reached")
    if (
        not isinstance(fault, SlackApiError)
        or fault.response.status_code >= 500
        or error_of(fault) in UNCLEAR
    ):
        return None
    return _delay(fault)


def _delay(fault: SlackApiError) -> NotShown | SlowDown:
    if fault.response.status_code == 429:
        return SlowDown(float(fault.response.headers.get("Retry-After", 1)))
    return NotShown(error_of(fault))
