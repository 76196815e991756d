"""The command line, as somebody types it in a folder."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from bot.cli import begin_at_work
from bot.clock import MovableClock

HERE = Path(__file__).parents[1]


def types(folder: Path, *words: str, **settings: str) -> str:
    """Run `rollcall` in a folder and return all that it prints."""
    command = [sys.executable, "-m", "bot", *words]
    env = {**os.environ, "PYTHONPATH": str(HERE), "DATABASE_URL": "", **settings}
    if not env["DATABASE_URL"]:
        del env["DATABASE_URL"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_verify_says_which_ledger_it_looks_at_and_where_what_was_practised_is(tmp_path: Path) -> None:
    assert types(tmp_path, "verify") == snapshot(
        "rollcall: There is no ledger at sqlite:///rollcall.db. Name it by DATABASE_URL; what was practised is in sqlite:///.rollcall/ledger.db.\n"
    )
    (tmp_path / "rollcall.db").touch()
    practised = tmp_path / ".rollcall" / "ledger.db"
    practised.parent.mkdir()
    practised.touch()
    assert types(tmp_path, "verify") == snapshot("""\
The ledger at sqlite:///rollcall.db is unbroken, and every row is what its events say: 0 releases, 0 events.
What was practised is in a ledger of its own: DATABASE_URL=sqlite:///.rollcall/ledger.db
""")
    assert types(tmp_path, "verify", DATABASE_URL="sqlite:///.rollcall/ledger.db") == snapshot(
        "The ledger at sqlite:///.rollcall/ledger.db is unbroken, and every row is what its events say: 0 releases, 0 events.\n"
    )


def test_waiting_needs_to_know_where_rollcall_is_and_for_how_long(tmp_path: Path) -> None:
    assert types(tmp_path, "wait", "shop-1") == snapshot(
        "rollcall: Say where Rollcall is, by --url or ROLLCALL_URL, and set ROLLCALL_API_TOKEN.\n"
    )
    there = {"ROLLCALL_URL": "http://127.0.0.1:9", "ROLLCALL_API_TOKEN": "token"}
    assert types(tmp_path, "wait", "shop-1", "--timeout", "soon", **there).splitlines()[-1] == snapshot(
        "rollcall wait: error: argument --timeout: soon is no time such as 90s, 30m or 2h"
    )


def test_lint_looks_at_who_wrote_what_as_well(tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_text("people: {Ana: {github: [ana]}}\n")
    runbooks = {"ROLLCALL_RUNBOOKS": str(HERE / "runbooks")}
    assert "people.yaml" not in types(tmp_path, "lint", **runbooks)
    told = types(tmp_path, "lint", ROLLCALL_AUTHORS="people.yaml", **runbooks)
    assert told.splitlines()[0] == snapshot(
        'people.yaml:1:10: people.Ana: expected a user id such as "U02ABCDEF", or an address that Slack knows; found "Ana"'
    )


@pytest.mark.parametrize(
    ("at", "begins"),
    [
        (datetime(2026, 12, 1, 11, tzinfo=UTC), datetime(2026, 12, 1, 11, tzinfo=UTC)),
        (datetime(2026, 12, 1, 22, tzinfo=UTC), datetime(2026, 12, 2, 8, tzinfo=UTC)),
        (datetime(2026, 12, 5, 11, tzinfo=UTC), datetime(2026, 12, 7, 8, tzinfo=UTC)),
    ],
    ids=["a Tuesday at noon", "a Tuesday night", "a Saturday"],
)
def test_the_practice_begins_when_people_are_at_work(at: datetime, begins: datetime) -> None:
    clock = MovableClock(at - datetime.now(UTC))
    begin_at_work(clock)
    assert timedelta() <= clock.now() - begins < timedelta(minutes=1)
