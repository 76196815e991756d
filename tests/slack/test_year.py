"""A year of reminders: forty people in nine time zones, holidays, and the changes of clocks."""

import os
import time
from pathlib import Path
from typing import Final

import pytest

from tests.year import rules
from tests.year.year import play

SEED: Final = int(os.environ.get("ROLLCALL_TEST_SEED", "1"))
DAYS: Final = int(os.environ.get("ROLLCALL_TEST_DAYS", "364"))


@pytest.mark.proof
async def test_a_year_has_no_reminder_out_of_hours_none_too_many_none_missed_and_none_doubled(
    tmp_path: Path,
) -> None:
    began = time.monotonic()
    played = await play(tmp_path, SEED, DAYS)
    print(f"\nseed {SEED}, to be set by ROLLCALL_TEST_SEED; {DAYS} days, to be set by ROLLCALL_TEST_DAYS")
    print(f"{len(played.events)} releases, {len(played.sent)} calls, in {time.monotonic() - began:.0f} s")
    broken: dict[str, list[str]] = {}
    for rule in rules.RULES:
        verdict = rule(played)
        print(f"  {rule.__name__:16}{len(verdict.broken):6} broken of {verdict.looked}")
        broken |= {rule.__name__: [*verdict.broken[:20]]} if verdict.broken else {}
        # What was looked at is enough to make this a proof.
        assert verdict.looked > DAYS
    assert broken == {}
    assert rules.full_days(played) > 0
