"""A health URL: what it answers, and perhaps what the answer contains."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import aiohttp
from yarl import URL

from bot.checks.fetch import LARGEST, answered, fetched
from bot.checks.source import Asked, Reading, Unreadable, with_values
from bot.outgoing import read
from bot.release.gates.checks import Outcome
from bot.runbook.runs import filled

KEPT_OUT: Final = frozenset({401, 403, 407, 429})
"""These say nothing of the health of what was asked, only that Rollcall may not ask."""


class Health:
    """Read health URLs."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def read(self, asked: Asked) -> Reading:
        """Return whether the address answers as the runbook expects."""
        want = asked.read
        assert want.url is not None
        url = URL(with_values(filled, want.url, quoted(asked.values)), encoded=True)
        contains = with_values(filled, want.contains or "", asked.values)
        async with fetched(self._session, url) as response:
            if not _is_expected(response.status, want.expect):
                return _unexpected(response)
            # What it is not about need not come whole.
            if contains and contains.encode() not in await read(response, LARGEST):
                return Reading(outcome=Outcome.FAILED, said="the answer does not contain what it should")
        return Reading(outcome=Outcome.PASSED)


def quoted(values: Mapping[str, str]) -> Mapping[str, str]:
    """Return values as they stand in an address, where none of their characters means anything."""
    return {name: quote(value, safe="") for name, value in values.items()}


def _is_expected(status: int, expected: int | None) -> bool:
    return 200 <= status <= 299 if expected is None else status == expected


def _unexpected(response: aiohttp.ClientResponse) -> Reading:
    """Return that it failed; Raises Unreadable where the answer is about something else."""
    if 300 <= response.status <= 399:
        raise Unreadable(f"{answered(response)}, and no redirect is followed")
    if response.status in KEPT_OUT:
        raise Unreadable(answered(response))
    return Reading(outcome=Outcome.FAILED, said=answered(response))
