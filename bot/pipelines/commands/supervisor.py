"""The process around one command: it starts it once, gives it its time, and leaves what came of it in files.

Rollcall starts it with the path of this file, and it goes on when Rollcall ends. In the folder of the run it
finds `order.json` and, when the command is to end early, `stop`. It leaves `began`, which it holds locked as
long as it lives, `group`, by which the processes of the command are found without it, `output` and
`ended.json`. It uses nothing but the standard library.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

KEPT = 64 * 1024
"""Bytes of output that are kept from the beginning, and as many from the end."""
GRACE_S = 10.0
"""How long a command that is to end may take to clean up, before it is killed."""
LOOK_S = 0.2
TAKES_S = 30.0
"""How long another process that has taken the run may need to begin it."""
RESERVED, RESULT = "ended.json.new", 1024
"""Where the result will stand before it is there, and the bytes that it needs at most."""
STATE, SESSION, SINCE = 0, 3, 19
"""Where proc(5) has, after the name of a process, its state, its session and its start."""
SUBREAPER, DIE_WITH_PARENT = 36, 1
"""Options of prctl(2)."""


def main(folder: Path) -> None:
    """See a command through, unless that was done before, or another process does it."""
    lock = os.open(folder / "began", os.O_RDWR | os.O_CREAT, 0o600)
    if not _take(lock):
        return
    usual = os.umask(0o077)
    _reserve(folder)
    os.write(lock, str(os.getpid()).encode())
    os.fsync(lock)
    _sync(folder)
    order = json.loads((folder / "order.json").read_text(encoding="utf-8"))
    if (folder / "stop").exists():
        code, why = None, "stopped"
    else:
        code, why = _run(folder, order["command"], order["left_s"], usual)
    _tell(folder, {"code": code, "why": why})


def _take(lock: int) -> bool:
    """Take a run for this process; False once another has begun it.

    Another that has taken it and not begun yet may still be ended, so it is waited for.
    """
    end = time.monotonic() + TAKES_S
    while time.monotonic() < end and not os.fstat(lock).st_size:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return not os.fstat(lock).st_size
    return False


def _reserve(folder: Path) -> None:
    """Take the room that the result needs, so that it is kept even when the disk is full by then."""
    with (folder / RESERVED).open("wb") as file:
        file.write(b" " * RESULT)
        file.flush()
        os.fsync(file.fileno())


def _tell(folder: Path, result: dict[str, object]) -> None:
    """Leave the result, in the room that was taken for it."""
    with (folder / RESERVED).open("r+b") as file:
        file.write(json.dumps(result).encode().ljust(RESULT))
        file.flush()
        os.fsync(file.fileno())
    (folder / RESERVED).rename(folder / "ended.json")
    _sync(folder)


def _run(folder: Path, command: list[str], left_s: float, umask: int) -> tuple[int | None, str]:
    """Return the exit code of the command, and why it ended if not by itself."""
    # Whatever the command leaves behind becomes a child of this process, and is ended with it.
    _control(SUBREAPER, 1)
    try:
        process = subprocess.Popen(  # noqa: S603 - It is one of those that are allowed.
            command,
            cwd=folder / "work",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=umask,
            preexec_fn=lambda: _control(DIE_WITH_PARENT, signal.SIGKILL),
        )
    except OSError as error:
        return None, f"It could not be started: {error.strerror}."
    _note_group(folder, process.pid)
    output = Output(_open(folder / "output"))
    why = _watch(folder, process, output, left_s)
    _end_all()
    _read(process, output, 1.0)
    output.finish()
    return process.returncode, why


def _open(kept: Path) -> int:
    """Open the file of the output; where there is no room even for that, it is lost."""
    try:
        return os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)


def _control(option: int, value: int) -> None:
    """Call prctl(2), which only Linux has."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _watch(folder: Path, command: subprocess.Popen[bytes], output: "Output", left_s: float) -> str:
    """Read what a command says until it ends, or is to end; return why, if not by itself."""
    why, kill_at, late_at = "", None, time.monotonic() + left_s
    while command.poll() is None:
        _read(command, output, LOOK_S)
        now, stopped = time.monotonic(), (folder / "stop").exists()
        if kill_at is None and (stopped or now >= late_at):
            why = "stopped" if stopped else "late"
            kill_at = now + GRACE_S
            _signal(command.pid, signal.SIGTERM)
        if kill_at is not None and now >= kill_at:
            _signal(command.pid, signal.SIGKILL)
    return why


def _read(command: subprocess.Popen[bytes], output: "Output", wait_s: float) -> None:
    """Take in what a command has said, for so long at most."""
    assert command.stdout is not None
    pipe, end = command.stdout.fileno(), time.monotonic() + wait_s
    while (left := end - time.monotonic()) > 0:
        if not select.select([pipe], [], [], left)[0]:
            return
        said = os.read(pipe, KEPT)
        if not said:
            # Nobody can say anything more. Who has closed it may still be at work.
            if command.poll() is None:
                time.sleep(left)
            return
        output.take(said)


def _note_group(folder: Path, leader: int) -> None:
    """Write down which session the command has, so that it is ended when this process is killed."""
    with contextlib.suppress(OSError):
        group = {"session": leader, "since": stat(leader)[SINCE], "place": place()}
        (folder / "group").write_text(json.dumps(group), encoding="utf-8")


def end_group(folder: Path) -> None:
    """Kill what is left of a command whose supervisor was killed."""
    try:
        group = json.loads((folder / "group").read_text(encoding="utf-8"))
        here = group["place"] == place()
    except (OSError, ValueError):
        return
    end = time.monotonic() + GRACE_S
    while here and (left := _session(group["session"], group["since"])) and time.monotonic() < end:
        for process in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.01)


def _session(leader: int, since: str) -> list[int]:
    """Return the living processes of a session, unless its number now is that of another."""
    found = []
    for process in [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]:
        with contextlib.suppress(OSError):
            told = stat(process)
            if process == leader and told[SINCE] != since:
                return []
            if told[SESSION] == str(leader) and told[STATE] not in "ZX":
                found.append(process)
    return found


def stat(process: int) -> list[str]:
    """Return what Linux tells of a process after its name (proc(5))."""
    return Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()


def place() -> str:
    """Return where the number of a process means that process: this start of the machine, this container."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {Path('/proc/self/ns/pid').readlink()}"


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _end_all() -> None:
    """Kill what the command has left behind, be it in a session of its own; of another user, it is left."""
    end = time.monotonic() + GRACE_S
    while (children := _children()) and time.monotonic() < end:
        for child in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
        time.sleep(0.01)


def _children() -> list[int]:
    me = os.getpid()
    listed = Path(f"/proc/{me}/task/{me}/children")
    try:
        return [int(child) for child in listed.read_text().split()]
    except OSError:
        return []


class Output:
    """Keep the beginning of a stream as it comes, and its end when it is over, as far as there is room."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._room = KEPT
        self._late: deque[bytes] = deque()
        self._size = 0
        self._left_out = 0

    def take(self, said: bytes) -> None:
        """Keep something that was said."""
        first, rest = said[: self._room], said[self._room :]
        self._left_out += len(first) - self._write(first)
        self._room -= len(first)
        if rest:
            self._late.append(rest)
            self._size += len(rest)
        while self._late and self._size - len(self._late[0]) >= KEPT:
            gone = len(self._late.popleft())
            self._size -= gone
            self._left_out += gone

    def finish(self) -> None:
        """Write the end, and how much was left out before it."""
        if self._left_out:
            self._write(f"\n… {self._left_out:,} bytes are left out …\n".encode())
        self._write(b"".join(self._late))
        with contextlib.suppress(OSError):
            os.fsync(self._file)

    def _write(self, said: bytes) -> int:
        """Write as much as there is room for, and return how many bytes that was."""
        try:
            return os.write(self._file, said)
        except OSError:
            return 0


def _sync(folder: Path) -> None:
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
