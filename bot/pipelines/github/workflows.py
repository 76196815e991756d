"""Workflows of GitHub Actions, started by `workflow_dispatch`.

The answer to a start may be lost. So a workflow is told in the input `rollcall` which run of which release it
is, and shows it in its `run-name`, by which it is found again.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Final

import aiohttp
from gidgethub import GitHubException, HTTPException

from bot.github.access import GitHub, NoAccess, Repository, Resting, rest_s
from bot.pipelines.github.workflow_run import Told, has_a_name, id_in, is_named, progress, why_failed
from bot.pipelines.provider import Ended, Job, NotStarted
from bot.pipelines.said import as_reason, readable
from bot.runbook.runs import OWN_INPUT

SETTLES: Final = timedelta(seconds=60)
"""How long GitHub may take to show a run that it has started."""
EARLIER: Final = timedelta(minutes=1)
"""How far the clock of GitHub may be behind."""
LOOKS: Final = 5
"""How often a run is looked for at once where the answer to its start does not say which it is."""
OUTPUT_S: Final = 1.5
"""Slack waits three seconds for what a press opens."""
MESSAGE: Final = 200
"""Characters of what GitHub answers, as a reason quotes them."""


class Workflows:
    """Run workflows; `poll_s` is the time between two looks at a run."""

    def __init__(
        self,
        github: GitHub,
        poll_s: float,
        settles: timedelta = SETTLES,
    ) -> None:
        self._github = github
        self._poll_s = poll_s
        self._settles = settles

    def poll_s(self, job: Job) -> float:
        """Return the time between two looks at a workflow."""
        return self._poll_s

    def settles(self, job: Job) -> timedelta:
        """Return how long a run that was started may take to be seen."""
        return self._settles

    async def start(self, job: Job) -> str:
        """Start a workflow. Raises NotStarted where GitHub refuses it, and whatever else goes wrong."""
        try:
            return await self._start(job)
        except NoAccess as trouble:
            raise NotStarted(str(trouble)) from trouble

    async def find(self, job: Job) -> str | None:
        """Return where a workflow can be watched whose title has the name of the run in it, or None."""
        async for run in self._runs(job):
            if is_named(run, job.id):
                return str(run["html_url"])
        return None

    async def look(self, job: Job) -> Ended | None:
        """Return how a workflow ended the first time; when it is run again there, nothing changes."""
        run = await self._repository(job).get(f"/actions/runs/{id_in(job.link)}/attempts/1")
        if run["status"] != "completed":
            return None
        if run["conclusion"] == "success":
            return Ended(passed=True, said="")
        return Ended(passed=False, said=as_reason(why_failed(run, await self._jobs(job))))

    async def stop(self, job: Job) -> bool | None:
        """Cancel a workflow; one that has ended, or is not there, is left alone."""
        link = job.link
        try:
            if not link:
                link = (await self.find(job) if job.tried else None) or ""
            return await self._cancel(job, link) if link else None
        except HTTPException as error:
            if error.status_code not in (404, 409):
                raise
            # It is not there, or it is just ending; there is no workflow that could be looked for.
            return error.status_code == 404 if link else None

    async def output(self, job: Job) -> str:
        """Return the jobs of a workflow and their steps, each with how it stands and when it ran."""
        if not job.link:
            return ""
        try:
            async with asyncio.timeout(OUTPUT_S):
                return "\n".join(progress(await self._jobs(job)))
        except (aiohttp.ClientError, GitHubException, NoAccess, Resting, TimeoutError):
            return f"GitHub does not say now how far it is. See {job.link}"

    async def _start(self, job: Job) -> str:
        if job.tried and (link := await self._started_before(job)):
            return link
        order, repository = job.order, self._repository(job)
        inputs = {**dict(order.inputs), OWN_INPUT: job.id}
        data = {"ref": order.ref, "inputs": inputs, "return_run_details": True}
        try:
            began = await repository.send(f"/actions/workflows/{order.name}/dispatches", data)
        except HTTPException as error:
            if error.status_code >= 500 or rest_s(error) is not None:
                raise
            raise NotStarted(_refused(job, repository.name, error)) from error
        return str(began["html_url"]) if began else await self._shown(job)

    async def _cancel(self, job: Job, link: str) -> bool:
        """Cancel a workflow unless it has ended; return whether it has."""
        run = f"/actions/runs/{id_in(link)}"
        if (await self._repository(job).get(f"{run}/attempts/1"))["status"] == "completed":
            return True
        await self._repository(job).send(f"{run}/cancel")
        return False

    def _repository(self, job: Job) -> Repository:
        return self._github.at(job.order.repository)

    async def _runs(self, job: Job) -> AsyncIterator[Told]:
        """Yield the runs of the workflow that may be this one, the newest first."""
        since = f">={job.asked - EARLIER:%Y-%m-%dT%H:%M:%SZ}"
        path = f"/actions/workflows/{job.order.name}/runs"
        runs = self._repository(job).each(path, "workflow_runs", event="workflow_dispatch", created=since)
        async for run in runs:
            yield run

    async def _jobs(self, job: Job) -> Sequence[Told]:
        path = f"/actions/runs/{id_in(job.link)}/attempts/1/jobs"
        return [one async for one in self._repository(job).each(path, "jobs")]

    async def _shown(self, job: Job) -> str:
        """Return where the run can be watched that an older GitHub has started and does not name."""
        for _ in range(LOOKS):
            if link := await self.find(job):
                return link
            await asyncio.sleep(min(1.0, self._poll_s))
        raise TimeoutError("GitHub has started a workflow and does not show its run yet.")

    async def _started_before(self, job: Job) -> str | None:
        """Return where the run can be watched if it has turned up.

        Raises NotStarted where there is one of which nobody can tell whether it is this one.
        """
        runs = [run async for run in self._runs(job)]
        for run in runs:
            if is_named(run, job.id):
                return str(run["html_url"])
        for run in runs:
            if not has_a_name(run):
                raise NotStarted(
                    "The answer to its start was lost, and nobody can tell whether it is this run:"
                    f" {run['html_url']}. Look there. Put ${{{{ inputs.{OWN_INPUT} }}}} into the run-name of"
                    f" {job.order.name}."
                )
        return None


def _refused(job: Job, repository: str, error: HTTPException) -> str:
    message = readable(str(error)).replace("\n", " ")[:MESSAGE].rstrip(".")
    return f"GitHub did not start {job.order.name}: {message}. {_next(job, repository, error)}"


def _next(job: Job, repository: str, error: HTTPException) -> str:
    """Say what to do about a refusal."""
    name, ref, message = job.order.name, job.order.ref, str(error)
    match int(error.status_code):
        case 401:
            return "Whoever runs Rollcall renews its access to GitHub."
        case 403:
            return f"Rollcall needs the permission to read and write the actions of {repository}."
        case 404:
            return f"Is {name} on the default branch of {repository}, and may Rollcall see it?"
        case 422 if "Unexpected inputs" in message and f'"{OWN_INPUT}"' in message:
            return f"Declare the input {OWN_INPUT} under workflow_dispatch in {name}."
        case 422 if "Unexpected inputs" in message:
            return f"Declare them in {name}, or leave them out of the runbook."
        case 422 if "No ref found" in message:
            return f"Push {ref} to {repository}, or name another ref in the runbook."
        case _:
            return f"Mend {name} at {ref}, or what the runbook says of it."
