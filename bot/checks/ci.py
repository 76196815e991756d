"""What GitHub has of one commit: its statuses and its check runs (docs.github.com, REST API of both)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any, Final

import aiohttp
from gidgethub import GitHubException, HTTPException

from bot.checks.source import Asked, Reading, Unreadable
from bot.github.access import App, NoAccess, Repository, Resting, Token, named
from bot.release.gates.checks import Outcome

PASSED: Final = frozenset({"success", "neutral", "skipped"})
"""The conclusions with which GitHub itself lets a change through."""
STATUSES: Final[Mapping[str, Outcome]] = {"success": Outcome.PASSED, "pending": Outcome.PENDING}
SHOWN: Final = 5
"""Names that a reason holds."""
SHOWN_OF_A_NAME: Final = 60

Found = Mapping[str, set[Outcome]]
"""Name -> how those of that name stand."""


class Ci:
    """Read the commit of a release at GitHub. `api` is the address of its API."""

    def __init__(self, session: aiohttp.ClientSession, api: str, access: Token | App | None) -> None:
        self._session = session
        self._api = api
        self._access = access
        self._repositories: dict[str, Repository] = {}

    async def read(self, asked: Asked) -> Reading:
        """Return whether all that is asked for has passed for the very commit of the release."""
        assert asked.read.ci is not None
        if not (commit := asked.values.get("commit")):
            raise Unreadable("the commit of this release is not known")
        try:
            return _weighed(asked.read.ci, await self._found(asked.repository, commit))
        except NoAccess as trouble:
            raise Unreadable(str(trouble).rstrip(".")) from None
        except Resting:
            raise Unreadable("GitHub has asked to be left alone for a while") from None
        except HTTPException as fault:
            raise Unreadable(_answered(fault)) from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise Unreadable("GitHub does not answer") from None
        except (GitHubException, KeyError, TypeError, ValueError):
            raise Unreadable("what GitHub answers cannot be understood") from None

    async def _found(self, address: str, commit: str) -> Found:
        """Return what GitHub has of a commit: of each name all that there is now."""
        repository, found = self._repository(address), defaultdict[str, set[Outcome]](set)
        for status in await _every(repository, f"/commits/{commit}/status?", "statuses"):
            found[str(status["context"])].add(STATUSES.get(status["state"], Outcome.FAILED))
        for run in await _every(repository, f"/commits/{commit}/check-runs?filter=latest&", "check_runs"):
            found[str(run["name"])].add(_stands(run))
        return found

    def _repository(self, address: str) -> Repository:
        name = named(address, self._api)
        if name not in self._repositories:
            self._repositories[name] = Repository(name, self._session, self._api, self._access)
        return self._repositories[name]


async def _every(repository: Repository, path: str, key: str) -> Sequence[Any]:
    """Return all that is listed, page by page. Raises ValueError where it is less than there should be."""
    found: list[Any] = []
    for page in count(1):
        told = await repository.get(f"{path}per_page=100&page={page}")
        found += told[key]
        if len(found) >= told["total_count"]:
            break
        if not told[key]:
            raise ValueError("The list is shorter than it says.")
    return found


def _stands(run: Mapping[str, Any]) -> Outcome:
    """Return how a check run stands, which has a conclusion once it is completed."""
    if run["status"] != "completed":
        return Outcome.PENDING
    return Outcome.PASSED if run["conclusion"] in PASSED else Outcome.FAILED


def _weighed(names: Iterable[str], found: Found) -> Reading:
    """Return what comes of it: one failure is enough, and what is not there or not done has not passed."""
    wanted = tuple(names) or tuple(found)
    if failed := [name for name in wanted if Outcome.FAILED in found.get(name, ())]:
        return Reading(outcome=Outcome.FAILED, said=_listed(failed))
    if open_ := [name for name in wanted if found.get(name, {Outcome.PENDING}) != {Outcome.PASSED}]:
        return Reading(outcome=Outcome.PENDING, said=_listed(open_))
    if not wanted:
        return Reading(outcome=Outcome.PENDING, said="nothing has reported on this commit yet")
    return Reading(outcome=Outcome.PASSED)


def _listed(names: Iterable[str]) -> str:
    """Return names in one line, as far as they can be seen and there is room."""
    seen = sorted("".join(c if c.isprintable() else " " for c in name)[:SHOWN_OF_A_NAME] for name in names)
    more = [f"and {len(seen) - SHOWN} more"] if len(seen) > SHOWN else []
    return ", ".join([*seen[:SHOWN], *more])


def _answered(fault: HTTPException) -> str:
    match int(fault.status_code):
        case 404 | 422:
            return "GitHub shows no such commit to Rollcall"
        case status:
            return f"GitHub answered {status}"
