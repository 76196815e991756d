"""Having GitHub send again what it could not deliver, so that a lost webhook only costs time."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any, Final

import aiohttp
from gidgethub.aiohttp import GitHubAPI

from bot.github.access import App, signed_in

ASKS: Final = "deployment_protection_rule"
KEPT: Final = timedelta(days=3)
"""How long GitHub knows a delivery and can send it again (docs.github.com)."""
LATE: Final = timedelta(minutes=10)
"""How much later than others a delivery may come to be known."""
REFUSED: Final = (400, 422)
"""What Rollcall answers where it would answer the same again."""


class Redelivery:
    """Look through what was delivered to the webhook of an app, which GitHub knows for three days."""

    def __init__(self, session: aiohttp.ClientSession, api: str, app: App) -> None:
        self._github = GitHubAPI(session, "rollcall", base_url=api)
        self._app = app
        self._looked: datetime | None = None

    async def ask(self) -> None:
        """Have each question about a deployment sent again that did not arrive."""
        told, newest = await self._since(self._looked)
        for id_ in _lost(told):
            await self._github.post(
                f"/app/hook/deliveries/{id_}/attempts", data=b"", jwt=signed_in(self._app)
            )
        self._looked = newest

    async def _since(self, looked: datetime | None) -> tuple[Sequence[Mapping[str, Any]], datetime | None]:
        """Return the questions that were delivered since the look before, and when the newest of all was."""
        asked, newest = list[Mapping[str, Any]](), looked
        deliveries = self._github.getiter("/app/hook/deliveries?per_page=100", jwt=signed_in(self._app))
        async with aclosing(deliveries):
            async for one in deliveries:
                at = datetime.fromisoformat(one["delivered_at"])
                newest = max(newest or at, at)
                if at < (looked - LATE if looked else newest - KEPT):
                    break
                if one["event"] == ASKS:
                    asked.append(one)
        return asked, newest


def _lost(deliveries: Iterable[Mapping[str, Any]]) -> Iterable[int]:
    """Return the newest attempt of each delivery of which none has arrived."""
    attempts: dict[str, list[Mapping[str, Any]]] = {}
    for one in deliveries:
        attempts.setdefault(one["guid"], []).append(one)
    for tried in attempts.values():
        if not any(200 <= one["status_code"] < 300 or one["status_code"] in REFUSED for one in tried):
            yield max(tried, key=lambda one: str(one["delivered_at"]))["id"]
