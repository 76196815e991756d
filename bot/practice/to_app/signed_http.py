"""Signed HTTP: how Slack calls an app that has a request URL."""

import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

import aiohttp

from bot.practice.cast import SIGNING_SECRET
from bot.practice.shapes import Json
from bot.practice.to_app.answers import ACK_SECONDS, Answer

FORM = "application/x-www-form-urlencoded"
REDIRECTS = 2


def signed(body: bytes, content_type: str, at: int) -> dict[str, str]:
    """Return the headers of a request whose body Slack signed at the given Unix second."""
    base = f"v0:{at}:".encode() + body
    digest = hmac.new(SIGNING_SECRET.encode(), base, hashlib.sha256).hexdigest()
    return {
        "Content-Type": content_type,
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "X-Slack-Request-Timestamp": str(at),
        "X-Slack-Signature": f"v0={digest}",
    }


class SignedHttp:
    """Post to the app's request URL and wait three seconds for its answer."""

    def __init__(self) -> None:
        self.url: str | None = None
        self._session: aiohttp.ClientSession | None = None

    async def form(self, fields: dict[str, str]) -> Answer:
        """Send a slash command or an interaction."""
        return await self._post(urlencode(fields).encode(), FORM, {})

    async def event(self, payload: Json, *, attempt: int = 0, reason: str = "") -> Answer:
        """Send an event; retries carry their number and the reason."""
        retry = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason} if attempt else {}
        return await self._post(json.dumps(payload).encode(), "application/json", retry)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _post(self, body: bytes, content_type: str, more: dict[str, str]) -> Answer:
        started = time.perf_counter()
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ACK_SECONDS))
        headers = signed(body, content_type, int(time.time())) | more
        try:
            async with self._session.post(
                self.url or "", data=body, headers=headers, max_redirects=REDIRECTS
            ) as response:
                return _read(response, await response.text(errors="replace"), started)
        except TimeoutError:
            return Answer.failed("http_timeout", started)
        except aiohttp.TooManyRedirects:
            return Answer.failed("too_many_redirects", started)
        except (aiohttp.ClientError, ValueError):
            return Answer.failed("connection_failed", started)


def _read(response: aiohttp.ClientResponse, text: str, started: float) -> Answer:
    body: object = text
    if response.content_type == "application/json":
        try:
            body = json.loads(text) if text else ""
        except ValueError:
            body = text
    if 200 <= response.status < 300:
        return Answer.given(response.status, body, started)
    may_retry = response.headers.get("x-slack-no-retry") != "1"
    return Answer.failed("http_error", started, status=response.status, body=body, may_retry=may_retry)
