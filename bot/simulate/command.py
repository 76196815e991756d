"""The subcommand `simulate`: its options, and what it prints."""

import argparse
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO
from zoneinfo import ZoneInfo

from bot.runbook.files.read import read_runbook
from bot.runbook.model import NORMAL
from bot.runbook.problems import RunbookError, UnknownKind, found
from bot.runbook.values import EARLIEST, LATEST
from bot.simulate.people import read_people
from bot.simulate.play import Plan, play
from bot.simulate.tell import Telling

MONDAY: Final = "2026-03-02T09:00"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to the subcommand."""
    option = parser.add_argument
    option("runbook", type=Path, help="the file of the runbook")
    option("--people", type=Path, required=True, help="the file that tells of the people")
    option("--seed", type=int, default=1, help="another number gives another course of events; else 1")
    option("--runs", type=_number(1, 10_000), default=1, help="how many seeds to play, counting up; else 1")
    option("--days", type=_number(1, 90), default=5, help="after how many days it has stalled; else 5")
    option("--version", default="1.4.0", help="the version that is released; else 1.4.0")
    option("--kind", default=NORMAL, help="the kind of release, such as hotfix; else normal")
    option("--at", type=_moment, default=MONDAY, help=f"when it starts; else {MONDAY}, a Monday")
    option("--zone", type=_zone, help="the time zone of all times; else that of whoever starts it")


def simulate(options: argparse.Namespace, out: TextIO) -> int:
    """Print how the release goes; return 0 if it is completed, in every run, else 1."""
    try:
        runbook = read_runbook(options.runbook, options.kind)
        people = read_people(options.people, runbook)
    except (RunbookError, UnknownKind) as trouble:
        print(trouble, file=out)
        return 1
    zone, at = options.zone or people.zone, options.at
    plan = Plan(
        runbook=runbook,
        people=people,
        version=options.version,
        at=(at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC),
        days=options.days,
        seed=options.seed,
    )
    plays = [play(replace(plan, seed=plan.seed + run)) for run in range(options.runs)]
    telling = Telling(plan, zone)
    for line in telling.outlook(plays) if len(plays) > 1 else telling.timeline(plays[0]):
        print(line, file=out)
    return 0 if all(one.took is not None for one in plays) else 1


def _number(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"expected a number from {least} to {most}, found {found(text)}")
        return int(text)

    return number


def _moment(text: str) -> datetime:
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        if EARLIEST <= moment.date() <= LATEST:
            return moment
    expected = "expected a time of this century, such as 2026-03-02T16:50 or 2026-03-02T16:50+01:00"
    raise argparse.ArgumentTypeError(f"{expected}; found {found(text)}")


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (LookupError, ValueError, OSError):
        expected = "expected a time zone such as Europe/Berlin"
        raise argparse.ArgumentTypeError(f"{expected}, found {found(text)}") from None
