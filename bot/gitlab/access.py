"""How Rollcall gets to GitLab, and how long it keeps away when asked to."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

import aiohttp
from yarl import URL

from bot.outgoing import TooLarge, read

LIMITED_S: Final = 60.0
"""How long GitLab is left alone when it limits and does not say for how long."""
LONGEST_REST_S: Final = 3_600.0
LARGEST: Final = 16 * 1024 * 1024
"""Bytes of one answer. A comparison of two commits has the whole text of what differs."""
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


class GitLab:
    """GitLab, as the user of one token, by whom all share how long it asks to be left alone.

    `api` is the address of its API.
    """

    def __init__(self, session: aiohttp.ClientSession, api: str, token: str) -> None:
        self.session = session
        self.api = api.rstrip("/")
        self.token = token
        self.rests_until = 0.0
        self._projects: dict[str, Project] = {}

    @property
    def here(self) -> str:
        """How it is called to people."""
        return f"{urlsplit(self.api).hostname}, the GitLab of GITLAB_URL"

    def has(self, address: str) -> bool:
        """Return whether a project of that address can be here."""
        try:
            return bool(named(address, self.api))
        except NoAccess:
            return False

    def at(self, address: str) -> "Project":
        """Return the project of an address. Raises NoAccess for one of another GitLab."""
        name = named(address, self.api)
        if name not in self._projects:
            self._projects[name] = Project(name, self)
        return self._projects[name]


class Project:
    """The API of GitLab for one project, named by its path such as `acme/shop`; all paths are below it."""

    def __init__(self, name: str, gitlab: GitLab) -> None:
        self.name = name
        self._gitlab = gitlab
        self._base = f"{gitlab.api}/projects/{quote(name, safe='')}"

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
        if not self._gitlab.token:
            raise NoAccess("Rollcall has no access to GitLab. Whoever runs it sets GITLAB_TOKEN.")
        if (left := self._gitlab.rests_until - _now()) > 0:
            raise Resting(f"GitLab is left alone for {left:.0f} seconds, as it has asked.")
        # The path of the project is one part of the address, so its slashes stay as they are written.
        url = URL(f"{self._base}{path}", encoded=True).with_query(query or {})
        headers = {"PRIVATE-TOKEN": self._gitlab.token}
        async with self._gitlab.session.request(
            method, url, json=data, headers=headers, allow_redirects=False
        ) as answer:
            if answer.status >= 300:
                if rest := rest_s(answer.status, answer.headers):
                    self._gitlab.rests_until = max(self._gitlab.rests_until, _now() + rest)
                raise Declined(answer.status, said_in(await answer.text(errors="replace")))
            return await _json(answer), answer.headers


async def _json(answer: aiohttp.ClientResponse) -> Any:
    """Return what an answer holds. Raises aiohttp.ClientPayloadError for what is too large, or no JSON."""
    try:
        return json.loads(await read(answer, LARGEST))
    except (TooLarge, ValueError, RecursionError) as fault:
        raise aiohttp.ClientPayloadError("What GitLab answers cannot be understood.") from fault


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
