"""A runbook in memory is frozen, complete, and comes back from JSON as it was."""

import hashlib
import json
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.runbook.checks import Read
from bot.runbook.files.read import read_runbook
from bot.runbook.gates.gate import CheckPassed, Gate, Need, Of, Risk, Seats, When
from bot.runbook.handoffs import ShiftOfRole
from bot.runbook.model import (
    Begin,
    Check,
    Duties,
    Handoffs,
    Reminders,
    Review,
    Rollback,
    Runbook,
    Stage,
    Step,
)
from bot.runbook.roles.role import ADMISSIBLE, Role, Rotation, Shift
from bot.runbook.runs import Input, Run
from bot.runbook.values import duration
from tests.runbook.given import SHIPPED

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
shifts = st.builds(
    ShiftOfRole,
    begins=times,
    timezone=st.sampled_from(["Europe/Berlin", "America/New_York", "UTC"]),
    role=st.just("Captain"),
)
handoffs_to_shifts = st.builds(
    Handoffs, shifts=st.lists(shifts, min_size=1, max_size=12, unique=True).map(tuple)
)


people = st.lists(st.sampled_from(["U0ANA", "U0BEN", "U0BEA"]), min_size=1, max_size=3, unique=True).map(
    tuple
)
rotations = st.builds(
    Rotation,
    timezone=st.sampled_from(["Europe/Berlin", "America/New_York", "UTC"]),
    starting=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    every=st.integers(1, 90).map(lambda days: timedelta(days=days)),
    at=times,
    people=people,
) | st.builds(
    lambda begins, ends, people: Rotation(
        timezone="UTC",
        starting=date(2026, 1, 5),
        shifts=(
            Shift(begins=begins, ends=ends, people=people),
            Shift(begins=ends, ends=begins, people=people),
        ),
    ),
    times,
    times,
    people,
)
admits = st.sets(st.sampled_from(ADMISSIBLE)).map(lambda some: tuple(sorted(some)))
conditions = st.builds(
    When,
    kind=st.sampled_from([(), ("normal",), ("hotfix", "normal")]),
    labels=st.lists(names, max_size=2, unique=True).map(tuple),
    paths=st.lists(texts.map(str.strip).filter(bool), max_size=2, unique_by=str.casefold).map(tuple),
    risk=st.lists(st.sampled_from(Risk), min_size=1, max_size=3, unique=True).map(tuple),
)

words = texts.filter(lambda text: not {*"{}"} & {*text}) | st.just("{version}")
commands = st.builds(
    lambda arguments, within: Run(command=("deploy", *arguments), within=within),
    st.lists(words, max_size=3),
    waits,
)
inputs = st.lists(st.builds(Input, name=names, value=words), max_size=10, unique_by=lambda one: one.name)
workflows = st.builds(Run, workflow=st.just("deploy.yml"), ref=words, inputs=inputs.map(tuple), within=waits)
variables = st.lists(
    st.builds(Input, name=st.from_regex(r"[A-Z]{1,8}", fullmatch=True), value=words),
    max_size=10,
    unique_by=lambda one: one.name,
)
pipelines = st.builds(Run, pipeline=words, inputs=variables.map(tuple), within=waits)
webhooks = st.builds(
    Run, webhook=st.just("https://ci.acme.example/deploy"), inputs=inputs.map(tuple), within=waits
)
runs = commands | workflows | pipelines | webhooks
numbers = st.sampled_from(["0", "-1.50", "1e-3", "0.010"])
reads = st.one_of(
    st.builds(Read, ci=st.lists(names, max_size=3, unique_by=str.casefold).map(tuple)),
    st.builds(Read, url=st.just("https://a.example/{version}"), contains=st.none() | words),
    st.builds(Read, drill=waits),
    st.builds(
        Read,
        ticket=st.sampled_from(["all", "SHOP-1", "REL-{version}"]),
        states=st.lists(names, min_size=1, max_size=3, unique_by=str.casefold).map(tuple),
    ),
    st.builds(Read, prometheus=st.just("up"), server=st.just("https://p.example"), at_most=numbers),
)


def roles_named(name: str) -> st.SearchStrategy[Role]:
    """Bind a role to people of whom there can be many."""
    return st.one_of(
        st.builds(Role, name=st.just(name), group=names, admits=admits),
        st.builds(Role, name=st.just(name), reviewers=st.just(True), admits=admits),
        st.builds(Role, name=st.just(name), codeowners=st.just("/db/ @U02DBA @acme/dba\n")),
    )


def needs(asked: list[str], checks: list[str]) -> st.SearchStrategy[Need]:
    """Ask for seats and checks, in expressions that have few ways."""
    seats = st.builds(Seats, role=st.sampled_from(asked), count=st.integers(1, 20))
    leaves = seats | st.builds(CheckPassed, check=st.sampled_from(checks)) if checks else seats

    def of(below: st.SearchStrategy[Need]) -> st.SearchStrategy[Need]:
        whens = st.builds(lambda part, when: Of(parts=(part,), when=when), below, conditions)
        every = st.builds(
            lambda one, others: Of(parts=(one, *others)), below, st.lists(below | whens, max_size=2)
        )
        some = st.lists(below, min_size=1, max_size=3).flatmap(
            lambda parts: st.builds(Of, count=st.integers(1, len(parts)), parts=st.just(tuple(parts)))
        )
        return every | some

    return st.recursive(leaves, of, max_leaves=4)


@st.composite
def runbooks(draw: st.DrawFn) -> Runbook:
    """Make a runbook with a starter, a rotation, and roles that are asked for approvals."""
    asked = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    checks = draw(st.lists(names, max_size=2, unique=True))
    roles = (
        Role(name="Captain", starter=True),
        Role(name="On call", rotation=draw(rotations)),
        Role(name="Deputies", first_of=draw(people)),
        *(draw(roles_named(name)) for name in asked),
    )
    some_role = st.sampled_from([role.name for role in roles])

    def gate(name: str) -> Gate:
        return Gate(
            name=name,
            needs=draw(needs(asked, checks)),
            when=draw(st.none() | conditions),
            expires=draw(st.none() | waits),
            remind=draw(st.none() | reminders),
        )

    def gates() -> tuple[Gate, ...]:
        return tuple(map(gate, draw(st.lists(names, max_size=3, unique=True))))

    def steps(least: int) -> tuple[Step, ...]:
        some = st.lists(texts, min_size=least, max_size=3, unique_by=str.casefold)
        return tuple(Step(do=do, run=draw(st.none() | runs)) for do in draw(some))

    def stage(name: str) -> Stage:
        return Stage(
            name=name,
            owner=draw(some_role),
            environment=draw(st.none() | names),
            production=draw(st.booleans()),
            begin=draw(st.sampled_from(Begin)),
            gates=gates(),
            steps=steps(0),
        )

    return Runbook(
        title=draw(texts),
        repository=draw(st.sampled_from([None, "https://github.com/acme/shop"])),
        kind=draw(st.sampled_from(["normal", "hotfix"])),
        kinds=("normal", "hotfix"),
        duties=draw(st.sampled_from(Duties)),
        roles=roles,
        checks=tuple(
            Check(name=name, by=draw(some_role), fresh=draw(st.none() | waits), each=draw(st.booleans()))
            if draw(st.booleans())
            else Check(name=name, read=draw(reads), every=draw(waits), soak=draw(st.none() | waits))
            for name in checks
        ),
        lead=draw(st.none() | some_role),
        overrides=draw(st.none() | some_role),
        review=Review(
            within=draw(waits),
            count=draw(st.integers(1, 5)),
            role=draw(st.none() | some_role),
            always=draw(st.booleans()),
        ),
        offers=draw(waits),
        reminders=draw(reminders),
        handoffs=draw(st.none() | handoffs | handoffs_to_shifts),
        rollback=draw(st.sampled_from([None, Rollback(owner="Captain", gates=gates(), steps=steps(1))])),
        stages=tuple(map(stage, draw(st.lists(names, min_size=1, max_size=3, unique=True)))),
    )


@settings(deadline=None, max_examples=50)
@given(runbooks())
def test_a_runbook_comes_back_from_json_as_it_was(runbook: Runbook) -> None:
    again = Runbook.model_validate_json(runbook.model_dump_json())
    assert again == runbook
    assert hash(again) == hash(runbook)
    assert again.content_hash == runbook.content_hash


@settings(deadline=None, max_examples=50)
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
    assert CHECKOUT.stage("production").gate("Go or no-go").seats == (
        Seats(role="qa", count=1),
        Seats(role="security", count=1),
    )
    with pytest.raises(KeyError):
        CHECKOUT.stage("productoin")


def test_a_runbook_made_in_python_is_held_to_the_same_rules() -> None:
    stage = Stage(name="s", owner="nobody")
    with pytest.raises(ValidationError, match="expected a role of this runbook"):
        Runbook(title="T", roles=(Role(name="captain", starter=True),), stages=(stage,))
