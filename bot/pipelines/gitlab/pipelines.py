"""Pipelines of GitLab, started by its API.

The answer to a start may be lost. So a pipeline is told in the variable `ROLLCALL_RUN` which run of which
release it is, by which it is found again. Who has started a pipeline may read its variables, so the token
needs no more rights for that, and the pipeline no change.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Final

import aiohttp

from bot.gitlab.access import Declined, GitLab, NoAccess, Project, Resting
from bot.pipelines.gitlab.told import ENDED, MANUAL, Told, id_in, progress, why_failed
from bot.pipelines.provider import Ended, Job, NotStarted
from bot.pipelines.said import as_reason, readable
from bot.runbook.runs import OWN_VARIABLE

SETTLES: Final = timedelta(seconds=60)
"""How long GitLab may take to show a pipeline that it has started."""
EARLIER: Final = timedelta(minutes=1)
"""How far the clock of GitLab may be behind."""
OUTPUT_S: Final = 1.5
"""Slack waits three seconds for what a press opens."""
MESSAGE: Final = 200
"""Characters of what GitLab answers, as a reason quotes them."""


class Pipelines:
    """Run pipelines; `poll_s` is the time between two looks at one."""

    def __init__(
        self,
        gitlab: GitLab,
        poll_s: float,
        settles: timedelta = SETTLES,
    ) -> None:
        self._gitlab = gitlab
        self._poll_s = poll_s
        self._settles = settles

    def poll_s(self, job: Job) -> float:
        """Return the time between two looks at a pipeline."""
        return self._poll_s

    def settles(self, job: Job) -> timedelta:
        """Return how long a pipeline that was started may take to be seen."""
        return self._settles

    async def start(self, job: Job) -> str:
        """Start a pipeline. Raises NotStarted where GitLab refuses it, and whatever else goes wrong."""
        try:
            return await self._start(job)
        except NoAccess as trouble:
            raise NotStarted(str(trouble)) from trouble

    async def find(self, job: Job) -> str | None:
        """Return where a pipeline can be watched that has the name of the run in its variables, or None."""
        async for pipeline, names in self._candidates(job):
            if names and job.id in names:
                return str(pipeline["web_url"])
        return None

    async def look(self, job: Job) -> Ended | None:
        """Return how a pipeline ended; what is retried at GitLab after that was seen changes nothing."""
        pipeline = await self._project(job).get(f"/pipelines/{id_in(job.link)}")
        if pipeline["status"] not in ENDED:
            return None
        if pipeline["status"] == "success":
            return Ended(passed=True, said="")
        return Ended(passed=False, said=as_reason(why_failed(pipeline, await self._jobs(job))))

    async def stop(self, job: Job) -> bool | None:
        """Cancel a pipeline; one that has ended, or is not there, is left alone."""
        link = job.link
        try:
            if not link:
                link = (await self.find(job) if job.tried else None) or ""
            return await self._cancel(job, link) if link else None
        except Declined as refusal:
            if refusal.status != 404:
                raise
            # It was deleted, or there is no project in which it could be looked for.
            return True if link else None

    async def output(self, job: Job) -> str:
        """Return the jobs of a pipeline, each with how it stands and when it ran."""
        if not job.link:
            return ""
        try:
            async with asyncio.timeout(OUTPUT_S):
                return "\n".join(progress(await self._jobs(job)))
        except (aiohttp.ClientError, Declined, NoAccess, Resting, TimeoutError):
            return f"GitLab does not say now how far it is. See {job.link}"

    async def _start(self, job: Job) -> str:
        if job.tried and (link := await self._started_before(job)):
            return link
        project = self._project(job)
        given = {**dict(job.order.inputs), OWN_VARIABLE: job.id}
        variables = [{"key": name, "value": value} for name, value in given.items()]
        try:
            began = await project.send("/pipeline", {"ref": job.order.ref, "variables": variables})
        except Declined as refusal:
            if refusal.status >= 500 or refusal.status in (408, 429):
                raise
            raise NotStarted(_refused(job, project.name, refusal)) from refusal
        return str(began["web_url"])

    async def _cancel(self, job: Job, link: str) -> bool:
        """Cancel a pipeline unless it has ended; return whether it has.

        One that waits for somebody to play a job cannot be cancelled. Nothing of it runs: it counts as over.
        """
        project, pipeline = self._project(job), f"/pipelines/{id_in(link)}"
        if (await project.get(pipeline))["status"] in (*ENDED, MANUAL):
            return True
        await project.send(f"{pipeline}/cancel")
        return False

    def _project(self, job: Job) -> Project:
        return self._gitlab.at(job.order.repository)

    async def _candidates(self, job: Job) -> AsyncIterator[tuple[Told, Sequence[str] | None]]:
        """Yield the pipelines that may be this one, the newest first, each with the run that it is.

        That is None where the variables of one may not be read, as it is with those that others have started.
        """
        project = self._project(job)
        since = f"{job.asked - EARLIER:%Y-%m-%dT%H:%M:%SZ}"
        found = project.each("/pipelines", source="api", ref=job.order.ref, created_after=since)
        async for pipeline in found:
            try:
                variables = await project.get(f"/pipelines/{pipeline['id']}/variables")
            except Declined as refusal:
                if refusal.status != 403:
                    raise
                yield pipeline, None
            else:
                yield pipeline, [one["value"] for one in variables if one["key"] == OWN_VARIABLE]

    async def _jobs(self, job: Job) -> Sequence[Told]:
        return [one async for one in self._project(job).each(f"/pipelines/{id_in(job.link)}/jobs")]

    async def _started_before(self, job: Job) -> str | None:
        """Return where the pipeline can be watched if it has turned up.

        Raises NotStarted where there is one of which nobody can tell whether it is this one.
        """
        candidates = [one async for one in self._candidates(job)]
        for pipeline, names in candidates:
            if names and job.id in names:
                return str(pipeline["web_url"])
        for pipeline, names in candidates:
            if names is None:
                raise NotStarted(
                    "The answer to its start was lost, and nobody can tell whether it is this pipeline, whose"
                    f" variables Rollcall may not read: {pipeline['web_url']}. Look there."
                )
        return None


def _refused(job: Job, project: str, refusal: Declined) -> str:
    message = readable(refusal.said).replace("\n", " ")[:MESSAGE].rstrip(".")
    return f"GitLab did not start the pipeline: {message}. {_next(job, project, refusal)}"


def _next(job: Job, project: str, refusal: Declined) -> str:
    """Say what to do about a refusal."""
    ref, said = job.order.ref, refusal.said.lower()
    match refusal.status:
        case 401:
            return "Whoever runs Rollcall renews GITLAB_TOKEN."
        case 403:
            return f"Rollcall needs a token with the scope api, and the role Developer in {project}."
        case 404:
            return f"Is there a project {project}, and may Rollcall see it?"
        case status if 300 <= status < 400:
            return "It has moved. Name its new address in the runbook."
        case _ if "reference not found" in said:
            return f"Push {ref} to {project}, or name another ref in the runbook."
        case _ if "set pipeline variables" in said:
            return f"Let the role of Rollcall use pipeline variables, in the CI/CD settings of {project}."
        case _ if "permission" in said:
            return f"Let the role of Rollcall run pipelines at {ref}, which is protected."
        case _:
            return f"Mend .gitlab-ci.yml at {ref}, or what the runbook says of it."
