"""Deployments that GitHub asks about: Rollcall is a custom deployment protection rule there."""

import logging
import re
from typing import Any, Final

from gidgethub import HTTPException

from bot.deployments.platform import LONGEST
from bot.github.access import GitHub, NoAccess, Repository, named
from bot.ledger.progress.deployments import Deployment

log = logging.getLogger(__name__)

_FULL_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}")
_CALLBACK: Final = r"{}/repos/{}/actions/runs/(?P<run>[0-9]{{1,20}})/deployment_protection_rule"
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
LONGEST_NAME: Final = 255
"""Characters of an environment, a branch or a tag (docs.github.com, managing environments)."""


class Unanswerable(Exception):
    """What GitHub asks about cannot be answered; the message says why."""


def read(content: Any, api: str) -> Deployment:
    """Return the deployment about which GitHub asks. Raises Unanswerable.

    The address to which the answer should go is only believed where it is one of GitHub's own API.
    """
    match content:
        case {
            "action": "requested",
            "environment": str(environment),
            "deployment_callback_url": str(callback),
            "repository": {"full_name": str(name), "html_url": str(address)},
        } if _FULL_NAME.fullmatch(name):
            pass
        case _:
            raise Unanswerable("It does not say which environment of which repository it is about.")
    here = _CALLBACK.format(re.escape(api.rstrip("/")), re.escape(name))
    found = re.fullmatch(here, callback, re.IGNORECASE)
    if found is None or not _is_here(address, name, api):
        raise Unanswerable(
            "Its deployment_callback_url or its repository is not at the GitHub of GITHUB_URL."
        )
    deployment = content.get("deployment")
    told = deployment if isinstance(deployment, dict) else {}
    commit = told.get("sha") or content.get("sha")
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise Unanswerable("It does not say which commit is deployed.")
    if not _is_plain(environment):
        raise Unanswerable("The name of its environment cannot be read.")
    repository = address.rstrip("/")
    return Deployment(
        repository=repository,
        pipeline=f"{repository}/actions/runs/{found['run']}",
        environment=environment,
        number=_number(told.get("id")),
        commit=commit,
        ref=_plain(content.get("ref")) or _plain(told.get("ref")),
        sender=_sender(content.get("sender")),
    )


class Rules:
    """Answer GitHub, as the app whose rule asks."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    async def answer(self, deployment: Deployment, *, go: bool, because: str) -> None:
        """Approve or reject a deployment. GitHub refuses to decide one twice; then it was decided."""
        try:
            await self._review(deployment, because, state="approved" if go else "rejected")
        except HTTPException as error:
            if not await self._is_decided(deployment, error):
                raise
            log.info("GitHub needs no answer any more: %s", error)

    def has(self, deployment: Deployment) -> bool:
        """Return whether a deployment is at this GitHub."""
        return self._github.has(deployment.repository)

    async def turn_away(self, deployment: Deployment, because: str) -> bool:
        """Reject a deployment: the rule asks Rollcall, and nobody else answers for it."""
        await self.answer(deployment, go=False, because=because)
        return True

    async def tell(self, deployment: Deployment, because: str) -> None:
        """Report on what a deployment waits. Where GitHub takes no report, it goes without."""
        try:
            await self._review(deployment, because)
        except HTTPException as error:
            if error.status_code != 422:
                raise
            log.info("GitHub takes no report: %s", error)

    async def waits(self, deployment: Deployment) -> bool:
        """Return whether some rule of its environment keeps a deployment waiting."""
        pending = await self._repository(deployment).get(f"{_run(deployment)}/pending_deployments")
        names = (str(one["environment"]["name"]).casefold() for one in pending)
        return deployment.environment.casefold() in names

    async def _is_decided(self, deployment: Deployment, error: HTTPException) -> bool:
        match int(error.status_code):
            case 422:
                return True
            case 404:  # GitHub answers that, too, where Rollcall may not see it.
                return not await self.waits(deployment)
            case _:
                return False

    async def _review(self, deployment: Deployment, comment: str, **state: str) -> None:
        told = {"environment_name": deployment.environment, "comment": comment[:LONGEST], **state}
        await self._repository(deployment).send(f"{_run(deployment)}/deployment_protection_rule", told)

    def _repository(self, deployment: Deployment) -> Repository:
        return self._github.at(deployment.repository)


def _run(deployment: Deployment) -> str:
    return deployment.pipeline.removeprefix(deployment.repository)


def _is_here(address: str, name: str, api: str) -> bool:
    try:
        return named(address, api).casefold() == name.casefold()
    except NoAccess:
        return False


def _number(id_: object) -> str:
    return str(id_) if isinstance(id_, int) and not isinstance(id_, bool) else ""


def _sender(sender: object) -> str:
    return _plain(sender.get("login")) if isinstance(sender, dict) else ""


def _plain(text: object) -> str:
    return text if isinstance(text, str) and _is_plain(text) else ""


def _is_plain(text: str) -> bool:
    return text.isprintable() and 0 < len(text) <= LONGEST_NAME
