"""Deployments that GitLab blocks: Rollcall is one of those whose approval a protected environment needs.

GitLab tells nobody that a deployment is blocked. So what is blocked is looked for, in the projects of
runbooks.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

from bot.deployments.finding import Finding
from bot.gitlab.access import Declined, GitLab, NoAccess, Project
from bot.ledger.progress.deployments import Deployment
from bot.runbook.problems import RunbookError

log = logging.getLogger(__name__)

LONGEST: Final = 255
"""Characters of a comment on an approval (gitlab-org/gitlab, `Deployments::Approval`)."""
BLOCKED: Final = "blocked"
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def read(told: Any, repository: str) -> Deployment | None:
    """Return a deployment as GitLab tells it; None of one without a pipeline, of which nothing can go on."""
    match told:
        case {
            "id": int(number),
            "sha": str(commit),
            "ref": str(ref),
            "environment": {"name": str(environment)},
            "deployable": {"pipeline": {"web_url": str(pipeline)}},
        } if _COMMIT.fullmatch(commit):
            pass
        case _:
            return None
    user = told.get("user") or {}
    return Deployment(
        repository=repository,
        pipeline=pipeline,
        environment=environment,
        number=str(number),
        commit=commit,
        ref=ref,
        sender=str(user.get("username", "")),
    )


class Approvals:
    """Approve and reject at GitLab, as the user of a token."""

    def __init__(self, gitlab: GitLab) -> None:
        self._gitlab = gitlab

    def has(self, deployment: Deployment) -> bool:
        """Return whether a deployment is at this GitLab."""
        return self.name(deployment.repository) is not None

    def name(self, repository: str) -> str | None:
        """Return the path of the project of a repository, or None of one that is elsewhere."""
        try:
            return self._gitlab.at(repository).name
        except NoAccess:
            return None

    async def blocked(self, repository: str) -> AsyncIterator[Deployment]:
        """Yield the deployments that are blocked in a project."""
        async for told in self._project(repository).each("/deployments", status=BLOCKED):
            if deployment := read(told, repository):
                yield deployment

    async def answer(self, deployment: Deployment, *, go: bool, because: str) -> None:
        """Approve or reject a deployment. GitLab refuses that where it is decided; then it was."""
        told = {"status": "approved" if go else "rejected", "comment": because[:LONGEST]}
        try:
            await self._project(deployment.repository).send(f"{_path(deployment)}/approval", told)
        except Declined as refusal:
            # It answers that, too, where Rollcall is none of those who may approve.
            if refusal.status != 400 or await self.waits(deployment):
                raise
            log.info("GitLab needs no answer any more: %s", refusal)

    async def turn_away(self, deployment: Deployment, because: str) -> bool:
        """Leave a deployment to the others who may approve it."""
        return False

    async def tell(self, deployment: Deployment, because: str) -> None:
        """Say nothing: GitLab shows nothing of a deployment that is not decided."""

    async def waits(self, deployment: Deployment) -> bool:
        """Return whether a deployment still waits for an approval, be it of others."""
        return _waits(await self._project(deployment.repository).get(_path(deployment)))

    def _project(self, repository: str) -> Project:
        if not self._gitlab.token:
            raise NoAccess("Rollcall approves nothing at GitLab. Whoever runs it sets GITLAB_APPROVER_TOKEN.")
        return self._gitlab.at(repository)


class Blocked:
    """Look for what is blocked in the projects that runbooks name, and have each `asked` about."""

    def __init__(
        self, approvals: Approvals, finding: Finding, asked: Callable[[Deployment], Awaitable[None]]
    ) -> None:
        self._approvals = approvals
        self._finding = finding
        self._asked = asked
        self._unread: set[str] = set()

    async def look_at_all(self) -> None:
        """Look at all projects. One that cannot be read is left for the next time, and logged once."""
        for repository in (await self._projects()).values():
            await self._look(repository)

    async def look_at(self, project: str) -> None:
        """Look at the project with a path such as `acme/shop`, if a runbook names it."""
        if repository := (await self._projects()).get(project.casefold()):
            await self._look(repository)

    async def _projects(self) -> Mapping[str, str]:
        """Return the repositories here that runbooks name, by the paths of their projects in lower case."""
        try:
            repositories = await asyncio.to_thread(self._finding.repositories)
        except RunbookError as trouble:
            log.warning("What is blocked at GitLab is not looked for: %s", trouble)
            return {}
        names = ((self._approvals.name(repository), repository) for repository in repositories)
        return {name.casefold(): repository for name, repository in names if name}

    async def _look(self, repository: str) -> None:
        try:
            async for deployment in self._approvals.blocked(repository):
                await self._asked(deployment)
            self._unread.discard(repository)
        except Exception as fault:
            if repository not in self._unread:
                log.warning("What is blocked in %s cannot be read now.", repository, exc_info=fault)
            self._unread.add(repository)


def _waits(told: Any) -> bool:
    """Return whether a deployment waits for approvals; with all of them it stays blocked until somebody runs
    its job, and GitLab tells how many it still needs."""
    return bool(told["status"] == BLOCKED) and told.get("pending_approval_count") != 0


def _path(deployment: Deployment) -> str:
    return f"/deployments/{deployment.number}"
