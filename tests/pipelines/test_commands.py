"""Commands as they are run: once, without a shell, with their time, and with all that they leave behind."""

import asyncio
import fcntl
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest
from inline_snapshot import snapshot

from bot.pipelines.commands.commands import Commands
from bot.pipelines.commands.hiding import Secrets
from bot.pipelines.commands.supervisor import KEPT, RESULT, SINCE, Output, end_group, place, stat
from bot.pipelines.provider import Ended, Job, NotStarted
from bot.pipelines.said import SAID
from bot.release.ids import ReleaseId, ReleaseKey, WorkspaceId
from bot.release.stages.runs import Order
from bot.runbook.runs import Provider
from tests.ledger.world import MORNING
from tests.pipelines.kept import kept
from tests.world import PATIENCE_S

MINUTE = timedelta(minutes=1)


class Machine:
    """A machine on which some commands are allowed, each a shell script."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        (folder / "commands").mkdir(exist_ok=True)
        self.commands = Commands(folder / "commands", folder / "runs", environment)

    def has(self, name: str, script: str, *, first: str = "#!/bin/sh") -> Path:
        path = self.folder / "commands" / name
        path.write_text(f"{first}\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    async def ends(self, job: Job) -> Ended:
        """Start a command, and return how it ended."""
        await self.commands.start(job)
        return await self.ended(job)

    async def ended(self, job: Job) -> Ended:
        async with asyncio.timeout(PATIENCE_S):
            while not (ended := await self.commands.look(job)):
                await asyncio.sleep(0.02)
        return ended

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                await asyncio.sleep(0.02)


def job(*command: str, number: int = 1, left: timedelta = MINUTE, **about: str) -> Job:
    release = ReleaseId(WorkspaceId("T0"), ReleaseKey("shop-1"))
    name, *words = command
    return Job(
        release=release,
        number=number,
        order=Order(by=Provider.COMMAND, name=name, words=tuple(words)),
        asked=MORNING,
        link="",
        about=about,
        left=left,
    )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


async def test_a_command_that_ends_with_zero_has_passed(machine: Machine) -> None:
    machine.has("deploy", "echo one; echo two >&2")
    assert await machine.ends(job("deploy")) == Ended(passed=True, said="one\ntwo")
    assert await machine.commands.output(job("deploy")) == "one\ntwo\n"


async def test_any_other_exit_code_is_a_failure_with_the_last_lines(machine: Machine) -> None:
    machine.has("deploy", "seq 1000; exit 3")
    ended = await machine.ends(job("deploy"))
    assert not ended.passed
    assert ended.said.startswith("It ended with exit code 3.\n")
    assert ended.said.endswith("\n999\n1000")
    assert len(ended.said) <= 500


async def test_of_a_last_line_that_is_too_long_the_end_is_kept(machine: Machine) -> None:
    machine.has("deploy", "seq -s ' ' 1000; exit 3")
    reason, last = (await machine.ends(job("deploy"))).said.split("\n")
    assert reason == "It ended with exit code 3."
    assert last.startswith("…")
    assert last.endswith(" 999 1000")
    assert len(reason) + 1 + len(last) == SAID


async def test_a_signal_is_a_failure(machine: Machine) -> None:
    machine.has("deploy", "kill -9 $$")
    assert await machine.ends(job("deploy")) == Ended(passed=False, said="It was ended by signal 9.")


async def test_arguments_are_passed_as_they_are_and_no_shell_reads_them(machine: Machine) -> None:
    machine.has("deploy", 'for word in "$@"; do echo "[$word]"; done')
    words = ("$(touch /tmp/owned)", "a b", "; rm -rf /", "*", "it's", '"', "--", "ü")
    said = (await machine.ends(job("deploy", *words))).said
    assert said.split("\n") == [f"[{word}]" for word in words]


async def test_it_is_told_of_the_release_and_of_nothing_that_is_not_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    machine = Machine(tmp_path, DEPLOY_TOKEN="hunter22")
    machine.has(
        "deploy", "env | sed 's/=.*//' | sort | tr '\\n' ' '; echo; echo $RELEASE_VERSION in $RELEASE_RUN"
    )
    said = (await machine.ends(job("deploy", version="2.0"))).said
    names, last = said.split("\n")
    assert last == "2.0 in shop-1/1"
    mine = {name for name in names.split() if name not in ("_", "PWD", "SHLVL", "OLDPWD")}
    assert mine - {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LC_CTYPE"} == {
        "DEPLOY_TOKEN",
        "RELEASE_RUN",
        "RELEASE_VERSION",
    }


async def test_secrets_are_hidden_in_what_is_shown_and_kept_in_no_file(tmp_path: Path) -> None:
    machine = Machine(tmp_path, DEPLOY_TOKEN="hunter22")
    machine.has("deploy", "echo login with $DEPLOY_TOKEN; exit 1")
    ended = await machine.ends(job("deploy"))
    assert "hunter22" not in ended.said
    assert "login with ***" in ended.said
    assert "hunter22" not in await machine.commands.output(job("deploy"))
    written = [one for one in (tmp_path / "runs").rglob("*") if one.is_file() and one.name != "output"]
    assert written
    assert not any("hunter22" in one.read_text() for one in written)


async def test_no_part_of_a_secret_is_shown(tmp_path: Path) -> None:
    machine = Machine(
        tmp_path, PART="hunter22", WHOLE="hunter22-and-more", FILE="from-a-file\n", TWO="one\ttwo"
    )
    machine.has(
        "deploy",
        "echo $WHOLE; echo $FILE; printf 'hun\\033[1mter22\\033[0m\\n'; echo \"$TWO\"; echo hunter22",
    )
    assert (await machine.ends(job("deploy"))).said == "***\n***\n***\n***\n***"


KEY = "-----BEGIN KEY-----\nAAAABBBBCCCC\nDDDDEEEEFFFF\nshort\n-----END KEY-----\n"


async def test_a_secret_of_several_lines_is_hidden_line_by_line(tmp_path: Path) -> None:
    machine = Machine(tmp_path, KEY=KEY)
    machine.has("deploy", 'echo "$KEY"; echo "$KEY" | sed "s/^/  /"; echo AAAABBBBCCCC')
    assert (await machine.ends(job("deploy"))).said == snapshot(
        """\
***
  ***
  ***
  ***
  short
  ***
***\
"""
    )


async def test_no_part_of_a_secret_is_shown_where_output_is_cut(tmp_path: Path) -> None:
    machine = Machine(tmp_path, TOKEN="SUPERSECRETVALUE")
    machine.has(
        "deploy",
        f"head -c {KEPT - 10} /dev/zero | tr '\\0' x; printf %s $TOKEN; head -c {3 * KEPT} /dev/zero",
    )
    await machine.ends(job("deploy"))
    output = await machine.commands.output(job("deploy"))
    assert output.startswith("x" * (KEPT - 10) + "***\n… ")


CUT = "\n… 1,234 bytes are left out …\n"


@pytest.mark.parametrize(
    ("secrets", "said", "shown"),
    [
        (["hunter22"], f"a hunte{CUT}nter22 b", f"a ***{CUT}*** b"),
        (["hunter22"], f"a h{CUT}2 b", f"a ***{CUT}*** b"),
        (["hunter22"], f"a hunter22{CUT}hunter22 b", f"a ***{CUT}*** b"),
        (["hünter22"], f"a h\ufffd{CUT}\ufffdnter22 b", f"a ***{CUT}*** b"),
        (["hunter22", "hunter22-and-more"], f"a hunter22-and{CUT}b", f"a ***{CUT}b"),
        (["hunter22", "more-than-hunter22"], f"a{CUT}an-hunter22 b", f"a{CUT}*** b"),
        (["abab", "babc"], "x abab ababc y", "x *** *** y"),
        (["hunter22"], f"ter22{CUT}and more, hun", f"ter22{CUT}and more, hun"),
        (["hunter22"], "hunt", "***"),
        (["one\ntwo"], "one\ntwo, one", "***, one"),
    ],
)
def test_what_may_be_a_part_of_a_secret_is_hidden_at_a_cut(secrets: list[str], said: str, shown: str) -> None:
    assert Secrets(secrets).hide(said) == shown


async def test_no_part_of_a_secret_is_shown_while_a_command_goes_on(tmp_path: Path) -> None:
    machine = Machine(tmp_path, TOKEN="hunter22")
    machine.has("deploy", f"printf 'with hunter'; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; echo 22")
    await machine.commands.start(job("deploy"))
    await machine.until(lambda: (kept(tmp_path) / "output").exists())
    async with asyncio.timeout(PATIENCE_S):
        while not (said := await machine.commands.output(job("deploy"))):
            await asyncio.sleep(0.02)
    assert said == "with ***"
    (tmp_path / "go").touch()
    assert (await machine.ended(job("deploy"))).said == "with ***"


async def test_what_is_kept_is_for_nobody_else_and_what_a_command_makes_is_as_usual(machine: Machine) -> None:
    machine.has("deploy", f"umask > {machine.folder}/umask")
    await machine.ends(job("deploy"))
    await machine.commands.stop(job("deploy"))
    made = [machine.folder / "runs", *(machine.folder / "runs").rglob("*")]
    assert {one.name for one in made} >= {"stop", "order.json", "ended.json", "output", "began", "work"}
    assert not [one for one in made if one.stat().st_mode & 0o077]
    usual = os.umask(0o022)
    os.umask(usual)
    assert int((machine.folder / "umask").read_text(), 8) == usual


@pytest.mark.parametrize("name", ["deploy", "folder", "locked"])
async def test_what_is_not_there_or_may_not_be_executed_is_refused(machine: Machine, name: str) -> None:
    (machine.folder / "commands" / "folder").mkdir()
    machine.has("locked", "exit 0").chmod(0o644)
    with pytest.raises(NotStarted, match=name):
        await machine.commands.start(job(name))


async def test_without_a_folder_nothing_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(NotStarted, match="ROLLCALL_COMMANDS"):
        await Commands(None, tmp_path, {}).start(job("deploy"))


async def test_a_file_that_is_no_program_fails(machine: Machine) -> None:
    machine.has("deploy", "", first="#!/no/such/program")
    assert (await machine.ends(job("deploy"))).said == "It could not be started: No such file or directory."


async def test_however_often_it_is_started_it_runs_once(machine: Machine) -> None:
    machine.has("deploy", f"echo once >> {machine.folder}/times; sleep 0.2")
    starts = (machine.commands.start(job("deploy")) for _ in range(8))
    await asyncio.gather(*starts)
    assert (await machine.ended(job("deploy"))).passed
    await machine.commands.start(job("deploy"))
    assert (machine.folder / "times").read_text() == "once\n"


@contextmanager
def taken(machine: Machine) -> Iterator[BinaryIO]:
    """Hold a run as a supervisor does that has not begun it yet."""
    folder = machine.commands._folder(job("deploy"))
    folder.mkdir(parents=True)
    with (folder / "began").open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


async def test_a_start_waits_for_whoever_has_taken_the_run_and_not_begun_it_yet(machine: Machine) -> None:
    machine.has("deploy", f"echo once >> {machine.folder}/times")
    with taken(machine) as other:
        starting = asyncio.create_task(machine.commands.start(job("deploy")))
        await asyncio.sleep(0.3)
        assert not starting.done()
        other.write(b"4711")
        other.flush()
        await starting
    assert not (machine.folder / "times").exists()


async def test_whoever_has_taken_the_run_and_is_ended_before_it_began_leaves_it_to_the_next(
    machine: Machine,
) -> None:
    machine.has("deploy", f"echo once >> {machine.folder}/times")
    with taken(machine):
        starting = asyncio.create_task(machine.commands.start(job("deploy")))
        await asyncio.sleep(0.3)
    await starting
    assert (await machine.ended(job("deploy"))).passed
    assert (machine.folder / "times").read_text() == "once\n"


async def test_another_run_of_the_same_command_is_another_run(machine: Machine) -> None:
    machine.has("deploy", f"echo once >> {machine.folder}/times")
    await machine.ends(job("deploy"))
    await machine.ends(job("deploy", number=2))
    assert (machine.folder / "times").read_text() == "once\nonce\n"


async def test_a_run_of_an_older_ledger_is_another_run(machine: Machine) -> None:
    machine.has("deploy", f"echo once >> {machine.folder}/times")
    await machine.ends(job("deploy"))
    later = replace(job("deploy"), asked=MORNING + MINUTE)
    for other in (later, job("deploy", "production")):
        assert await machine.commands.find(other) is None
        await machine.ends(other)
    assert (machine.folder / "times").read_text() == "once\n" * 3


async def test_a_command_has_its_time_and_may_clean_up(machine: Machine) -> None:
    machine.has("deploy", "trap 'echo cleaning up; exit 0' TERM; echo working; while :; do sleep 0.05; done")
    ended = await machine.ends(job("deploy", left=timedelta(seconds=0.5)))
    assert not ended.passed
    assert ended.said.startswith("It did not end in time, so it was stopped.\nworking\n")
    assert ended.said.endswith("cleaning up")


async def test_a_command_that_is_stopped_takes_with_it_what_it_has_started(machine: Machine) -> None:
    pid = machine.folder / "pid"
    # The child has a session of its own, so that it is in no group of the command.
    machine.has("deploy", f"setsid sh -c 'echo $$ > {pid}; exec sleep 60' & wait")
    await machine.commands.start(job("deploy"))
    await machine.until(lambda: pid.exists() and bool(pid.read_text()))
    await machine.commands.stop(job("deploy"))
    assert (await machine.ended(job("deploy"))) == Ended(passed=False, said="It was stopped.")
    assert not alive(int(pid.read_text()))


async def test_what_a_command_leaves_behind_does_not_keep_it_from_ending(machine: Machine) -> None:
    pid = machine.folder / "pid"
    machine.has("deploy", f"setsid sh -c 'echo $$ > {pid}; exec sleep 60' & sleep 0.2; echo done")
    assert await machine.ends(job("deploy")) == Ended(passed=True, said="done")
    assert not alive(int(pid.read_text()))


async def test_a_command_that_is_stopped_before_it_has_begun_ends_at_once(machine: Machine) -> None:
    machine.has("deploy", f"trap '' TERM; touch {machine.folder}/begun; sleep 1")
    await machine.commands.stop(job("deploy"))
    assert (await machine.ends(job("deploy"))).said == "It was stopped."
    assert not (machine.folder / "begun").exists()


async def test_of_a_flood_the_first_and_the_last_is_kept(machine: Machine) -> None:
    machine.has("deploy", "echo first; head -c 20000000 /dev/zero | tr '\\0' x; echo; echo last")
    assert (await machine.ends(job("deploy"))).said == "last"
    output = await machine.commands.output(job("deploy"))
    assert output.startswith("first\n")
    assert "bytes are left out" in output
    assert len(output) < 4 * KEPT


async def test_where_nothing_can_be_kept_nothing_is_run(machine: Machine) -> None:
    machine.has("deploy", f"touch {machine.folder}/ran")
    (machine.folder / "runs").write_text("A file, and no folder.")
    with pytest.raises(
        NotStarted, match=r"^The folder of ROLLCALL_RUNS, .*/runs, cannot be written to: .*\. W"
    ):
        await machine.commands.start(job("deploy"))
    assert await machine.commands.find(job("deploy")) is None
    assert not (machine.folder / "ran").exists()


async def test_a_disk_that_is_full_loses_output_and_no_result(machine: Machine) -> None:
    # The supervisor may write no file that is longer.
    machine.has("deploy", f"prlimit --pid $PPID --fsize={RESULT}; echo first; seq 1000; sleep 0.3; echo more")
    assert (await machine.ends(job("deploy"))).passed
    output = await machine.commands.output(job("deploy"))
    assert output.startswith("first\n")
    assert len(output) == RESULT


def test_what_cannot_be_kept_of_the_output_is_lost() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        output = Output(full.fileno())
        output.take(b"x" * 3 * KEPT)
        output.finish()


async def test_the_room_for_the_result_is_taken_before_a_command_begins(machine: Machine) -> None:
    machine.has("deploy", "stat -c %s ../ended.json.new")
    assert (await machine.ends(job("deploy"))).said == str(RESULT)


async def test_colours_and_what_cannot_be_seen_are_left_out(machine: Machine) -> None:
    machine.has("deploy", r"printf '\033[31mred\033[0m\r\n10%%\r20%%\n\001\200\nend\n'")
    assert await machine.commands.output(job("deploy")) == ""
    assert (await machine.ends(job("deploy"))).said == snapshot("red\n10%\n20%\n �\nend")


async def test_it_goes_on_without_rollcall_and_is_found_again(machine: Machine) -> None:
    go = machine.folder / "go"
    machine.has("deploy", f"while [ ! -e {go} ]; do sleep 0.02; done; echo done")
    await machine.commands.start(job("deploy"))
    other = Machine(machine.folder)
    assert await other.commands.look(job("deploy")) is None
    go.touch()
    assert await other.ended(job("deploy")) == Ended(passed=True, said="done")


async def test_one_that_was_broken_off_with_its_machine_has_failed(machine: Machine) -> None:
    pid = machine.folder / "pid"
    machine.has("deploy", f"echo $$ > {pid}; sleep 60")
    await machine.commands.start(job("deploy"))
    await machine.until(lambda: pid.exists() and bool(pid.read_text()))
    began = kept(machine.folder) / "began"
    os.kill(int(began.read_text()), signal.SIGKILL)
    assert await machine.ended(job("deploy")) == snapshot(
        Ended(
            passed=False,
            said="It was broken off with the machine that it ran on. How far it came is not known.",
        )
    )
    await machine.until(lambda: not alive(int(pid.read_text())))


async def test_nothing_of_a_command_goes_on_when_its_supervisor_is_killed(machine: Machine) -> None:
    pid = machine.folder / "pid"
    machine.has("deploy", f"sh -c 'echo $$ > {pid}; sleep 60; true' & wait")
    await machine.commands.start(job("deploy"))
    await machine.until(lambda: pid.exists() and bool(pid.read_text()))
    await machine.until((kept(machine.folder) / "group").exists)
    os.kill(int((kept(machine.folder) / "began").read_text()), signal.SIGKILL)
    assert (await machine.ended(job("deploy"))).said.startswith("It was broken off")
    assert not alive(int(pid.read_text()))


@pytest.mark.parametrize("other", [{"since": "1"}, {"place": "elsewhere"}])
async def test_processes_that_have_only_the_number_of_a_command_are_left_alone(
    machine: Machine, other: dict[str, str]
) -> None:
    sleeping = await asyncio.create_subprocess_exec("sleep", "60", start_new_session=True)
    group = {"session": sleeping.pid, "since": stat(sleeping.pid)[SINCE], "place": place()}
    (machine.folder / "group").write_text(json.dumps(group | other))
    end_group(machine.folder)
    assert alive(sleeping.pid)
    (machine.folder / "group").write_text(json.dumps(group))
    end_group(machine.folder)
    assert await sleeping.wait() == -signal.SIGKILL


async def test_one_whose_folder_was_deleted_has_failed(machine: Machine) -> None:
    machine.has("deploy", "sleep 1")
    await machine.commands.start(job("deploy"))
    kept(machine.folder).rename(machine.folder / "gone")
    assert (await machine.ended(job("deploy"))).said.startswith("It was broken off")


async def test_what_is_ordered_is_written_down(machine: Machine) -> None:
    path = machine.has("deploy", "exit 0")
    await machine.ends(job("deploy", "production", "2.0"))
    order = json.loads((kept(machine.folder) / "order.json").read_text())
    assert order == {"command": [str(path), "production", "2.0"], "left_s": 60.0}


def alive(process: int) -> bool:
    """Return whether a process is there and no zombie."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
