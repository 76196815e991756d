"""What GitHub has of one commit: its statuses and its check runs (docs.github.com, REST API of both)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Final

import aiohttp
from gidgethub import GitHubException, HTTPException

from bot.checks.ci import Found
from bot.checks.source import Unreadable
from bot.github.access import GitHub, NoAccess, Repository, Resting
from bot.release.gates.checks import Outcome

PASSED: Final = frozenset({"success", "neutral", "skipped"})
"""The conclusions with which GitHub itself lets a change through."""
STATUSES: Final[Mapping[str, Outcome]] = {"success": Outcome.PASSED, "pending": Outcome.PENDING}


class AtGitHub:
    """The commits at GitHub."""

    def __init__(self, github: GitHub) -> None:
        self.here = github.here
        self.has = github.has
        self._github = github

    async def found(self, address: str, commit: str) -> Found:
        """Return what GitHub has of a commit: of each name all that there is now. Raises Unreadable."""
        try:
            return await _of(self._github.at(address), commit)
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


async def _of(repository: Repository, commit: str) -> Found:
    found = defaultdict[str, set[Outcome]](set)
    for status in await _every(repository, f"/commits/{commit}/status?", "statuses"):
        found[str(status["context"])].add(STATUSES.get(status["state"], Outcome.FAILED))
    for run in await _every(repository, f"/commits/{commit}/check-runs?filter=latest&", "check_runs"):
        found[str(run["name"])].add(_stands(run))
    return found


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


def _answered(fault: HTTPException) -> str:
    match int(fault.status_code):
        case 404 | 422:
            return "GitHub shows no such commit to Rollcall"
        case status:
            return f"GitHub answered {status}"
