"""Webhooks of GitLab. They only say that it is time to look: what becomes of a run, and what is blocked, is
read from its API."""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from aiohttp import web

from bot.signing import PREFIX, Key

LOOK_S: Final = 5.0
"""How long a delivery waits until it was looked. GitLab waits ten seconds (docs.gitlab.com, webhooks)."""


class GitLabWebhook:
    """Answer GitLab's deliveries, and have the runs looked at when a pipeline has changed.

    When a deployment may be blocked, its project is looked at by `blocked`, which is given its path.

    The secret is what GitLab calls a signing token, `whsec_…`, or what it calls a secret token. Raises
    ValueError for one that begins as a signing token does, and is none.
    """

    def __init__(
        self,
        secret: str,
        look: Callable[[], Awaitable[None]],
        blocked: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._secret = secret.encode()
        self._look = look
        self._blocked = blocked
        self._key = Key.read(secret) if secret.startswith(PREFIX) else None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one delivery: 401 unless it has the secret or is signed with it, 400 unless it is JSON."""
        body = await request.read()
        if not self._is_from_gitlab(request, body):
            return web.Response(status=401, text="Neither the signature nor the secret token fits.")
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            return web.Response(status=400, text="The body is not JSON.")
        if _may_be_ours(content):
            await self._look()
        if self._blocked and (project := _may_be_blocked(content)):
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._blocked(project)
        return web.Response(text="ok")

    def _is_from_gitlab(self, request: web.Request, body: bytes) -> bool:
        """What is signed is only taken for its signature."""
        if self._key and "webhook-signature" in request.headers:
            return self._key.has_signed(request.headers, body)
        token = request.headers.get("X-Gitlab-Token", "")
        return hmac.compare_digest(token.encode(errors="surrogateescape"), self._secret)


def _may_be_ours(content: object) -> bool:
    """Return whether it is about a pipeline that was started as Rollcall starts them."""
    match content:
        case {"object_kind": "pipeline", "object_attributes": {"source": "api"}}:
            return True
        case _:
            return False


def _may_be_blocked(content: object) -> str:
    """Return the path of the project in which a deployment may be blocked, or nothing.

    GitLab tells of a deployment only when it runs; of its pipeline, that a job waits for somebody.
    """
    match content:
        case {"object_kind": "deployment", "project": {"path_with_namespace": str(project)}}:
            return project
        case {
            "object_kind": "pipeline",
            "object_attributes": {"status": "manual" | "blocked"},
            "project": {"path_with_namespace": str(project)},
        }:
            return project
        case _:
            return ""
