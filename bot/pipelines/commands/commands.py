"""Commands on this machine: those that whoever runs Rollcall has put into one folder, and no others.

Each is started without a shell, by a supervisor that goes on when Rollcall ends. So a run is started once
however often Rollcall is killed: whichever supervisor is first takes the run's folder for itself.
"""

import asyncio
import fcntl
import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Final
from uuid import uuid4

from bot.pipelines.commands import supervisor
from bot.pipelines.commands.hiding import Secrets
from bot.pipelines.provider import Ended, Job, NotStarted
from bot.pipelines.said import SAID, readable

STARTS_WITHIN_S: Final = 30.0
PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""What a command gets of the environment of Rollcall, besides what is named in the settings."""
DIGEST: Final = 12
"""Characters that tell the folder of a run from one of an older ledger."""
WHY: Final = {
    "late": "It did not end in time, so it was stopped.",
    "stopped": "It was stopped.",
}
BROKEN_OFF: Final = "It was broken off with the machine that it ran on. How far it came is not known."


class Commands:
    """Run the commands of a folder, and keep what they say in another.

    `environment` are variables that they get besides; their values are never shown. `poll_s` is the time
    between two looks at one.
    """

    def __init__(
        self, allowed: Path | None, kept: Path, environment: Mapping[str, str], poll_s: float = 1.0
    ) -> None:
        self._allowed = allowed.absolute() if allowed else None
        self._kept = kept.absolute()
        self._secrets = Secrets(environment.values())
        own = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self._environment = {**own, **environment}
        self._poll_s = poll_s

    def poll_s(self, job: Job) -> float:
        """Return the time between two looks at a command."""
        return self._poll_s

    def settles(self, job: Job) -> timedelta:
        """Return no time: whether a command was started is known at once."""
        return timedelta()

    async def start(self, job: Job) -> str:
        """Start a command. Raises NotStarted for one that is not allowed, or of which nothing can be kept."""
        folder, executable = self._folder(job), self._executable(job.order.name)
        try:
            await asyncio.to_thread(self._order, folder, executable, job)
        except OSError as fault:
            raise NotStarted(cannot_write(self._kept, fault)) from fault
        await _supervise(folder, self._told(job))
        return ""

    async def find(self, job: Job) -> str | None:
        """Return nothing if a command was started, or None."""
        return "" if await asyncio.to_thread(_begun, self._folder(job)) else None

    async def look(self, job: Job) -> Ended | None:
        """Return how a command ended."""
        return await asyncio.to_thread(self._look, self._folder(job))

    async def stop(self, job: Job) -> bool | None:
        """Have a command ended, and whatever it has started; one that begins later ends at once."""
        return await asyncio.to_thread(self._stop, self._folder(job))

    async def output(self, job: Job) -> str:
        """Return what a command has said so far: the first and the last 64 KiB, of many."""
        return await asyncio.to_thread(self._output, self._folder(job))

    def _folder(self, job: Job) -> Path:
        """Return the folder of a run, which is that of no run with the same number in another ledger."""
        asked = [job.asked.astimezone(UTC).isoformat(), job.order.by, job.order.name, *job.order.words]
        digest = sha256(json.dumps(asked).encode()).hexdigest()[:DIGEST]
        return self._kept / job.release.workspace / job.release.key / f"{job.number}-{digest}"

    def _executable(self, name: str) -> Path:
        if self._allowed is None:
            raise NotStarted(
                "No command is allowed. Whoever runs Rollcall names a folder with them in ROLLCALL_COMMANDS."
            )
        path = self._allowed / name
        if not path.is_file():
            raise NotStarted(f"There is no command {name}. It belongs in the folder of ROLLCALL_COMMANDS.")
        if not os.access(path, os.X_OK):
            raise NotStarted(f"The command {name} may not be executed. Make its file executable.")
        return path

    def _order(self, folder: Path, executable: Path, job: Job) -> None:
        """Write down what is to be run, for its supervisor."""
        self._make(folder / "work")
        order = {"command": [str(executable), *job.order.words], "left_s": job.left.total_seconds()}
        fresh = folder / f"order.json.{uuid4().hex}"
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(order), encoding="utf-8")
        fresh.rename(folder / "order.json")

    def _make(self, folder: Path) -> None:
        """Make a folder, and those above it, for nobody else."""
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        for one in (*reversed(folder.parents), folder):
            if one.is_relative_to(self._kept):
                one.mkdir(mode=0o700, exist_ok=True)

    def _told(self, job: Job) -> Mapping[str, str]:
        """Return the environment of a command, with what it is told of the release."""
        about = {f"RELEASE_{name.upper()}": value for name, value in job.about.items()}
        return {**self._environment, **about, "RELEASE_RUN": job.id}

    def _stop(self, folder: Path) -> bool | None:
        self._make(folder)
        (folder / "stop").touch(mode=0o600)
        # Whoever begins after this finds that it is to end.
        return self._look(folder) is not None if _begun(folder) else None

    def _look(self, folder: Path) -> Ended | None:
        ended = _ended(folder)
        if ended is None and _abandoned(folder):
            # It may have ended between the two looks.
            ended = _ended(folder) or _broken_off(folder)
        if ended is None:
            return None
        code, why = ended["code"], str(ended["why"])
        if code == 0 and not why:
            return Ended(passed=True, said=_last(self._output(folder)))
        reason = WHY.get(why, why) or _exit(code)
        return Ended(passed=False, said=_last(self._output(folder), reason))

    def _output(self, folder: Path) -> str:
        try:
            said = (folder / "output").read_bytes().decode(errors="replace")
        except FileNotFoundError:
            return ""
        return self._secrets.hide(readable(said))


def cannot_write(folder: Path, fault: OSError) -> str:
    """Say that the folder of runs cannot be written to, and what to do."""
    return (
        f"The folder of ROLLCALL_RUNS, {folder}, cannot be written to: {fault.strerror}."
        " Whoever runs Rollcall makes room in it, or lets Rollcall write there."
    )


async def _supervise(folder: Path, environment: Mapping[str, str]) -> None:
    """Start a supervisor, and wait until it, or one before it, has taken the run for itself."""
    over = _spawn(folder, environment)
    async with asyncio.timeout(STARTS_WITHIN_S):
        while not await asyncio.to_thread(_begun, folder):
            # Who has begun keeps hold of it before that is seen, so it is looked at in this order.
            if not over.is_alive() and _abandoned(folder) and not _begun(folder):
                raise RuntimeError("The supervisor of a command ended before it began.")
            await asyncio.sleep(0.02)


def _spawn(folder: Path, environment: Mapping[str, str]) -> Thread:
    """Start a supervisor that may go on for longer than this process; return what waits for its end."""
    command = [sys.executable, "-I", supervisor.__file__, str(folder)]
    silence = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in range(3)]
    process = os.posix_spawn(command[0], command, environment, file_actions=silence, setsid=True)
    over = Thread(target=os.waitpid, args=(process, 0), daemon=True)
    over.start()
    return over


def _begun(folder: Path) -> bool:
    try:
        return (folder / "began").stat().st_size > 0
    except (FileNotFoundError, NotADirectoryError):
        return False


def _abandoned(folder: Path) -> bool:
    """Return whether no supervisor is there any more: each holds a lock as long as it lives.

    Where the folder was deleted meanwhile, nobody can tell, and it is given up.
    """
    try:
        with (folder / "began").open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return True
    return True


def _ended(folder: Path) -> dict[str, object] | None:
    try:
        ended: dict[str, object] = json.loads((folder / "ended.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return ended


def _broken_off(folder: Path) -> dict[str, object]:
    """End what goes on of a command that has lost its supervisor."""
    supervisor.end_group(folder)
    return {"code": None, "why": BROKEN_OFF}


def _exit(code: object) -> str:
    if isinstance(code, int) and code < 0:
        return f"It was ended by signal {-code}."
    return f"It ended with exit code {code}."


def _last(output: str, reason: str = "") -> str:
    """Return a reason and, after it, as many of the last lines as there is room for."""
    lines: list[str] = []
    room = SAID - len(reason)
    for line in reversed([line for line in output.split("\n") if line.strip()]):
        if len(line) + 1 > room:
            if not lines and room > 2:
                lines.append(f"…{line[2 - room :]}")
            break
        lines.insert(0, line)
        room -= len(line) + 1
    return "\n".join(filter(None, [reason, *lines]))[:SAID]
