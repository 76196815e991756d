"""The chain: what is written once is found changed, moved or missing, and named."""

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, delete, insert, select, update

from bot.ledger import own
from bot.ledger.codec import (
    NO_EVENT,
    UnknownEvent,
    canonical,
    chained,
    decode,
    decode_any,
    decode_own,
    encode,
)
from bot.ledger.ledger import Ledger
from bot.ledger.tables import absences as people
from bot.ledger.tables import events, metadata, releases, services
from bot.ledger.verify import rebuild, verify
from bot.release.decide import fold
from bot.release.gates.answers import Approved
from bot.release.ids import ReleaseId, ReleaseKey, UserId, WorkspaceId
from bot.release.kinds import EVENTS, OWN_EVENTS
from bot.release.people.absence import WentAway
from bot.release.people.directory import Own
from bot.release.people.hours import Week
from bot.release.people.own import own_after
from bot.release.release import Release
from bot.release.stages.cancel import Cancelled
from bot.release.stages.runs import Order, RunAsked
from bot.release.state import State
from bot.runbook.runs import Provider
from tests.ledger.story import CHANGED, tell
from tests.ledger.world import BEN, CHECKOUT, EVE, MORNING, TEAM, Replica, StillClock, Town

FOLDER = Path(__file__).parent
AWAY = own.chain_of(TEAM, BEN).key
NOTE = "Für alle: „fertig“ \u2028 <b>&amp;</b> 🚀"
Lines = Sequence[Mapping[str, Any]]


def lines_of(name: str) -> Lines:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").split("\n") if line]


@pytest.fixture(scope="module")
def golden() -> Lines:
    return lines_of("golden.jsonl")


@pytest.fixture
def told(golden: Lines) -> Engine:
    return told_again(golden)


def told_again(golden: Lines) -> Engine:
    """Return a database that holds the golden ledger, as its events and what follows from them."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        for line in golden:
            if line["release"].startswith(own.MARK):
                own.append(connection, TEAM, decode_own(line["body"]))
        keys = (line["release"] for line in golden if not line["release"].startswith(own.MARK))
        for key in dict.fromkeys(keys):
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
    kinds = {kind.__name__ for kind in (*EVENTS, *OWN_EVENTS)}
    assert {json.loads(line["body"])["kind"] for line in golden} == kinds


def test_the_golden_ledger_goes_on_being_read_and_written_the_same(golden: Lines) -> None:
    for line in golden:
        assert encode(decode_any(line["body"])) == line["body"]


@pytest.mark.parametrize("name", ["golden-1.jsonl", "golden.jsonl"])
def test_every_golden_ledger_goes_on_hashing_the_same(name: str) -> None:
    prev = NO_EVENT
    for line in lines_of(name):
        prev = NO_EVENT if line["seq"] == 1 else prev
        assert line["prev"] == prev
        head = ReleaseId(line["workspace"], line["release"])
        prev = chained(head, line["seq"], prev, line["body"])
        assert line["hash"] == prev


def test_a_run_that_was_asked_for_before_there_were_workflows_is_still_read() -> None:
    order = '{"by": "command", "name": "deploy", "words": ["1.4.0"]}'
    written = (
        '{"kind": "RunAsked", "at": "2026-03-02T10:30:00Z", "by": "rollcall", "stage": 0, "step": "Deploy",'
        f' "attempt": 1, "order": {order}, "until": "2026-03-02T11:00:00Z"}}'
    )
    event = decode(written)
    assert isinstance(event, RunAsked)
    assert event.order == Order(by=Provider.COMMAND, name="deploy", words=("1.4.0",))


def test_the_golden_ledger_goes_on_folding_to_the_same(golden: Lines) -> None:
    first, second, third, fourth = (folded(golden, number) for number in (1, 2, 3, 4))
    assert (first.state, first.stage, first.seq, first.captain) == (State.COMPLETED, 1, 59, "UCLEO")
    assert (first.note, first.version, first.manifest) == (NOTE, "1.0.1", CHANGED)
    assert [(vote.by, vote.comment) for vote in first.votes][-1] == ("UCLEO", "e\u0301 is not \u00e9")
    assert (second.state, second.ended_because) == (State.CANCELLED, "Not today.")
    assert (third.state, third.ended_because, third.lock) == (State.ROLLED_BACK, "Orders are lost.", None)
    assert third.policy[0] == "Separation of duties: strict; before, warn."
    assert [(vote.by, vote.behalf) for vote in third.votes if vote.behalf] == [(EVE, BEN)]
    assert (fourth.state, fourth.votes, fourth.seq) == (State.AWAITING_APPROVAL, (), 17)
    ben = (decode_own(line["body"]) for line in golden if line["release"] == AWAY)
    assert own_after(ben) == Own(
        week=Week(begins=time(20), ends=time(4), days=(0, 1)),
        snoozed=datetime(2026, 3, 3, 23, 44, 0, 250_000, tzinfo=UTC),
    )


def test_the_golden_ledger_of_the_first_version_goes_on_folding_to_the_same() -> None:
    golden = lines_of("golden-1.jsonl")
    first, second, third = (folded(golden, number) for number in (1, 2, 3))
    assert (first.state, first.stage, first.seq, first.note) == (State.COMPLETED, 1, 19, NOTE)
    assert [(vote.by, vote.comment) for vote in first.votes] == [
        ("UBEN", ""),
        ("UDAN", ""),
        ("UCLEO", "e\u0301 is not \u00e9"),
    ]
    assert (second.state, second.ended_because) == (State.CANCELLED, "Not today.")
    assert (third.state, third.votes) == (State.AWAITING_APPROVAL, ())
    for release in (first, second, third):
        # What these events could not say yet is as it was then.
        assert (release.runbook.kind, release.filed, release.signed) == ("normal", release.runbook, True)
        assert (release.lock, release.review, release.holds, release.deputy) == (None, None, (), None)


def folded(golden: Lines, number: int) -> Release:
    return fold(decode(line["body"]) for line in golden if line["release"] == f"checkout-{number}")


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
        last = len(connection.execute(select(events).where(events.c.release == CHECKOUT)).all())
        for seq in range(last, 3, -1):
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
        forge(connection, ReleaseKey("checkout-4"), Approved, by=BEN)
    (fault,) = faults(told)
    assert fault.startswith("checkout-4: ")


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


def test_a_fault_in_each_chain_is_named_once_each(told: Engine) -> None:
    with told.begin() as connection:
        connection.execute(update(events).values(prev="0" * 63 + "1"))
    releases = [f"checkout-{number}" for number in (1, 2, 3, 4)]
    assert [fault.split(":")[0] for fault in faults(told)] == [*releases, AWAY]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("service", "payments"),
        ("version", "6.6.6"),
        ("kind", "hotfix"),
        ("state", State.CANCELLED),
        ("channel", "C9"),
        ("started_at", datetime(2020, 1, 1, tzinfo=UTC)),
        ("ended_at", None),
        ("signed", False),
        ("locked", True),
        ("attention_at", datetime(2020, 1, 1, tzinfo=UTC)),
        ("seq", 2),
    ],
)
def test_a_changed_row_is_named_with_its_column(told: Engine, column: str, value: object) -> None:
    with told.begin() as connection:
        connection.execute(delete(events).where(events.c.release == "checkout-4"))
        connection.execute(delete(releases).where(releases.c.release == "checkout-4"))
        connection.execute(update(services).values(releases=3))
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
    assert faults(told) == ["checkout: 4 releases were started, and 3 are here."]


def test_a_service_whose_count_is_gone_is_found(told: Engine) -> None:
    """The next release would be given a number that is taken."""
    with told.begin() as connection:
        connection.execute(delete(services))
    assert faults(told) == ["checkout: 0 releases were started, and 4 are here."]


# What people say of themselves


def test_a_changed_event_of_a_person_is_found(told: Engine, golden: Lines) -> None:
    (line,) = [line for line in golden if (line["release"], line["seq"]) == (AWAY, 1)]
    with told.begin() as connection:
        changed = line["body"].replace(EVE, "UMAL")
        connection.execute(update(events).where(at(1, AWAY)).values(body=changed))
    assert faults(told) == ["@UBEN: event 1 was changed, or another took its place."]


def test_a_removed_event_of_a_person_is_named(told: Engine) -> None:
    with told.begin() as connection:
        connection.execute(delete(events).where(at(1, AWAY)))
    assert faults(told) == ["@UBEN: event 1 is missing."]


@pytest.mark.parametrize("from_the", [1, 2, 3])
def test_a_missing_tail_of_a_person_is_found(told: Engine, from_the: int) -> None:
    with told.begin() as connection:
        lost = (events.c.release == AWAY) & (events.c.seq >= from_the)
        connection.execute(delete(events).where(lost))
    (fault,) = faults(told)
    assert fault.startswith("@UBEN: the newest events are missing")


def test_an_appended_event_that_the_row_of_a_person_does_not_know_is_found(told: Engine) -> None:
    with told.begin() as connection:
        forge_absence(connection)
    (fault,) = faults(told)
    assert fault.startswith("@UBEN: the newest events are missing")


def forge_absence(connection: Connection) -> None:
    """Append that Ben is away, with the right hash, past the coordinator."""
    chain = ReleaseId(TEAM, AWAY)
    last = connection.execute(select(events).where(at(4, AWAY))).one()
    event = WentAway(at=MORNING, by=BEN, deputy=UserId("UMAL"), until=MORNING + timedelta(days=9))
    body = encode(event)
    row = {"workspace": TEAM, "release": AWAY, "seq": 5, "kind": "WentAway", "at": MORNING, "by": BEN}
    new = chained(chain, 5, last.hash, body)
    connection.execute(insert(events).values(**row, body=body, prev=last.hash, hash=new))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("deputy", EVE),
        ("until", MORNING),
        ("begins", time(0)),
        ("ends", time(0)),
        ("days", "6"),
        ("snoozed", MORNING),
        ("seq", 1),
        ("head", "0" * 64),
    ],
)
def test_a_changed_row_of_a_person_is_found(told: Engine, column: str, value: object) -> None:
    with told.begin() as connection:
        connection.execute(update(people).values({column: value}))
    (fault,) = faults(told)
    assert fault.startswith("@UBEN: ")
    assert column in fault or column == "head"


def test_a_row_of_a_person_that_is_gone_is_found(told: Engine) -> None:
    with told.begin() as connection:
        connection.execute(delete(people))
    assert faults(told) == ["@UBEN: its row is missing; `rollcall rebuild` makes it anew."]


@pytest.mark.parametrize("workspace", [TEAM, "T9"])
def test_an_absence_of_which_no_event_tells_is_found(told: Engine, workspace: str) -> None:
    with told.begin() as connection:
        row = {"workspace": workspace, "person": "UCLEO", "deputy": "UMAL", "until": MORNING}
        connection.execute(insert(people).values(**row, seq=1, head="f" * 64))
    (fault,) = faults(told)
    assert fault.startswith("@UCLEO: the newest events are missing")


def test_an_event_of_a_release_in_the_chain_of_a_person_is_found(told: Engine) -> None:
    body = encode(Cancelled(at=MORNING, by=BEN, reason="Mine."))
    new = chained(ReleaseId(TEAM, AWAY), 1, NO_EVENT, body)
    with told.begin() as connection:
        connection.execute(delete(events).where((events.c.release == AWAY) & (events.c.seq > 1)))
        changed = {"kind": "Cancelled", "at": MORNING, "by": BEN, "body": body, "hash": new}
        connection.execute(update(events).where(at(1, AWAY)).values(changed))
        connection.execute(update(people).values(seq=1, head=new))
    (fault,) = faults(told)
    assert fault.startswith(
        "@UBEN: its events cannot be read: UnknownEvent: Cancelled is no event of a person"
    )


@pytest.mark.parametrize(
    "lost",
    [
        at(3),
        at(1, "checkout-3"),
        events.c.release == "checkout-2",
        at(1, AWAY),
        at(2, AWAY),
        events.c.release == AWAY,
    ],
)
def test_making_the_rows_anew_hides_no_fault(told: Engine, lost: Any) -> None:
    """The rows are what shows that events are missing, so they are not made anew from fewer."""
    with told.begin() as connection:
        connection.execute(delete(events).where(lost))
    before = faults(told)
    assert before
    with contextlib.suppress(Exception), told.begin() as connection:
        rebuild(connection)
    assert faults(told) == before
