"""`rollcall wait`: a pipeline waits until Rollcall lets it go on, and goes by the exit code."""

import asyncio
import sys
import time
from enum import IntEnum
from typing import Final, TextIO
from urllib.parse import quote

import aiohttp
from pydantic import BaseModel, ConfigDict

from bot.release.state import State
from bot.runbook.model import DRILL

EVERY_S: Final = 5.0
ANSWER_S: Final = 30.0


class Outcome(IntEnum):
    """What a wait came to, as an exit code."""

    GO = 0
    NO = 1
    TIMEOUT = 2
    MISTAKE = 3


class _Told(BaseModel):
    """A part of an answer of Rollcall, as far as it is gone by. Newer ones may say more."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Stage(_Told):
    """A stage, and when it has begun."""

    name: str
    began: str | None


class _Awaited(_Told):
    """What a release waits for."""

    name: str


class _Standing(_Told):
    """How a release stands."""

    release: str
    service: str
    version: str
    kind: str
    state: State
    stage: str | None
    stages: tuple[_Stage, ...]
    in_production: bool
    on_hold: bool
    waiting_for: tuple[_Awaited, ...]


class Wait:
    """Wait for a release, named by its key or by service and version."""

    def __init__(self, url: str, token: str, out: TextIO = sys.stdout, every_s: float = EVERY_S) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._out = out
        self._every_s = every_s
        self._told = ""

    async def until(self, release: str, version: str, stage: str, timeout_s: float) -> Outcome:
        """Wait until a stage has begun, or without one, until it is completed; return what it came to.

        What changes on the way is told, a line each.
        """
        place = (
            f"services/{quote(release, safe='')}/versions/{quote(version, safe='')}"
            if version
            else f"releases/{quote(release, safe='')}"
        )
        end = time.monotonic() + timeout_s
        timeout = aiohttp.ClientTimeout(total=ANSWER_S)
        headers = {"Authorization": f"Bearer {self._token}"}
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
            while True:
                outcome = await self._look(session, f"{self._url}/api/{place}", stage)
                if outcome is not None:
                    return outcome
                if (left := end - time.monotonic()) <= 0:
                    self._tell("The time is over.")
                    return Outcome.TIMEOUT
                await asyncio.sleep(min(self._every_s, left))

    async def _look(self, session: aiohttp.ClientSession, url: str, stage: str) -> Outcome | None:
        try:
            async with session.get(url) as answer:
                if answer.status == 200:
                    return self._judge(_Standing.model_validate_json(await answer.read()), stage)
                if answer.status == 401:
                    self._tell(
                        "The token is not accepted. It is that of ROLLCALL_API_TOKEN where Rollcall runs."
                    )
                    return Outcome.MISTAKE
                # Who has not started it yet may still do so; and what is out of reach may come back.
                self._tell(f"Rollcall answers {answer.status}: {_error(await answer.text())}")
        except (aiohttp.ClientError, TimeoutError) as trouble:
            self._tell(f"Rollcall is out of reach: {str(trouble) or type(trouble).__name__}")
        except ValueError:
            self._tell("What answers there is not Rollcall.")
        return None

    def _judge(self, found: _Standing, stage: str) -> Outcome | None:
        names = [one.name for one in found.stages]
        if stage and stage not in names:
            self._tell(f"{found.release} has no stage {stage}. Its stages: {', '.join(names)}.")
            return Outcome.MISTAKE
        self._tell(f"{found.release} ({found.service} {found.version}) is {_stands(found)}")
        if found.state in (State.CANCELLED, State.ROLLED_BACK, State.ROLLING_BACK):
            return Outcome.NO
        if found.state is State.COMPLETED:
            return self._judge_completed(found)
        began = any(one.began for one in found.stages if one.name == stage)
        # What has begun does not go on while somebody holds it, or a step of it has failed.
        stopped = found.on_hold or found.state is State.FAILED
        return Outcome.GO if began and not stopped else None

    def _judge_completed(self, found: _Standing) -> Outcome:
        """What was completed lets nothing go once another has followed it. A drill goes nowhere."""
        if found.in_production or found.kind == DRILL:
            return Outcome.GO
        self._tell(f"Another release of {found.service} was completed since.")
        return Outcome.NO

    def _tell(self, what: str) -> None:
        if what != self._told:
            print(what, file=self._out, flush=True)
        self._told = what


def _stands(found: _Standing) -> str:
    where = f" in {found.stage}" if found.stage else ""
    held = ", on hold" if found.on_hold else ""
    names = ", ".join(dict.fromkeys(one.name for one in found.waiting_for))
    return f"{found.state.words}{where}{held}{f'; it waits for: {names}' if names else ''}"


def _error(text: str) -> str:
    return " ".join(text.split())[:200]
