"""The chain: what is written once is found changed, moved or missing, and named."""

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, delete, insert, select, update

from bot.ledger.codec import NO_EVENT, UnknownEvent, canonical, chained, decode, encode
from bot.ledger.ledger import Ledger
from bot.ledger.tables import events, metadata, releases, services
from bot.ledger.verify import rebuild, verify
from bot.release.approval import Approved
from bot.release.cancel import Cancelled
from bot.release.decide import fold
from bot.release.ids import ReleaseId, ReleaseKey, UserId, WorkspaceId
from bot.release.kinds import EVENTS
from bot.release.state import State
from tests.ledger.world import BEN, CHECKOUT, MORNING, TEAM, Replica, StillClock, Town, tell

GOLDEN = Path(__file__).with_name("golden.jsonl")
Lines = Sequence[Mapping[str, Any]]


@pytest.fixture(scope="module")
def golden() -> Lines:
    return [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").split("\n") if line]


@pytest.fixture
def told(golden: Lines) -> Engine:
    return told_again(golden)


def told_again(golden: Lines) -> Engine:
    """Return a database that holds the golden ledger, as its events and what follows from them."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        for key in dict.fromkeys(line["release"] for line in golden):
            written = [decode(line["body"]) for line in golden if line["release"] == key]
            connection.execute(
                insert(services)
                .prefix_with("OR IGNORE")
                .values(workspace=TEAM, service="checkout", releases=0)
            )
            release = Ledger().append(connection, None, written[:1])
            for one in written[1:]:
                release = Ledger().append(connection, release, [one])
    return engine


def faults(engine: Engine) -> Sequence[str]:
    with engine.connect() as connection:
        return verify(connection)


def at(seq: int, key: str = CHECKOUT) -> Any:
    return (events.c.release == key) & (events.c.seq == seq)


# Canonical JSON


def test_canonical_json_sorts_keys_and_has_no_spaces() -> None:
    assert (
        canonical({"b": [1, True, None], "a": {"d": "", "c": -1}})
        == '{"a":{"c":-1,"d":""},"b":[1,true,null]}'
    )


def test_canonical_json_writes_letters_as_they_are() -> None:
    assert canonical("é e\u0301 🚀 \u2028 </> \x7f") == '"é e\u0301 🚀 \u2028 </> \x7f"'
    assert canonical('"\\\n\x00') == '"\\"\\\\\\n\\u0000"'


@pytest.mark.parametrize("content", [1.0, float("nan"), {"a": 0.5}, [[1.5]], {"a": ({"b": 2.0},)}])
def test_canonical_json_has_no_floats(content: object) -> None:
    with pytest.raises(TypeError, match="float"):
        canonical(content)


json_content = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(json_content)
def test_canonical_json_reads_back_and_is_written_the_same_again(content: object) -> None:
    text = canonical(content)
    assert json.loads(text) == content
    assert canonical(json.loads(text)) == text


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_in_which_keys_were_set_makes_no_difference(content: dict[str, int]) -> None:
    assert canonical(dict(reversed(content.items()))) == canonical(content)


# Events


@given(
    comment=st.text(st.characters(exclude_categories=["Cs"])),
    roles=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=3),
    seconds=st.integers(0, 40_000_000_000),
    microseconds=st.integers(0, 999_999),
)
def test_an_event_reads_back_as_it_was(
    comment: str, roles: list[str], seconds: int, microseconds: int
) -> None:
    when = MORNING.replace(microsecond=microseconds) + timedelta(seconds=seconds - 20_000_000_000)
    event = Approved(at=when, by=BEN, stage=0, gate="QA", roles=tuple(roles), comment=comment)
    assert decode(encode(event)) == event
    assert encode(decode(encode(event))) == encode(event)


def test_an_event_of_a_newer_version_is_not_guessed_at() -> None:
    with pytest.raises(UnknownEvent, match="Teleported is of a newer version"):
        decode('{"kind":"Teleported"}')


def test_an_event_with_less_than_it_needs_is_not_read() -> None:
    with pytest.raises(ValueError, match="reason"):
        decode('{"at":"2026-03-02T10:30:00Z","by":"UANA","kind":"Cancelled"}')


def test_the_hash_is_over_the_place_and_the_one_before() -> None:
    event = Cancelled(at=datetime(2026, 3, 2, 10, 30, tzinfo=UTC), by=UserId("UANA"), reason="Für alle")
    body = '{"at":"2026-03-02T10:30:00Z","by":"UANA","kind":"Cancelled","reason":"Für alle"}'
    assert encode(event) == body
    place = ReleaseId(WorkspaceId("T1"), ReleaseKey("checkout-1"))
    # Written out by hand, so that it depends on nothing of the code that it checks.
    text = f'{{"event":{body},"prev":"{NO_EVENT}","release":"checkout-1","seq":1,"v":1,"workspace":"T1"}}'
    assert chained(place, 1, NO_EVENT, body) == hashlib.sha256(text.encode()).hexdigest()


# The golden ledger, which every later version must read


def test_the_golden_ledger_has_an_example_of_every_kind(golden: Lines) -> None:
    """Where this fails for a new kind: `python -m tests.ledger.golden` prints the story as it is told now."""
    assert {json.loads(line["body"])["kind"] for line in golden} == {kind.__name__ for kind in EVENTS}


def test_the_golden_ledger_goes_on_being_read_and_written_the_same(golden: Lines) -> None:
    for line in golden:
        assert encode(decode(line["body"])) == line["body"]


def test_the_golden_ledger_goes_on_hashing_the_same(golden: Lines) -> None:
    prev = NO_EVENT
    for line in golden:
        prev = NO_EVENT if line["seq"] == 1 else prev
        assert line["prev"] == prev
        head = ReleaseId(line["workspace"], line["release"])
        prev = chained(head, line["seq"], prev, line["body"])
        assert line["hash"] == prev


def test_the_golden_ledger_goes_on_folding_to_the_same(golden: Lines) -> None:
    first = fold(decode(line["body"]) for line in golden if line["release"] == "checkout-1")
    second = fold(decode(line["body"]) for line in golden if line["release"] == "checkout-2")
    assert (first.state, first.stage, first.seq) == (State.COMPLETED, 1, first.seq)
    assert first.note == "Für alle: „fertig“ \u2028 <b>&amp;</b> 🚀"
    assert [(vote.by, vote.comment) for vote in first.votes][-1] == ("UCLEO", "e\u0301 is not \u00e9")
    assert (second.state, second.ended_because) == (State.CANCELLED, "Not today.")


async def test_every_database_hands_back_the_bodies_that_were_written(
    replica: Replica, town: Town, clock: StillClock
) -> None:
    await tell(replica, town, clock)
    entries = await replica.entries()
    assert [encode(entry.event) for entry in entries] == [entry.body for entry in entries]
    assert await replica.faults() == []


# What is found


def test_a_whole_ledger_has_no_fault(told: Engine) -> None:
    assert faults(told) == []


def test_an_empty_ledger_has_no_fault() -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    assert faults(engine) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_character_changed_anywhere_is_found(told: Engine, golden: Lines, data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(golden))
    column = data.draw(st.sampled_from(["body", "prev", "hash"]))
    before: str = line[column]
    place = data.draw(st.integers(0, len(before) - 1))
    character = data.draw(st.characters(exclude_categories=["Cs"]).filter(lambda c: c != before[place]))
    changed = before[:place] + character + before[place + 1 :]
    with told.connect() as connection:
        connection.execute(update(events).where(at(line["seq"], line["release"])).values({column: changed}))
        found = verify(connection)
        connection.rollback()
    assert len(found) == 1
    assert found[0].startswith(f"{line['release']}: ")


@pytest.mark.parametrize("column", ["body", "prev", "hash"])
def test_the_first_change_is_named(told: Engine, golden: Lines, column: str) -> None:
    with told.begin() as connection:
        for seq in (5, 3):
            (row,) = [line for line in golden if (line["release"], line["seq"]) == (CHECKOUT, seq)]
            changed = row[column].replace("UBEN", "UEVE") if column == "body" else "f" * 64
            assert changed != row[column] or seq == 5
            connection.execute(update(events).where(at(seq)).values({column: changed}))
    assert faults(told) == ["checkout-1: event 3 was changed, or another took its place."]


def test_a_removed_event_is_named(told: Engine) -> None:
    with told.begin() as connection:
        connection.execute(delete(events).where(at(3)))
    assert faults(told) == ["checkout-1: event 3 is missing."]


def test_swapped_events_are_found(told: Engine) -> None:
    with told.begin() as connection:
        for before, after in ((3, 99), (4, 3), (99, 4)):
            connection.execute(update(events).where(at(before)).values(seq=after))
    assert faults(told) == ["checkout-1: event 3 was changed, or another took its place."]


def test_an_inserted_event_is_found(told: Engine) -> None:
    with told.begin() as connection:
        for seq in range(20, 3, -1):
            connection.execute(update(events).where(at(seq)).values(seq=seq + 1))
        row = connection.execute(select(events).where(at(3))).mappings().one()
        connection.execute(insert(events).values({**row, "seq": 4}))
    assert faults(told) == ["checkout-1: event 4 was changed, or another took its place."]


def test_an_event_of_another_release_is_found(told: Engine) -> None:
    with told.begin() as connection:
        row = connection.execute(select(events).where(at(1, "checkout-3"))).mappings().one()
        connection.execute(update(events).where(at(1)).values(body=row["body"], hash=row["hash"]))
    assert faults(told) == ["checkout-1: event 1 was changed, or another took its place."]


def test_a_missing_tail_is_found(told: Engine) -> None:
    with told.begin() as connection:
        last = len(connection.execute(select(events).where(events.c.release == CHECKOUT)).all())
        connection.execute(delete(events).where(at(last)))
    (fault,) = faults(told)
    assert fault.startswith("checkout-1: the newest events are missing")


def test_an_appended_event_that_the_row_does_not_know_is_found(told: Engine) -> None:
    with told.begin() as connection:
        forge(connection, ReleaseKey("checkout-3"), Approved, by=BEN)
    (fault,) = faults(told)
    assert fault.startswith("checkout-3: ")


def forge(connection: Connection, key: ReleaseKey, kind: type[Approved], by: UserId) -> str:
    """Append an event to a release with the right hash, past the coordinator; return its hash."""
    place = ReleaseId(TEAM, key)
    last = Ledger().entries(connection, place)[-1]
    event = kind(at=MORNING, by=by, stage=0, gate="QA", roles=("qa",), comment="")
    body, seq = encode(event), last.seq + 1
    row = {"workspace": TEAM, "release": key, "seq": seq, "kind": kind.__name__, "at": MORNING, "by": by}
    new = chained(place, seq, last.hash, body)
    connection.execute(insert(events).values(**row, body=body, prev=last.hash, hash=new))
    return new


def test_all_events_of_a_release_gone_is_found(told: Engine) -> None:
    with told.begin() as connection:
        connection.execute(delete(events).where(events.c.release == CHECKOUT))
    (fault,) = faults(told)
    assert fault.startswith("checkout-1: the newest events are missing")


def test_a_fault_in_each_release_is_named_once_each(told: Engine) -> None:
    with told.begin() as connection:
        connection.execute(update(events).values(prev="0" * 63 + "1"))
    assert [fault.split(":")[0] for fault in faults(told)] == ["checkout-1", "checkout-2", "checkout-3"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("service", "payments"),
        ("version", "6.6.6"),
        ("state", State.CANCELLED),
        ("channel", "C9"),
        ("started_at", datetime(2020, 1, 1, tzinfo=UTC)),
        ("ended_at", None),
        ("attention_at", datetime(2020, 1, 1, tzinfo=UTC)),
        ("seq", 2),
    ],
)
def test_a_changed_row_is_named_with_its_column(told: Engine, column: str, value: object) -> None:
    with told.begin() as connection:
        connection.execute(delete(events).where(events.c.release == "checkout-3"))
        connection.execute(delete(releases).where(releases.c.release == "checkout-3"))
        connection.execute(update(services).values(releases=2))
        connection.execute(update(releases).where(releases.c.release == CHECKOUT).values({column: value}))
    assert faults(told)[0] == f"checkout-1: its row differs from its events in {column}."


def test_a_state_written_by_hand_is_found(told: Engine) -> None:
    with told.begin() as connection:
        connection.execute(update(releases).where(releases.c.release == CHECKOUT).values(state="approved"))
    (fault,) = faults(told)
    assert fault.startswith("checkout-1: ")


def test_a_chain_that_was_hashed_anew_over_what_cannot_happen_is_found(told: Engine) -> None:
    with told.begin() as connection:
        head = forge(connection, CHECKOUT, Approved, by=BEN)
        seq = connection.scalar(select(releases.c.seq).where(releases.c.release == CHECKOUT)) or 0
        row = update(releases).where(releases.c.release == CHECKOUT)
        connection.execute(row.values(head=head, seq=seq + 1))
    (fault,) = faults(told)
    assert fault.startswith("checkout-1: ")


@pytest.mark.parametrize(
    ("column", "value"), [("by", "UEVE"), ("kind", "Cancelled"), ("at", datetime(2020, 1, 1, tzinfo=UTC))]
)
def test_a_changed_column_of_an_event_is_found(told: Engine, column: str, value: object) -> None:
    with told.begin() as connection:
        connection.execute(update(events).where(at(4)).values({column: value}))
    assert faults(told) == ["checkout-1: event 4 was changed, or another took its place."]


@pytest.mark.parametrize("added", ['"by":"UEVE",', " ", '"extra":1,'])
def test_a_body_that_is_written_in_another_way_is_found(told: Engine, added: str) -> None:
    """A second `by` before the right one is what another reader of the table may believe."""
    with told.begin() as connection:
        body: str = connection.scalar(select(events.c.body).where(at(4))) or ""
        connection.execute(update(events).where(at(4)).values(body="{" + added + body[1:]))
    assert faults(told) == ["checkout-1: event 4 was changed, or another took its place."]


def test_a_release_whose_row_is_gone_is_found(told: Engine) -> None:
    with told.begin() as connection:
        connection.execute(delete(releases).where(releases.c.release == "checkout-2"))
    assert faults(told)[0].startswith("checkout-2: ")


def test_a_release_that_is_gone_without_a_trace_is_found(told: Engine) -> None:
    with told.begin() as connection:
        for table in (events, releases):
            connection.execute(delete(table).where(table.c.release == "checkout-2"))
    assert faults(told) == ["checkout: 3 releases were started, and 2 are here."]


def test_a_service_whose_count_is_gone_is_found(told: Engine) -> None:
    """The next release would be given a number that is taken."""
    with told.begin() as connection:
        connection.execute(delete(services))
    assert faults(told) == ["checkout: 0 releases were started, and 3 are here."]


@pytest.mark.parametrize("lost", [at(3), at(1, "checkout-3"), events.c.release == "checkout-2"])
def test_making_the_rows_anew_hides_no_fault(told: Engine, lost: Any) -> None:
    """The rows are what shows that events are missing, so they are not made anew from fewer."""
    with told.begin() as connection:
        connection.execute(delete(events).where(lost))
    before = faults(told)
    assert before
    with contextlib.suppress(Exception), told.begin() as connection:
        rebuild(connection)
    assert faults(told) == before
