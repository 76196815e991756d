"""Whatever small thing is broken in the core, a unit test of it fails, or nobody could tell."""

import signal
import subprocess
import sys

import pytest

from tests.mutation.equivalents import EQUIVALENTS
from tests.mutation.sabotage import ROOT, CannotTell, survives, told


@pytest.mark.proof
def test_every_sabotage_is_noticed_or_listed_with_a_reason() -> None:
    command = [sys.executable, "-m", "tests.mutation.sabotage"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (found.stdout, found.returncode) == ("", 0), found.stderr


def test_what_is_listed_has_a_reason() -> None:
    assert all(reason.endswith(".") for reason in EQUIVALENTS.values())


def test_what_no_test_notices_and_what_is_listed_in_vain_is_told() -> None:
    assert list(told({"a", "b", "c"}, {"a", "b"}, {"b", "c", "d"})) == [
        "No test notices: a",
        "A test notices what is listed as equivalent: c",
        "Nothing is what is listed as equivalent: d",
    ]
    assert list(told({"a", "b"}, {"a"}, {"a"})) == []


def test_a_test_that_fails_or_goes_on_for_ever_notices_a_sabotage() -> None:
    assert survives("it", 0)
    for failed in (1 << 8, signal.SIGPROF):
        assert not survives("it", failed)


@pytest.mark.parametrize("status", [2 << 8, 3 << 8, signal.SIGKILL, signal.SIGSEGV, signal.SIGALRM])
def test_a_process_that_ends_for_another_reason_has_noticed_nothing(status: int) -> None:
    with pytest.raises(CannotTell, match="could not be run against it"):
        survives("it", status)
