"""Sending one event to one receiver, and reading what it answers."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp

from bot.outgoing import Networks, outgoing
from bot.signing import signed
from bot.subscribers.cloud_event import CONTENT_TYPE
from bot.subscribers.subscriber import Subscriber

TIMEOUT: Final = aiohttp.ClientTimeout(total=10.0, connect=5.0)
SAID_LIMIT: Final = 200
"""Characters of an answer that are kept."""
LONGEST_REST: Final = timedelta(days=1)
GONE: Final = 410
BUSY: Final = (429, 503)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """It has the event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken:
    """It may not have the event; `rest` is how long it asks to be left alone."""

    said: str
    rest: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """It wants nothing any more."""

    said: str


Outcome = Taken | NotTaken | Gone


class Post:
    """Send to one receiver. It has connections of its own, so that no other waits for it."""

    def __init__(
        self, subscriber: Subscriber, allowed: Networks, timeout: aiohttp.ClientTimeout = TIMEOUT
    ) -> None:
        self._subscriber = subscriber
        self._session = outgoing(allowed, timeout)

    async def send(self, id_: str, body: bytes, now: datetime) -> Outcome:
        """Send an event, and return what became of it. It is known within ten seconds."""
        headers = {"Content-Type": CONTENT_TYPE, **signed(self._subscriber.keys, id_, body, now.timestamp())}
        try:
            async with self._session.post(
                self._subscriber.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return await _outcome(answer, now)
        except TimeoutError:
            return NotTaken(said="It does not answer in time.")
        except ValueError:
            # The address is not shown, for a token may stand in it.
            return NotTaken(said="It is not reached: its address is none.")
        except (aiohttp.ClientError, OSError) as trouble:
            return NotTaken(said=_seen(f"It is not reached: {str(trouble) or type(trouble).__name__}"))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()


async def _outcome(answer: aiohttp.ClientResponse, now: datetime) -> Outcome:
    if 200 <= answer.status < 300:
        return Taken()
    said = _seen(f"It answers {answer.status}: {await _said(answer)}".removesuffix(": "))
    if answer.status == GONE:
        return Gone(said=said)
    rest = _rest(answer.headers, now) if answer.status in BUSY else None
    return NotTaken(said=said, rest=rest)


async def _said(answer: aiohttp.ClientResponse) -> str:
    if 300 <= answer.status < 400:
        return f"It leads on to {answer.headers.get('Location', 'nowhere')}, where nothing is sent."
    try:
        async with asyncio.timeout(1.0):
            return (await answer.content.read(4 * SAID_LIMIT)).decode(errors="replace")
    except (aiohttp.ClientError, TimeoutError):
        return ""


def _rest(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return how long a receiver asks to be left alone, in seconds or until a time."""
    asked = headers.get("Retry-After", "").strip()
    try:
        rest = timedelta(seconds=int(asked)) if asked.isdecimal() else parsedate_to_datetime(asked) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(rest, timedelta()), LONGEST_REST)


def _seen(text: str) -> str:
    """Return text on one line, short, without what cannot be seen or kept."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= SAID_LIMIT else f"{line[:SAID_LIMIT]}…"
