"""What is asked for behind the question mark of an address. What does not fit is told, and answered 400."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from bot.ledger.listing import Place
from bot.release.ids import KEY, ReleaseKey
from bot.release.manifest import VERSION

MOST: Final = 100
USUAL: Final = 50
SERVICE: Final = re.compile("[a-z][a-z0-9-]{0,39}", re.ASCII)


class BadQuery(Exception):
    """Something that was asked for does not fit; the message says what would."""


class Query:
    """The query of a request. Raises BadQuery for a name that is not known, or given twice."""

    def __init__(self, request: web.Request, names: Sequence[str]) -> None:
        self._query = request.query
        for name in self._query:
            if name not in names:
                raise BadQuery(f"There is no parameter {_shown(name)}. Known are: {', '.join(names)}.")
            if len(self._query.getall(name)) > 1:
                raise BadQuery(f"Give {name} once.")

    def service(self) -> str | None:
        """Return the key of a service."""
        return self._shaped("service", SERVICE, "a key such as checkout")

    def version(self) -> str:
        """Return a version, which has to be given."""
        if version := self._shaped("version", VERSION, "one such as 1.4.0"):
            return version
        raise BadQuery("Name the version: ?version=1.4.0")

    def limit(self) -> int:
        """Return how many are asked for at most."""
        text = self._query.get("limit", str(USUAL))
        if not re.fullmatch("[0-9]{1,3}", text, re.ASCII) or not 1 <= int(text) <= MOST:
            raise BadQuery(f"limit is a number from 1 to {MOST}, not {_shown(text)}.")
        return int(text)

    def since(self) -> datetime | None:
        """Return a time from which on is asked."""
        text = self._query.get("since")
        return None if text is None else _moment("since", text)

    def after(self) -> Place | None:
        """Return the place after which the page begins, as the page before has named it."""
        text = self._query.get("after")
        if text is None:
            return None
        at, _, key = text.partition("~")
        if not KEY.fullmatch(key):
            raise BadQuery("after is what the page before has as next.")
        return Place(_moment("after", at), ReleaseKey(key))

    def _shaped(self, name: str, shape: re.Pattern[str], such: str) -> str | None:
        text = self._query.get(name)
        if text is not None and not shape.fullmatch(text):
            raise BadQuery(f"{name} has to be {such}, not {_shown(text)}.")
        return text


def next_after(place: Place) -> str:
    """Return what names the place after which the next page begins."""
    return f"{place.at.astimezone(UTC).isoformat().replace('+00:00', 'Z')}~{place.key}"


def _moment(name: str, text: str) -> datetime:
    try:
        # A plus sign that nobody has escaped comes as a space.
        at = datetime.fromisoformat(text.replace(" ", "+"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadQuery(
            f"{name} is a time such as 2026-11-29 or 2026-11-29T10:00:00Z, not {_shown(text)}."
        ) from None


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text[:60]) or "nothing"
