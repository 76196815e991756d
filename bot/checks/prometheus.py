"""A query of Prometheus that gives one number, and the limit that it keeps
(prometheus.io, HTTP API, instant queries)."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from operator import ge, gt, le, lt
from typing import Any, Final

import aiohttp
from yarl import URL

from bot.checks.fetch import LARGEST, answered, fetched
from bot.checks.source import Asked, Reading, Unreadable, with_values
from bot.outgoing import read
from bot.release.gates.checks import Outcome
from bot.runbook.checks import filled_query

KEEPS: Final[Mapping[str, Callable[[Decimal, Decimal], bool]]] = {
    "below": lt,
    "above": gt,
    "at_most": le,
    "at_least": ge,
}
JSON: Final = "application/json"
QUERY: Final = "/api/v1/query"
SHOWN: Final = 120
"""Characters of what Prometheus says that are shown."""


class Prometheus:
    """Read queries of Prometheus."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def read(self, asked: Asked) -> Reading:
        """Return whether the number keeps its limit. Raises Unreadable where there is not one number."""
        want = asked.read
        assert want.prometheus is not None
        assert want.server is not None
        query = with_values(filled_query, want.prometheus, asked.values)
        url = URL(want.server.rstrip("/") + QUERY).with_query(query=query)
        async with fetched(self._session, url) as response:
            number = _number(_told(response, await read(response, LARGEST)))
        name, keeps, limit = next(
            (name, keeps, limit)
            for name, keeps in KEEPS.items()
            if (limit := getattr(want, name)) is not None
        )
        if keeps(number, Decimal(limit)):
            return Reading(outcome=Outcome.PASSED)
        said = f"it is {number:.6g}, and not {name.replace('_', ' ')} {limit}"
        return Reading(outcome=Outcome.FAILED, said=said)


def _told(response: aiohttp.ClientResponse, body: bytes) -> Any:
    """Return the data of an answer. Raises Unreadable."""
    if response.content_type != JSON:
        how = "" if response.status == 200 else f"{answered(response)}, and "
        raise Unreadable(f"{how}not JSON, but {_short(response.content_type)}")
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable(f"{answered(response)}, and not JSON") from None
    match told:
        case {"warnings": [str() as warning, *_]}:
            raise Unreadable(f"Prometheus warns: {_short(warning)}")
        case {"status": "success", "data": data} if response.status == 200:
            return data
        case {"status": "error", "error": str() as error}:
            raise Unreadable(f"{answered(response)}: {_short(error)}")
        case _:
            raise Unreadable(f"{answered(response)}, and not as Prometheus does")


def _number(data: Any) -> Decimal:
    """Return the one number of an answer. Raises Unreadable where there is none, or several."""
    match data:
        case {"resultType": "scalar", "result": [_, str() as value]}:
            return _finite(value)
        case {"resultType": "vector", "result": [{"value": [_, str() as value]}]}:
            return _finite(value)
        case {"resultType": "vector", "result": []}:
            raise Unreadable("the query gives nothing")
        case {"resultType": "vector", "result": [_, _, *_] as series}:
            raise Unreadable(f"the query gives {len(series)} series, and not one")
        case {"resultType": str() as kind}:
            raise Unreadable(f"the query gives a {_short(kind)}, and not one number")
        case _:
            raise Unreadable("the answer is not as that of Prometheus")


def _finite(value: str) -> Decimal:
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise Unreadable(f"the query gives {_short(value)}, which is no number")
    return number


def _short(text: str) -> str:
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
