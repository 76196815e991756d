"""What `rollcall simulate` prints, played anew."""

from io import StringIO
from typing import Final

from bot.cli import _parser
from bot.simulate.command import simulate
from tests.docs.generate import ROOT

FRIDAY: Final = "2026-03-06T16:50"


def simulated() -> str:
    """Return a release that is started late on a Friday."""
    return _shown("--at", FRIDAY, "--seed", "16")


def simulated_often() -> str:
    """Return what many such releases come to."""
    return _shown("--at", FRIDAY, "--days", "3", "--runs", "200")


def _shown(*options: str) -> str:
    runbook, people = "runbooks/checkout.yaml", "docs/simulate.people.yaml"
    files = [str(ROOT / runbook), "--people", str(ROOT / people)]
    out = StringIO()
    simulate(_parser().parse_args(["simulate", *files, *options]), out)
    typed = " ".join(["$ rollcall simulate", runbook, "--people", people, *options])
    return f"```text\n{typed}\n{out.getvalue()}```"
