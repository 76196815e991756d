"""Having GitHub send again what it could not deliver, so that a lost webhook only costs time."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import aiohttp
from gidgethub.aiohttp import GitHubAPI

from bot.github.access import App, signed_in

ASKS: Final = "deployment_protection_rule"
REFUSED: Final = (400, 422)
"""What Rollcall answers where it would answer the same again."""


class Redelivery:
    """Look through what was delivered to the webhook of an app, which GitHub knows for three days."""

    def __init__(self, session: aiohttp.ClientSession, api: str, app: App) -> None:
        self._github = GitHubAPI(session, "rollcall", base_url=api)
        self._app = app

    async def ask(self) -> None:
        """Have each question about a deployment sent again that did not arrive."""
        told = await self._github.getitem("/app/hook/deliveries?per_page=100", jwt=signed_in(self._app))
        for id_ in _lost(one for one in told if one["event"] == ASKS):
            await self._github.post(
                f"/app/hook/deliveries/{id_}/attempts", data=b"", jwt=signed_in(self._app)
            )


def _lost(deliveries: Iterable[Mapping[str, Any]]) -> Iterable[int]:
    """Return the newest attempt of each delivery of which none has arrived."""
    attempts: dict[str, list[Mapping[str, Any]]] = {}
    for one in deliveries:
        attempts.setdefault(one["guid"], []).append(one)
    for tried in attempts.values():
        if not any(200 <= one["status_code"] < 300 or one["status_code"] in REFUSED for one in tried):
            yield max(tried, key=lambda one: str(one["delivered_at"]))["id"]
