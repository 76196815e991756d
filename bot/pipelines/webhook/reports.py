"""What is reported of runs elsewhere, by signed requests. It is kept before it is answered."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Final

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from bot.coordinator import Coordinator
from bot.ledger.database import Database
from bot.ledger.progress import runs
from bot.ledger.reader import Reader
from bot.pipelines.said import as_reason
from bot.release.ids import KEY, ROLLCALL, ReleaseId, ReleaseKey, WorkspaceId
from bot.release.reason import is_link
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.stages.runs import ReportRunBegan, ReportRunEnded, Run
from bot.runbook.parts import fault
from bot.runbook.runs import Provider
from bot.signing import Key

_RUN: Final = re.compile(rf"(?P<release>{KEY.pattern})/(?P<number>[0-9]{{1,6}})", re.ASCII)
LONGEST: Final = 500


class Status(StrEnum):
    """How a run stands."""

    STARTED = "started"
    PASSED = "passed"
    FAILED = "failed"


def _a_run(name: str) -> str:
    if len(name) > LONGEST or not _RUN.fullmatch(name):
        raise fault("expected the name of a run such as checkout-42/3")
    return name


def _a_link(link: str) -> str:
    if link and not is_link(link):
        raise fault("expected a web address")
    return link


class Report(BaseModel):
    """What is said of one run."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    run: Annotated[str, AfterValidator(_a_run)]
    status: Status
    said: str = ""
    link: Annotated[str, AfterValidator(_a_link)] = ""

    @property
    def place(self) -> tuple[ReleaseKey, int]:
        """The release, and which of its runs it is."""
        key, _, number = self.run.rpartition("/")
        return ReleaseKey(key), int(number)


class Reports:
    """Answer reports, each signed with `key`, of the runs that were asked for by a webhook.

    The same one again has no effect, nor has one that comes too late; who has verified that it is signed is
    Rollcall, and tells it as its own.
    """

    def __init__(
        self,
        coordinator: Coordinator,
        releases: Reader,
        database: Database,
        workspace: WorkspaceId,
        key: Key,
    ) -> None:
        self._coordinator = coordinator
        self._releases = releases
        self._database = database
        self._workspace = workspace
        self._key = key

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one report: 401 unless it is signed and fresh, 400 unless it is one, 404 where there is no
        such run, 409 where it cannot be true yet or any more, and 200 when it is kept."""
        body = await request.read()
        if not self._key.has_signed(request.headers, body):
            return _answer(401, "The signature or the time does not fit. Sign with ROLLCALL_WEBHOOK_SECRET.")
        try:
            report = Report.model_validate_json(body)
        except ValidationError as error:
            return _answer(400, "\n".join(_faults(error)))
        release, run = await self._find(report)
        if release is None or run is None:
            return _answer(404, f"There is no run {report.run}.")
        if run.order.by is not Provider.WEBHOOK:
            return _answer(409, f"{report.run} is a {run.order.by}, of which nothing is reported.")
        if not run.ended and not await self._was_tried(release.id, run):
            return _answer(409, f"{report.run} was not asked for yet.")
        refusal = await self._keep(release, run, report)
        return _answer(200, "ok") if refusal is None else await self._refused(refusal, release, report)

    async def _find(self, report: Report) -> tuple[Release | None, Run | None]:
        key, number = report.place
        release = await self._releases.find(ReleaseId(self._workspace, key))
        known = release is not None and 0 < number <= len(release.runs)
        return release, release.runs[number - 1] if release and known else None

    async def _keep(self, release: Release, run: Run, report: Report) -> Refused | None:
        """Keep what is reported; one that begins with the end says as well that it was started."""
        refusal = None
        if not run.began or (report.link and not run.link) or report.status is Status.STARTED:
            refusal = await self._tell(
                ReportRunBegan(
                    workspace=release.workspace,
                    release=release.key,
                    by=ROLLCALL,
                    number=run.number,
                    link=report.link,
                )
            )
        if report.status is Status.STARTED:
            return refusal
        return await self._tell(
            ReportRunEnded(
                workspace=release.workspace,
                release=release.key,
                by=ROLLCALL,
                number=run.number,
                passed=report.status is Status.PASSED,
                said=as_reason([report.said]),
            )
        )

    async def _tell(self, command: ReportRunBegan | ReportRunEnded) -> Refused | None:
        answer = await self._coordinator.handle(command)
        return answer if isinstance(answer, Refused) else None

    async def _refused(self, refusal: Refused, before: Release, report: Report) -> web.StreamResponse:
        """Answer what changes nothing: well where it is known already, or where nobody waits for it."""
        _, run = await self._find(report)
        if run and run.ended and report.status is not Status.STARTED:
            # Nobody could tell whether it was started, and the next run may wait for this one to be over.
            await self._settle(before.id, run.number)
        if run and run.ended and report.status not in (Status.STARTED, _status(run)):
            return _answer(409, f"{report.run} has ended already, as {_status(run)}.")
        if run and (run.ended or refusal.code is Code.ALREADY_DONE):
            return _answer(200, "That is known already.")
        if refusal.code is Code.ENDED and report.status is not Status.STARTED:
            # The release has ended, and the next one of its service may wait for this run to be over.
            await self._settle(before.id, report.place[1])
            return _answer(200, refusal.because)
        return _answer(409, refusal.because)

    async def _was_tried(self, release: ReleaseId, run: Run) -> bool:
        return await self._database.read(lambda c: runs.was_tried(c, release, run.number))

    async def _settle(self, release: ReleaseId, number: int) -> None:
        left = await self._database.read(lambda c: runs.unsettled_of(c, release))
        if number in left:
            await self._database.write(lambda c: runs.settle(c, release, number, left[number]))


def _status(run: Run) -> Status:
    return Status.PASSED if run.passed else Status.FAILED


def _faults(error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False, include_input=False):
        where = ".".join(map(str, one["loc"]))
        yield f"{where}: {one['msg']}" if where else f"The body: {one['msg']}"


def _answer(status: int, text: str) -> web.StreamResponse:
    return web.Response(status=status, text=text)
