"""Webhooks of GitHub: of a run they say that it is time to look, of a deployment that it waits."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from gidgethub import ValidationFailure
from gidgethub.sansio import validate_event

_SIGNATURE: Final = re.compile(r"sha256=[0-9a-f]{64}", re.ASCII)


class GitHubWebhook:
    """Answer GitHub's signed deliveries.

    The runs are looked at when one of a workflow has changed. A deployment that waits is `asked` about; what
    that returns says why it cannot be answered, or is empty once it is kept.
    """

    def __init__(
        self,
        secret: str,
        look: Callable[[], Awaitable[None]],
        asked: Callable[[object], Awaitable[str]],
    ) -> None:
        self._secret = secret
        self._look = look
        self._asked = asked

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one delivery: 401 unless it is signed, 400 unless it is JSON, 422 if it says too little."""
        body = await request.read()
        if not self._is_signed(request, body):
            return web.Response(status=401, text="The signature does not fit.")
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            return web.Response(
                status=400, text="The body is not JSON. Choose the content type application/json."
            )
        match request.headers.get("X-GitHub-Event"):
            case "workflow_run" if _was_dispatched(content):
                await self._look()
            case "deployment_protection_rule":
                if trouble := await self._asked(content):
                    return web.Response(status=422, text=trouble)
            case _:
                pass
        return web.Response(text="ok")

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        signature = request.headers.get("X-Hub-Signature-256", "")
        if not _SIGNATURE.fullmatch(signature):
            return False
        try:
            validate_event(body, signature=signature, secret=self._secret)
        except ValidationFailure:
            return False
        return True


def _was_dispatched(content: object) -> bool:
    """Return whether it is about a workflow that was started as Rollcall starts them."""
    match content:
        case {"workflow_run": {"event": "workflow_dispatch"}}:
            return True
        case _:
            return False
