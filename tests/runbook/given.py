"""The beginnings of runbooks, and what is said about those that are refused."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from bot.runbook.files.read import read_runbook
from bot.runbook.problems import Problem, RunbookError

SHIPPED = Path(__file__).parents[2] / "runbooks"
Write = Callable[..., Path]

# Lines 1 to 6 of the runbooks below: what comes before the stages, and is right.
HEAD = """\
title: Standard
roles:
  captain: {starter: true}
  qa: {group: qa}
  pair: {users: [U0BEN, U0BEA]}
stages:
"""
STAGE = HEAD + "  - name: staging\n    owner: captain\n"
GATE = STAGE + "    gates:\n      - name: QA\n"
RUN = STAGE + "    steps: [{do: Deploy, run: "
APPROVED = GATE + "        approvals: {qa: 1}\n"


def said(problems: Iterable[Problem], folder: Path) -> list[str]:
    return [str(problem).replace(f"{folder.as_posix()}/", "") for problem in problems]


def refusals(path: Path) -> list[str]:
    """Read a runbook that must be refused, and return what is said about it."""
    with pytest.raises(RunbookError) as refusal:
        read_runbook(path)
    return said(refusal.value.problems, path.parent)
