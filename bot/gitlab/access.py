"""How Rollcall gets to GitLab, and how long it keeps away when asked to."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

import aiohttp
from yarl import URL

LIMITED_S: Final = 60.0
"""How long GitLab is left alone when it limits and does not say for how long."""
LONGEST_REST_S: Final = 3_600.0
PAGE: Final = 100
"""How many GitLab lists at once, at most (docs.gitlab.com, REST API, pagination)."""


class NoAccess(Exception):
    """GitLab cannot be called, however often it is tried; the message says why."""


class Declined(Exception):
    """GitLab has answered with a status that is no success, and with why."""

    def __init__(self, status: int, said: str) -> None:
        self.status = status
        self.said = said
        super().__init__(f"GitLab answers {status}: {said}")


class Resting(Exception):
    """GitLab has said that it is called too often, so it is left alone for a while."""


class Project:
    """The API of GitLab for one project, named by its path such as `acme/shop`; all paths are below it."""

    def __init__(self, name: str, session: aiohttp.ClientSession, address: str, token: str) -> None:
        self.name = name
        self._session = session
        self._base = f"{address.rstrip('/')}/projects/{quote(name, safe='')}"
        self._token = token
        self._rests_until = 0.0

    async def get(self, path: str, **query: str) -> Any:
        """Read what is at a path. Raises NoAccess, Declined, Resting, and what aiohttp raises."""
        return (await self._call("GET", path, query=query))[0]

    async def each(self, path: str, **query: str) -> AsyncIterator[Any]:
        """Yield what a path below the project lists, page by page."""
        page = "1"
        while page:
            query |= {"per_page": str(PAGE), "page": page}
            found, headers = await self._call("GET", path, query=query)
            for one in found:
                yield one
            page = headers.get("X-Next-Page", "")

    async def send(self, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """Post to a path. Raises NoAccess, Declined, Resting, and what aiohttp raises."""
        return (await self._call("POST", path, data=data))[0]

    async def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> tuple[Any, Mapping[str, str]]:
        if not self._token:
            raise NoAccess("Rollcall has no access to GitLab. Whoever runs it sets GITLAB_TOKEN.")
        if (left := self._rests_until - _now()) > 0:
            raise Resting(f"GitLab is left alone for {left:.0f} seconds, as it has asked.")
        # The path of the project is one part of the address, so its slashes stay as they are written.
        url = URL(f"{self._base}{path}", encoded=True).with_query(query or {})
        headers = {"PRIVATE-TOKEN": self._token}
        async with self._session.request(
            method, url, json=data, headers=headers, allow_redirects=False
        ) as answer:
            if answer.status >= 300:
                if rest := rest_s(answer.status, answer.headers):
                    self._rests_until = _now() + rest
                raise Declined(answer.status, said_in(await answer.text(errors="replace")))
            return await answer.json(), answer.headers


def rest_s(status: int, headers: Mapping[str, str]) -> float | None:
    """Return how many seconds GitLab asks to be left alone; None where that is not what it says.

    `Retry-After` is in seconds, `RateLimit-Reset` a time (docs.gitlab.com, rate limits).
    """
    if status != 429:
        return None
    after, reset = headers.get("Retry-After", ""), headers.get("RateLimit-Reset", "")
    if after.isdigit():
        return min(float(after), LONGEST_REST_S)
    return max(1.0, min(float(reset) - time.time(), LONGEST_REST_S)) if reset.isdigit() else LIMITED_S


def said_in(body: str) -> str:
    """Return what an answer of GitLab says, which it writes in several ways."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return "no reason was given"
    match content:
        case {"message": message} | {"error": message}:
            return "; ".join(_words(message)) or "no reason was given"
        case _:
            return "no reason was given"


def named(address: str, api: str) -> str:
    """Return the path of a project by its address. Raises NoAccess for one of another GitLab."""
    parts = urlsplit(api)
    below = parts.path.rstrip("/").removesuffix("/api/v4")
    for host in (parts.netloc, parts.hostname):
        name = address.removeprefix(f"https://{host}{below}/")
        if name != address and "/" in name:
            return name.removesuffix("/").removesuffix(".git")
    here = f"{parts.hostname}{below}"
    raise NoAccess(
        f"The repository {address or 'of the runbook'} is not at {here}, the GitLab of GITLAB_URL."
    )


def _words(message: object) -> Iterator[str]:
    match message:
        case str():
            yield message
        case list():
            for one in message:
                yield from _words(one)
        case dict():
            for key, value in message.items():
                said = ", ".join(_words(value))
                yield said if key == "base" else f"{key} {said}"
        case _:
            yield str(message)


def _now() -> float:
    return asyncio.get_running_loop().time()
