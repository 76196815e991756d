"""How Rollcall gets to GitHub, with a token or as a GitHub App, and how long it keeps away when asked to."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from gidgethub import HTTPException, RateLimitExceeded
from gidgethub.aiohttp import GitHubAPI
from gidgethub.apps import get_installation_access_token, get_jwt
from jwt import InvalidKeyError

RENEWED_S: Final = 300.0
"""How long before it expires the token of an installation is renewed; it lives for an hour."""
LIMITED_S: Final = 60.0
"""How long GitHub is left alone when it limits and does not say for how long (docs.github.com, rate limits
for the REST API)."""
LONGEST_REST_S: Final = 3_600.0
_REPOSITORY: Final = re.compile(r"https://(?P<host>[^/]+)/(?P<name>[^/]+/[^/]+?)(?:\.git)?/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token of a person or of an organization."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A GitHub App, with its private key as PEM."""

    id: str
    key: str = field(repr=False)


class NoAccess(Exception):
    """GitHub cannot be called, however often it is tried; the message says why."""


class Resting(Exception):
    """GitHub has said that it is called too often, so it is left alone for a while."""


def rest_s(error: HTTPException) -> float | None:
    """Return how many seconds GitHub asks to be left alone; None where that is not what it says."""
    if error.status_code not in (403, 429):
        return None
    after, reset = (error.headers.get(name, "") for name in ("retry-after", "x-ratelimit-reset"))
    if after.isdigit():
        return min(float(after), LONGEST_REST_S)
    if isinstance(error, RateLimitExceeded) or error.headers.get("x-ratelimit-remaining") == "0":
        return max(1.0, min(float(reset) - time.time(), LONGEST_REST_S)) if reset.isdigit() else LIMITED_S
    return LIMITED_S if error.status_code == 429 or "rate limit" in str(error).lower() else None


class GitHub:
    """GitHub, as Rollcall gets there: with one access, by which all share how long it asks to be left alone.

    `api` is the address of its API. It counts the calls of a token together, and those of an app for each
    owner by themselves (docs.github.com, Rate limits for the REST API).
    """

    def __init__(self, session: aiohttp.ClientSession, api: str, access: Token | App | None) -> None:
        self.session = session
        self.api = api
        self.access = access
        self._rests_until: dict[str, float] = {}
        self._repositories: dict[str, Repository] = {}

    @property
    def here(self) -> str:
        """How it is called to people."""
        return f"{_host(self.api)}, the GitHub of GITHUB_URL"

    def has(self, address: str) -> bool:
        """Return whether a repository of that address can be here."""
        try:
            return bool(named(address, self.api))
        except NoAccess:
            return False

    def left_alone_s(self, repository: str) -> float:
        """Return for how many seconds nothing of a repository is to be asked; 0 or less for none."""
        return self._rests_until.get(self._counted(repository), 0.0) - _now()

    def rests(self, repository: str, seconds: float) -> None:
        """Ask nothing for so long for which GitHub counts the calls together with those for a repository."""
        counted = self._counted(repository)
        self._rests_until[counted] = max(self._rests_until.get(counted, 0.0), _now() + seconds)

    def _counted(self, repository: str) -> str:
        return repository.split("/")[0] if isinstance(self.access, App) else ""

    def at(self, address: str) -> "Repository":
        """Return the repository of an address. Raises NoAccess for one of another GitHub."""
        name = named(address, self.api)
        if name not in self._repositories:
            self._repositories[name] = Repository(name, self)
        return self._repositories[name]


class Repository(GitHubAPI):
    """The API of GitHub for one repository, named `owner/name`."""

    def __init__(self, name: str, github: GitHub) -> None:
        super().__init__(github.session, "rollcall", base_url=github.api)
        self.name = name
        self._github = github
        self._token, self._renewed_at = "", 0.0

    async def get(self, path: str) -> Any:
        """Read what is at a path below the repository. Raises what gidgethub raises, and Resting."""
        return await self.getitem(f"/repos/{self.name}{path}", oauth_token=await self._oauth())

    async def each(self, path: str, key: str, **query: str) -> AsyncIterator[Any]:
        """Yield what a path below the repository lists under a key, page by page."""
        query |= {"per_page": "100"}
        url = f"/repos/{self.name}{path}{{?{','.join(query)}}}"
        async for one in self.getiter(url, query, oauth_token=await self._oauth(), iterable_key=key):
            yield one

    async def send(self, path: str, data: Any = b"") -> Any:
        """Post to a path below the repository. Raises what gidgethub raises, and Resting."""
        return await self.post(f"/repos/{self.name}{path}", data=data, oauth_token=await self._oauth())

    async def manage_rate_limit(self, *, method: str, url: str) -> None:
        """Keep away as long as GitHub has asked for it."""
        if (left := self._github.left_alone_s(self.name)) > 0:
            raise Resting(f"GitHub is left alone for {left:.0f} seconds, as it has asked.")

    async def handle_rate_limit_error(
        self, *, method: str, url: str, exception: HTTPException, attempt: int
    ) -> bool:
        """Note how long GitHub asks to be left alone, and that a token is no longer accepted.

        The call itself is not made again.
        """
        if exception.status_code == 401:
            self._renewed_at = 0.0
        if rest := rest_s(exception):
            self._github.rests(self.name, rest)
        return False

    async def _oauth(self) -> str:
        """Return the token to call with. Raises NoAccess where there is none."""
        match self._github.access:
            case Token(token=token):
                return token
            case App() as app:
                if _now() >= self._renewed_at:
                    await self._renew(app)
                return self._token
            case None:
                raise NoAccess(
                    "Rollcall has no access to GitHub. Whoever runs it sets GITHUB_TOKEN, or GITHUB_APP_ID"
                    " and GITHUB_APP_KEY_FILE."
                )

    async def _renew(self, app: App) -> None:
        """Get a token for the installation of the app at the repository."""
        found = await self.getitem(f"/repos/{self.name}/installation", jwt=signed_in(app))
        got = await get_installation_access_token(
            self, installation_id=str(found["id"]), app_id=app.id, private_key=app.key
        )
        lives_s = datetime.fromisoformat(got["expires_at"]).timestamp() - time.time()
        self._token, self._renewed_at = got["token"], _now() + lives_s - RENEWED_S


def signed_in(app: App) -> str:
    """Return the token by which an app says that it is itself. Raises NoAccess where its key is none."""
    try:
        return get_jwt(app_id=app.id, private_key=app.key)
    except (InvalidKeyError, ValueError) as fault:
        raise NoAccess("The file of GITHUB_APP_KEY_FILE holds no private key of a GitHub App.") from fault


def named(address: str, api: str) -> str:
    """Return `owner/name` of a repository by its address. Raises NoAccess for one of another GitHub."""
    found = _REPOSITORY.fullmatch(address)
    here = _host(api)
    if found is None or found["host"] != here:
        raise NoAccess(
            f"The repository {address or 'of the runbook'} is not at {here}, the GitHub of GITHUB_URL."
        )
    return found["name"]


def _host(api: str) -> str:
    return (urlsplit(api).hostname or "").removeprefix("api.")


def _now() -> float:
    return asyncio.get_running_loop().time()
