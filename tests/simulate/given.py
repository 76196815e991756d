"""A team to simulate with: its runbook, its people, and a way to tell what becomes of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import yaml

from bot.cli import _parser
from bot.runbook.files.layers import runbooks_of
from bot.runbook.files.strict_yaml import parse
from bot.runbook.model import Runbook
from bot.simulate.command import simulate
from bot.simulate.people import People
from bot.simulate.play import Plan, Play, play

BOOK = """\
title: Checkout
service: checkout
roles:
  captain: {starter: true}
  qa: {group: qa}
  on-call: {group: on-call}
  robot: {group: robot}
checks:
  smoke: {by: on-call}
stages:
  - name: staging
    owner: captain
    gates:
      - name: QA
        approvals: {qa: 1}
    steps:
      - do: Deploy to staging
  - name: production
    owner: on-call
    production: true
    begin: captain
    gates:
      - name: Healthy
        needs: [{check: smoke}, {qa: 1}]
    steps:
      - do: Deploy to production
"""
# In minutes that are easy to follow: whoever is asked answers after ten, or thereabouts.
PEOPLE = """\
starter: U0ANA
people:
  U0ANA: {name: Ana, timezone: Europe/Berlin, answers: {median: 10m, p90: 12m}}
  U0BEN: {name: Ben, timezone: Europe/Berlin, groups: [qa], answers: {median: 10m, p90: 12m}}
  U0DAN: {name: Dan, timezone: Europe/Berlin, groups: [on-call], answers: {median: 10m, p90: 12m}}
"""
MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
"""Nine o'clock in Berlin."""
FRIDAY = datetime(2026, 3, 6, 16, 40, tzinfo=UTC)
"""Twenty to six in Berlin, where work ends at six."""


def book(text: str = BOOK) -> Runbook:
    return runbooks_of(parse(text.encode(), "book.yaml"))[0]


def people(text: str = PEOPLE, **changed: Mapping[str, object]) -> People:
    """Return the people of a text; of those named, such as `BEN`, some keys are others."""
    read = yaml.load(text, yaml.BaseLoader)  # It leaves all scalars the text that they are.
    for name, keys in changed.items():
        read["people"].setdefault(f"U0{name}", {"name": name.title(), "timezone": "Europe/Berlin"})
        read["people"][f"U0{name}"] |= keys
    return People.model_validate(read)


def plan(
    team: People | None = None,
    runbook: Runbook | None = None,
    *,
    at: datetime = MONDAY,
    days: int = 5,
    seed: int = 1,
) -> Plan:
    return Plan(
        runbook=runbook or book(), people=team or people(), version="1.4.0", at=at, days=days, seed=seed
    )


def played(
    team: People | None = None, runbook: Runbook | None = None, *, at: datetime = MONDAY, seed: int = 1
) -> Play:
    return play(plan(team, runbook, at=at, seed=seed))


def happened(it: Play, *leave_out: str) -> list[str]:
    """Return the names of the events of a play, but for those that are left out."""
    return [name for event in it.events if (name := type(event).__name__) not in leave_out]


class Files:
    """A runbook and people, each in a file, and the command that reads them."""

    def __init__(self, folder: Path) -> None:
        self.book, self.people = folder / "book.yaml", folder / "people.yaml"
        self.book.write_text(BOOK)
        self.people.write_text(PEOPLE)

    def change(self, before: str, after: str) -> None:
        """Write something else in the file that says it."""
        file = next(file for file in (self.book, self.people) if before in file.read_text())
        file.write_text(file.read_text().replace(before, after))

    def simulate(self, *options: str) -> tuple[int, str]:
        """Return the exit code, and what is printed."""
        out = StringIO()
        typed = ["simulate", str(self.book), "--people", str(self.people), *options]
        code = simulate(_parser().parse_args(typed), out)
        return code, out.getvalue().replace(f"{self.book.parent.as_posix()}/", "")
