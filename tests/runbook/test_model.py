"""A runbook in memory is frozen, complete, and comes back from JSON as it was."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.runbook.model import Begin, Gate, Handoffs, Reminders, Role, Runbook, Seats, Stage, Step, duration
from bot.runbook.read import read_runbook

SHIPPED = Path(__file__).parents[2] / "runbooks"
CHECKOUT = read_runbook(SHIPPED / "checkout.yaml")

names = st.text("abcdefghij", min_size=1, max_size=8)
waits = st.integers(60, 90 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
reminders = st.builds(Reminders, after=waits, every=waits, limit=st.integers(1, 50))
texts = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=60)
times = st.times().map(lambda time: time.replace(second=0, microsecond=0))
handoffs = st.builds(
    Handoffs,
    at=st.lists(times, min_size=1, max_size=5, unique=True).map(tuple),
    timezone=st.sampled_from(["Europe/Berlin", "America/New_York", "UTC"]),
)


@st.composite
def runbooks(draw: st.DrawFn) -> Runbook:
    """Make a runbook with a starter, and groups that are asked for approvals."""
    asked = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    roles = (Role(name="Captain", starter=True), *(Role(name=name, group=name) for name in asked))

    def gate(name: str) -> Gate:
        seats = draw(st.lists(st.sampled_from(asked), min_size=1, max_size=4, unique=True))
        approvals = tuple(Seats(role=role, count=draw(st.integers(1, 20))) for role in seats)
        return Gate(name=name, approvals=approvals, remind=draw(st.none() | reminders))

    def stage(name: str) -> Stage:
        return Stage(
            name=name,
            owner=draw(st.sampled_from([role.name for role in roles])),
            production=draw(st.booleans()),
            begin=draw(st.sampled_from(Begin)),
            gates=tuple(map(gate, draw(st.lists(names, max_size=3, unique=True)))),
            steps=tuple(Step(do=do) for do in draw(st.lists(texts, max_size=3, unique_by=str.casefold))),
        )

    return Runbook(
        title=draw(texts),
        roles=roles,
        reminders=draw(reminders),
        handoffs=draw(st.none() | handoffs),
        stages=tuple(map(stage, draw(st.lists(names, min_size=1, max_size=3, unique=True)))),
    )


@settings(deadline=None)
@given(runbooks())
def test_a_runbook_comes_back_from_json_as_it_was(runbook: Runbook) -> None:
    again = Runbook.model_validate_json(runbook.model_dump_json())
    assert again == runbook
    assert hash(again) == hash(runbook)
    assert again.content_hash == runbook.content_hash


@settings(deadline=None)
@given(runbooks())
def test_the_json_holds_no_float(runbook: Runbook) -> None:
    def refuse(number: str) -> None:
        pytest.fail(f"{number} is a float")

    json.loads(runbook.model_dump_json(), parse_float=refuse)


def test_canonical_json_reads_back_to_the_same_runbook() -> None:
    canonical = json.dumps(CHECKOUT.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    assert Runbook.model_validate_json(canonical) == CHECKOUT


def test_the_hash_is_that_of_the_canonical_json() -> None:
    content = json.loads(CHECKOUT.model_dump_json())
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert CHECKOUT.content_hash == hashlib.sha256(canonical.encode()).hexdigest()


def test_the_hash_follows_the_content() -> None:
    other = CHECKOUT.model_copy(update={"title": "Checkout 2"})
    assert other.content_hash != CHECKOUT.content_hash
    assert len(CHECKOUT.content_hash) == 64
    assert int(CHECKOUT.content_hash, 16)


@pytest.mark.parametrize("written", ["90s", "1m", "30m", "90m", "1h", "36h", "1d", "90d"])
def test_a_duration_is_written_as_it_was_read(written: str) -> None:
    read = Reminders.model_validate({"after": written})
    assert duration(read.after) == written
    assert read.model_dump(mode="json")["after"] == written


def test_a_duration_is_written_in_its_largest_whole_unit() -> None:
    assert duration(timedelta(minutes=120)) == "2h"


def test_a_runbook_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        CHECKOUT.title = "Other"


def test_parts_are_found_by_their_names() -> None:
    assert CHECKOUT.role("qa").group == "qa"
    assert CHECKOUT.stage("production").gate("Go or no-go").approvals == (
        Seats(role="qa", count=1),
        Seats(role="security", count=1),
    )
    with pytest.raises(KeyError):
        CHECKOUT.stage("productoin")


def test_a_runbook_made_in_python_is_held_to_the_same_rules() -> None:
    stage = Stage(name="s", owner="nobody")
    with pytest.raises(ValidationError, match="expected a role of this runbook"):
        Runbook(title="T", roles=(Role(name="captain", starter=True),), stages=(stage,))
