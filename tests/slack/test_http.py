"""Slack's requests over HTTP: what is not signed, fresh and readable changes nothing."""

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.clock import MovableClock
from bot.practice import SIGNING_SECRET, Practice
from bot.settings import Misconfigured, Settings, Transport
from tests.world import WORKSPACE, World, open_world

COMMAND = urlencode(
    {
        "command": "/release",
        "text": "start checkout 1.4.0",
        "team_id": "T0PRACTICE",
        "user_id": "U0ANA",
        "channel_id": "C0RELEASES",
        "trigger_id": "1.2.3",
        "api_app_id": "A0ROLLCALL",
        "response_url": "http://127.0.0.1:1/none",
    }
).encode()


class Sender:
    """Somebody who sends requests to Rollcall's address."""

    def __init__(self, url: str, session: aiohttp.ClientSession, world: World) -> None:
        self.url = url
        self.session = session
        self.world = world

    async def send(self, body: bytes, timestamp: str, signature: str) -> tuple[int, str]:
        """Post a body with these headers, and return the status and the text of the answer."""
        headers = {
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        async with self.session.post(self.url, data=body, headers=headers) as answer:
            return answer.status, await answer.text()

    async def signed(self, body: bytes, *, age_s: int = 0, secret: str = SIGNING_SECRET) -> tuple[int, str]:
        """Post a body with the right signature for a moment that is `age_s` seconds ago."""
        timestamp = str(int(time.time()) - age_s)
        return await self.send(body, timestamp, sign(body, timestamp, secret))

    async def started(self) -> int:
        """Return how many releases there are."""
        return len(await self.world.releases.open_in(WORKSPACE))


def sign(body: bytes, timestamp: str, secret: str = SIGNING_SECRET) -> str:
    """Return Slack's signature of a body."""
    base = f"v0:{timestamp}:".encode() + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


@pytest.fixture
async def sender(tmp_path: Path) -> AsyncIterator[Sender]:
    """Somebody who reaches Rollcall over HTTP."""
    # Slack's signatures are of the time that it really is.
    practice = Practice(MovableClock(), limits=False)
    async with open_world(tmp_path, Transport.HTTP, practice=practice) as world:
        yield Sender(f"{world.address}/slack/events", world.session, world)


async def test_a_signed_command_starts_a_release(sender: Sender) -> None:
    status, body = await sender.signed(COMMAND)
    assert (status, await sender.started()) == (200, 1)
    assert "has started" in body


async def test_the_same_signed_request_again_has_one_effect_and_says_so(sender: Sender) -> None:
    await sender.signed(COMMAND)
    status, body = await sender.signed(COMMAND)
    assert (status, await sender.started()) == (200, 1)
    assert "nothing happened twice" in body


@pytest.mark.parametrize(
    ("timestamp", "signature"),
    [
        ("now", "v0=" + "0" * 64),
        ("now", ""),
        ("now", "v0=é"),
        ("now", "of another secret"),
        ("now", "of another body"),
        ("", "right"),
        ("abc", "right"),
        ("1.5", "right"),
        ("١٧٦٣٨٥٣٠٠٠", "right"),
        ("old", "right"),
        ("future", "right"),
    ],
)
async def test_what_is_not_signed_and_fresh_is_refused(
    sender: Sender, timestamp: str, signature: str
) -> None:
    now = int(time.time())
    at = {"now": str(now), "old": str(now - 400), "future": str(now + 400)}.get(timestamp, timestamp)
    by = {
        "right": sign(COMMAND, at),
        "of another secret": sign(COMMAND, at, "another"),
        "of another body": sign(COMMAND + b"x", at),
    }.get(signature, signature)
    status, _ = await sender.send(COMMAND, at, by)
    assert (status, await sender.started()) == (401, 0)


async def test_a_body_that_is_no_text_is_refused(sender: Sender) -> None:
    assert (await sender.signed(b"text=\xff\xfe"))[0] == 400


async def test_a_body_that_is_too_large_is_refused(sender: Sender) -> None:
    assert (await sender.signed(b"x" * 1_010_000))[0] == 413


@pytest.mark.parametrize(
    "body", [b"", b"payload=%5B%5B%5B", b"payload=" + b"%5B" * 5000, b'{"type":', b"text=1"]
)
async def test_a_signed_body_that_is_nothing_of_slacks_changes_nothing(sender: Sender, body: bytes) -> None:
    status, _ = await sender.signed(body)
    assert status in (200, 400, 404)
    assert await sender.started() == 0


async def test_health_says_how_its_parts_are(sender: Sender) -> None:
    async with sender.session.get(sender.url.replace("/slack/events", "/healthz")) as answer:
        assert (answer.status, await answer.json()) == (
            200,
            {"database": True, "slack": True, "delivery": True},
        )


def test_http_without_a_signing_secret_does_not_start() -> None:
    settings = Settings.model_validate({"slack_bot_token": "xoxb-1", "slack_app_token": ""})
    with pytest.raises(Misconfigured, match="SLACK_SIGNING_SECRET"):
        _ = settings.transport


def test_without_any_token_it_names_what_is_missing() -> None:
    with pytest.raises(Misconfigured, match="SLACK_BOT_TOKEN is not set"):
        _ = Settings.model_validate({}).transport
