"""Which release a deployment belongs to, and starting one for a deployment that belongs to none."""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.coordinator import Accepted, Answer, Coordinator
from bot.deployments.verdict import (
    SHORTEST,
    No,
    NotOurs,
    Verdict,
    Wait,
    belongs,
    goes_back,
    is_run_of,
    judge,
    no_stage,
    together,
    works_in,
)
from bot.ledger.progress.deployments import Deployment
from bot.ledger.reader import Reader
from bot.release.ids import ROLLCALL, ChannelId, ReleaseId, ReleaseKey, WorkspaceId
from bot.release.manifest import VERSION, Manifest
from bot.release.refusal import Code, Refused, sentences
from bot.release.release import Release
from bot.release.stages.drill import drills_of
from bot.release.stages.start import Start
from bot.release.state import State
from bot.runbook.files.read import Runbooks
from bot.runbook.model import HOMES, Runbook
from bot.runbook.problems import RunbookError

TAG: Final = re.compile(r"v?[0-9]+\.[0-9][A-Za-z0-9.+_-]*", re.ASCII)
"""A branch or tag that looks like a version. Nothing tells a tag from a branch, and those rarely do."""
UNREAD: Final = "nothing was read from a repository"
BROKEN: Final = "A runbook cannot be used, which may be the one of this repository."
_IN_A_MOMENT: Final = (Code.CANNOT_READ_PEOPLE,)
_OWN_WORDS: Final[Mapping[Code, str]] = {
    Code.LOCKED: "{service} is locked since a release was rolled back. The lock is lifted in Slack.",
    Code.RUNBOOK_BROKEN: "The runbook of {service} cannot be used. Check it with `rollcall lint`.",
}
"""What is told of refusals that say more than a pipeline should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The release to which a deployment belongs, and what it is told.

    Without a release, `services` are those of which one may come, or of which several decide together.
    """

    release: ReleaseKey | None = None
    services: tuple[str, ...] = ()
    verdict: Verdict


class Finding:
    """Find the releases of deployments."""

    def __init__(
        self, releases: Reader, runbooks: Runbooks, coordinator: Coordinator, workspace: WorkspaceId
    ) -> None:
        self._releases = releases
        self._runbooks = runbooks
        self._coordinator = coordinator
        self._workspace = workspace

    async def find(self, deployment: Deployment, known: ReleaseKey | None) -> Found:
        """Return the release of a deployment, and what it says; `known` is the one that was found before."""
        if known and (release := await self._releases.find(ReleaseId(self._workspace, known))):
            return await self._judged(deployment, release)
        try:
            services, broken = await asyncio.to_thread(self._services, deployment)
        except RunbookError:
            return Found(verdict=Wait("The runbooks cannot be read just now."))
        all_read, services = not broken, {**services, **await self._as_pinned(deployment, broken)}
        names = tuple(name for service in services for name in _with_drills(service))
        # Before the releases are looked at: a run that is known by then is found among theirs.
        begins = {name for name in names if await self._begins_a_run(deployment, name)}
        for name in names:
            if own := await self._of_its_run(deployment, name):
                return await self._judged(deployment, own)
        releases = [one for name in services if (one := await self._release(deployment, name))]
        if begins - {release.service for release in releases}:
            return Found(services=names, verdict=Wait())
        if not releases:
            return await self._without(deployment, services, all_read=all_read)
        there = {name for name, one in services.items() if _reaches(deployment, one)}
        if len(there | {release.service for release in releases}) == 1:
            return await self._judged(deployment, releases[0])
        if back := [release for release in releases if goes_back(deployment, release)]:
            # No gate of another service holds up the way back.
            return await self._judged(deployment, back[0])
        # Any of them may be meant, and another may come: none of them alone decides on it.
        verdicts = [await self._verdict(deployment, release) for release in releases]
        return Found(services=names, verdict=together(verdicts))

    def repositories(self) -> Sequence[str]:
        """Return the repositories that runbooks name, each once. Raises RunbookError."""
        read, _ = self._read()
        named = (runbook.repository for runbook in read.values() if runbook.repository)
        return list({_address(repository): repository for repository in named}.values())

    def _services(self, deployment: Deployment) -> tuple[Mapping[str, Runbook], Sequence[str]]:
        """Return the services of its repository with their runbooks, and those whose cannot be used."""
        read, broken = self._read()
        return {name: one for name, one in read.items() if _is_of(deployment, one)}, broken

    def _read(self) -> tuple[Mapping[str, Runbook], Sequence[str]]:
        """Return the services whose runbooks can be used, and those whose cannot be."""
        read, broken = dict[str, Runbook](), list[str]()
        for service in self._runbooks.services():
            try:
                read[service] = self._runbooks.for_service(service)
            except RunbookError:
                broken.append(service)
        return read, broken

    async def _as_pinned(self, deployment: Deployment, broken: Iterable[str]) -> Mapping[str, Runbook]:
        """Return the runbooks of open releases of its repository whose file is broken by now."""
        found = {}
        for service in broken:
            _, going_out = await self._releases.of_service(self._workspace, service)
            if going_out and _is_of(deployment, going_out.runbook):
                found[service] = going_out.runbook
        return found

    async def _of_its_run(self, deployment: Deployment, service: str) -> Release | None:
        """Return the release of a service of which a deployment is a run, even when that has ended."""
        completed, going_out = await self._releases.of_service(self._workspace, service)
        newest = await self._releases.newest(self._workspace, service)
        lately = (going_out, completed, newest)
        return next((one for one in lately if one and is_run_of(deployment, one)), None)

    async def _release(self, deployment: Deployment, service: str) -> Release | None:
        """Return the open release of a service, or the one in production, if the deployment belongs to it,
        and it works in its environment."""
        completed, going_out = await self._releases.of_service(self._workspace, service)
        release = going_out or completed
        if release is None or not _reaches(deployment, release.runbook):
            return None
        return release if belongs(deployment, release) else None

    async def _judged(self, deployment: Deployment, release: Release) -> Found:
        return Found(release=release.key, verdict=await self._verdict(deployment, release))

    async def _verdict(self, deployment: Deployment, release: Release) -> Verdict:
        verdict = judge(deployment, release)
        if release.state is State.COMPLETED and not isinstance(verdict, NotOurs):
            completed, _ = await self._releases.of_service(self._workspace, release.service)
            if completed and completed.key != release.key:
                return No(f"{release.key} is not in production any more; {completed.key} is.")
        return verdict

    async def _without(
        self, deployment: Deployment, services: Mapping[str, Runbook], *, all_read: bool
    ) -> Found:
        """Return what is said to a deployment that belongs to no release; where it can, start one."""
        where = deployment.environment
        fitting = tuple(name for name, runbook in services.items() if works_in(where, runbook.stages))
        if not fitting:
            return Found(verdict=_unknown(deployment, services) if all_read else Wait(BROKEN))
        channel = services[fitting[0]].channel
        if len(fitting) > 1 or channel is None:
            return Found(services=fitting, verdict=Wait(_to_start(deployment, " or ".join(fitting))))
        answer = await self._start(deployment, fitting[0], ChannelId(channel))
        if isinstance(answer, Refused):
            return Found(services=fitting, verdict=_refused(answer, fitting[0]))
        return await self._judged(deployment, answer.release)

    async def _begins_a_run(self, deployment: Deployment, service: str) -> bool:
        """Return whether it may turn out in a moment that the pipeline is a run of Rollcall's own."""
        _, going_out = await self._releases.of_service(self._workspace, service)
        run = going_out.run if going_out else None
        if going_out is None or run is None or not _reaches(deployment, going_out.runbook):
            return False
        return run.order.by in HOMES and run.began is None and run.ended is None

    async def _start(self, deployment: Deployment, service: str, channel: ChannelId) -> Answer:
        """Start a release: of its tag, or of its commit where that is no version."""
        *tags, commit = (
            Start(
                workspace=self._workspace,
                by=ROLLCALL,
                channel=channel,
                service=service,
                version=version,
                note=_note(deployment),
                manifest=Manifest(commit=deployment.commit, unread=UNREAD),
            )
            for version in _versions(deployment)
        )
        for start in tags:
            answer = await self._coordinator.handle(start)
            if isinstance(answer, Accepted) or answer.code is not Code.VERSION_UNKNOWN:
                return answer
        return await self._coordinator.handle(commit)


def _reaches(deployment: Deployment, runbook: Runbook) -> bool:
    """Return whether a stage works in the environment of a deployment, or the way back does."""
    return works_in(deployment.environment, [*runbook.stages, runbook.way_back])


def _is_of(deployment: Deployment, runbook: Runbook) -> bool:
    return _address(runbook.repository or "") == _address(deployment.repository)


def _with_drills(service: str) -> Sequence[str]:
    return service, drills_of(service)


def _unknown(deployment: Deployment, services: Mapping[str, Runbook]) -> NotOurs:
    """Say that nothing is released from a repository, or into an environment."""
    if services:
        return NotOurs(no_stage(deployment, services))
    return NotOurs(f"No runbook names the repository {deployment.repository}.")


def _versions(deployment: Deployment) -> Sequence[str]:
    """Return as what a deployment can be released: as its tag, or else as its commit."""
    tag = deployment.ref.removeprefix("refs/tags/")
    commit = deployment.commit[:SHORTEST]
    return [tag, commit] if TAG.fullmatch(tag) and VERSION.fullmatch(tag) else [commit]


def _note(deployment: Deployment) -> str:
    by = f" by {deployment.sender}" if deployment.sender else ""
    ref = deployment.ref.removeprefix("refs/heads/").removeprefix("refs/tags/") or "a commit"
    what = f"waits to deploy {ref} to {deployment.environment}"
    return f"A pipeline was begun{by}, and {what}: {deployment.pipeline}"


def _to_start(deployment: Deployment, service: str) -> str:
    return (
        f"It belongs to no open release of {service}. Start the release of {deployment.commit[:SHORTEST]}"
        " in Slack; then this waits for it."
    )


def _refused(refused: Refused, service: str) -> Verdict:
    if refused.code in _IN_A_MOMENT:
        return Wait()
    told = _OWN_WORDS.get(refused.code, sentences(refused.because, refused.instead))
    text = told.format(service=service) if refused.code in _OWN_WORDS else told
    return No(text) if refused.code is Code.ALREADY_RELEASED else Wait(f"No release was started. {text}")


def _address(repository: str) -> str:
    return repository.casefold().rstrip("/").removesuffix(".git")
