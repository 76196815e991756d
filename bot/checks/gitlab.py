"""What GitLab has of one commit: the jobs of its pipelines, and what others have reported
(docs.gitlab.com, commits API, list commit statuses)."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import aiohttp

from bot.checks.ci import Found
from bot.checks.source import Unreadable
from bot.gitlab.access import PAGE, Declined, GitLab, NoAccess, Project, Resting
from bot.release.gates.checks import Outcome

MOST_PAGES: Final = 20
"""Pages of statuses that are read."""
STANDS: Final[Mapping[str, Outcome]] = {
    "success": Outcome.PASSED,
    "failed": Outcome.FAILED,
    "canceled": Outcome.FAILED,
}
"""How those stand that are over; all others are still to come."""
Told = Mapping[str, Any]


class AtGitLab:
    """The commits at GitLab."""

    def __init__(self, gitlab: GitLab) -> None:
        self.here = gitlab.here
        self.has = gitlab.has
        self._gitlab = gitlab

    async def found(self, address: str, commit: str) -> Found:
        """Return what GitLab has of a commit: of each name the newest. Raises Unreadable."""
        try:
            return await _of(self._gitlab.at(address), commit)
        except NoAccess as trouble:
            raise Unreadable(str(trouble).rstrip(".")) from None
        except Resting:
            raise Unreadable("GitLab has asked to be left alone for a while") from None
        except Declined as refusal:
            raise Unreadable(_answered(refusal)) from None
        except (aiohttp.ClientPayloadError, AttributeError, KeyError, TypeError, ValueError):
            raise Unreadable("what GitLab answers cannot be understood") from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise Unreadable("GitLab does not answer") from None


async def _of(project: Project, commit: str) -> Found:
    newest: dict[str, Told] = {}
    async for status in _every(project, f"/repository/commits/{commit}/statuses"):
        name = str(status["name"])
        if name not in newest or status["id"] > newest[name]["id"]:
            newest[name] = status
    return {name: {_stands(status)} for name, status in newest.items() if not _was_left_out(status)}


async def _every(project: Project, path: str) -> AsyncIterator[Told]:
    """Yield all that is listed, page by page, of which the last one is not full. Raises Unreadable."""
    for page in range(1, MOST_PAGES + 1):
        here = await project.get(path, per_page=str(PAGE), page=str(page))
        for status in here:
            yield status
        if len(here) < PAGE:
            return
    raise Unreadable(f"GitLab has more than {MOST_PAGES * PAGE:,} statuses of this commit")


def _was_left_out(status: Told) -> bool:
    """Return whether a job has not run and need not: so it says nothing, as if it were not there."""
    return status["status"] == "skipped" or (status["status"] == "manual" and bool(status["allow_failure"]))


def _stands(status: Told) -> Outcome:
    stands = STANDS.get(status["status"], Outcome.PENDING)
    return Outcome.PASSED if stands is Outcome.FAILED and status["allow_failure"] else stands


def _answered(refusal: Declined) -> str:
    if refusal.status == 404:
        return "GitLab shows no such commit to Rollcall"
    return f"GitLab answered {refusal.status}"
