"""Runs elsewhere, whatever does them: a signed request asks for one, and another reports how it went.

Nobody can be asked whether a request has come whose answer was lost. So it is never sent again: either what
runs there reports in time, or the run has failed and a person looks.
"""

import asyncio
import errno
import json
import logging
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, timedelta
from hashlib import sha256
from typing import Final

import aiohttp

from bot.outgoing import TooLarge, read
from bot.pipelines.provider import Ended, Job, NotStarted, Unreached
from bot.pipelines.said import readable
from bot.release.ids import ReleaseId
from bot.signing import Key

REPORTS: Final = "/runs"
"""The path at which runs are reported."""
SETTLES: Final = timedelta(minutes=1)
"""How long is waited for a report of a run where it is not known whether it was started."""
STOPS_WITHIN: Final = timedelta(minutes=2)
"""How long is waited for the report that a run was stopped, before the next of its service begins."""
POLL_S: Final = 15.0
TIMEOUT: Final = aiohttp.ClientTimeout(total=20, sock_connect=5)
LARGEST_ANSWER: Final = 65_536
MESSAGE: Final = 200
"""Characters of an answer, as a reason quotes them."""
SURELY: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""What goes wrong before anything is sent."""
UNKNOWN: Final = (
    "Nobody can tell whether it was started: the answer to the request was lost, and nothing was reported"
    " since. Look there, and retry it if it does not run."
)

log = logging.getLogger(__name__)


class Webhooks:
    """Ask for runs at the addresses that runbooks name, through a session that calls only what is allowed.

    `url` is where Rollcall itself is reached, `key` what is signed with; without either nothing is started.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        key: Key | None,
        settles: timedelta = SETTLES,
        stops_within: timedelta = STOPS_WITHIN,
        poll_s: float = POLL_S,
    ) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._key = key
        self._settles = settles
        self._stops_within = stops_within
        self._poll_s = poll_s
        self._given_up_at: dict[tuple[ReleaseId, int], float] = {}
        self._asked_to_stop: set[tuple[ReleaseId, int]] = set()

    def poll_s(self, job: Job) -> float:
        """Return the time after which it is looked whether a run has had its time to be reported."""
        return self._poll_s

    def settles(self, job: Job) -> timedelta:
        """Return how long a run that may have been started has to be reported."""
        return self._settles

    async def start(self, job: Job) -> str:
        """Ask for a run. Raises NotStarted, and Unreached where it surely was not asked for."""
        if job.tried:
            raise NotStarted(UNKNOWN)
        if not self._key:
            raise NotStarted("No webhook can be signed. Whoever runs Rollcall sets ROLLCALL_WEBHOOK_SECRET.")
        if not self._url:
            raise NotStarted("No run could be reported back. Whoever runs Rollcall sets ROLLCALL_URL.")
        try:
            async with self._post(self._key, job, "run") as answer:
                return await self._accepted(answer)
        except SURELY as trouble:
            if (refusal := _forbidden(trouble)) is not None:
                raise NotStarted(f"The address may not be called: {refusal}") from trouble
            raise Unreached(f"{job.order.name} is not reached: {trouble}") from trouble
        except (aiohttp.InvalidURL, UnicodeError) as trouble:
            raise NotStarted("The address is none. Mend it in the runbook.") from trouble

    async def find(self, job: Job) -> str | None:
        """Return None: where a run was started, that is reported."""
        return None

    async def look(self, job: Job) -> Ended | None:
        """Return None: how a run ended is reported."""
        return None

    async def stop(self, job: Job) -> bool | None:
        """Ask for a run to be stopped, until that was heard; it is over when it is reported, or in a while.

        Who answers that it has stopped, or that there is no such run, need not report it.
        """
        if not self._key or not job.tried:
            return None
        place, now = (job.release, job.number), asyncio.get_running_loop().time()
        until = self._given_up_at.setdefault(place, now + self._stops_within.total_seconds())
        if place not in self._asked_to_stop and await self._stopped(self._key, job):
            return True
        if now >= until:
            log.warning("Nobody has said that run %s was stopped; it is not waited for any longer.", job.id)
        return now >= until

    async def output(self, job: Job) -> str:
        """Return where a run can be watched; what it says is not known here."""
        return f"What it says is at {job.link}" if job.link else ""

    async def _stopped(self, key: Key, job: Job) -> bool:
        """Ask for a run to be stopped; return whether the answer says that it has."""
        try:
            async with self._post(key, job, "stop") as answer:
                if answer.status in (404, 410):
                    return True
                if answer.ok:
                    self._asked_to_stop.add((job.release, job.number))
                    return (await _content(answer)).get("stopped") is True
        except (aiohttp.ClientError, TimeoutError, UnicodeError) as trouble:
            log.warning("Run %s cannot be asked to stop: %r", job.id, trouble)
        return False

    def _post(self, key: Key, job: Job, do: str) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        body = json.dumps(self._request(job, do)).encode()
        # On a connection that was kept, nobody could tell whether a request was still read.
        own = {"Content-Type": "application/json", "Connection": "close"}
        headers = {**own, **key.sign(f"{_id(job)}-{do}", body)}
        return self._session.post(
            job.order.name, data=body, headers=headers, allow_redirects=False, timeout=TIMEOUT
        )

    def _request(self, job: Job, do: str) -> Mapping[str, object]:
        inputs = dict(job.order.inputs)
        callback = f"{self._url}{REPORTS}"
        return {"do": do, "run": job.id, **job.about, "inputs": inputs, "callback": callback}

    async def _accepted(self, answer: aiohttp.ClientResponse) -> str:
        """Return where the run can be watched, if an answer accepts it and says so."""
        if answer.status == 429:
            raise Unreached("It is asked for too much there just now.")
        if 300 <= answer.status < 400:
            raise NotStarted(
                f"It was answered with a redirect ({answer.status}), which is not followed. Name the address"
                " itself in the runbook."
            )
        if 400 <= answer.status < 500 and answer.status != 408:
            said = "".join(f": {words}" for words in [await _words(answer)] if words).rstrip(".")
            raise NotStarted(
                f"It was refused with {answer.status}{said}. Mend what answers there, or the address in the"
                " runbook."
            )
        answer.raise_for_status()
        link = (await _content(answer)).get("link")
        return link if isinstance(link, str) else ""


async def _content(answer: aiohttp.ClientResponse) -> Mapping[str, object]:
    """Return what an answer says as JSON; nothing where it says nothing, or something else."""
    try:
        content = json.loads(await read(answer, LARGEST_ANSWER))
    except (aiohttp.ClientError, TimeoutError, TooLarge, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


async def _words(answer: aiohttp.ClientResponse) -> str:
    """Return the first words of an answer, in one line."""
    try:
        body = await read(answer, LARGEST_ANSWER)
    except (aiohttp.ClientError, TimeoutError, TooLarge):
        body = b""
    text = " ".join(readable(body.decode(errors="replace")).split())
    return text if len(text) <= MESSAGE else f"{text[: MESSAGE - 1]}…"


def _id(job: Job) -> str:
    """Return the id of the requests about a run, which is that of no run of another ledger."""
    place = [job.release.workspace, job.release.key, job.number, job.asked.astimezone(UTC).isoformat()]
    return f"run_{sha256(json.dumps(place).encode()).hexdigest()[:32]}"


def _forbidden(trouble: BaseException) -> str | None:
    """Return why an address may not be called, if that is the trouble."""
    cause = getattr(trouble, "os_error", None)
    return cause.strerror if isinstance(cause, OSError) and cause.errno == errno.EACCES else None
