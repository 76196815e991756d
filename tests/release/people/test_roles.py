"""Who is in which role: kept when it changes, and not guessed when it cannot be read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from inline_snapshot import snapshot

from bot.release.attention import attention_at
from bot.release.decide import decide_start, fold
from bot.release.ids import ROLLCALL, UserId
from bot.release.manifest import Manifest
from bot.release.people.directory import Directory
from bot.release.people.handoff import Duty
from bot.release.people.hours import Hours
from bot.release.people.roles import About, MembersRead, read_members
from bot.release.people.roles import unread as roles_unread
from bot.release.refusal import Refused
from bot.release.release import Release
from bot.release.state import State
from bot.runbook.gates.gate import Reminders
from bot.runbook.roles.role import Role, Rotation, Standing
from tests.release.given import (
    EVERYBODY,
    NEIGHBOURS,
    NINE,
    Act,
    Person,
    among,
    ana,
    answer,
    asks,
    away,
    bea,
    ben,
    cleo,
    dan,
    eli,
    events,
    gated,
    gus,
    in_production,
    later,
    meanwhile,
    names,
    play,
    ready,
    refusal,
    runbook,
    standing,
    start,
    start_facts,
    started,
    time_passes,
    town,
    unread,
)


def test_people_who_are_the_same_are_no_news() -> None:
    assert answer(started(), time_passes(minutes=5)) == ()


def test_a_change_of_people_is_kept_with_its_time() -> None:
    act = later(gus.joins("qa"), minutes=5)
    release = play(started(), act)
    made = events(started(), act)
    assert made == (MembersRead(at=release.at, by=ROLLCALL, members=release.members),)
    assert release.members == {**EVERYBODY, "qa": (*EVERYBODY["qa"], gus.id)}


def test_a_change_comes_before_what_was_decided_with_it() -> None:
    act = meanwhile(gus.joins("qa"), gus.approves("QA"))
    assert names(started(), act) == ["MembersRead", "Approved"]


def test_a_refused_command_leaves_everything_as_it_was() -> None:
    act = meanwhile(gus.joins("security"), gus.approves("QA"))
    release = started()
    refusal(release, act)
    assert release == started()


def test_roles_that_cannot_be_read_keep_the_people_that_were_known() -> None:
    act = unread("qa", meanwhile(gus.joins("security"), time_passes(minutes=5)))
    assert answer(started(), act) == ()


def test_unread_roles_do_not_let_a_gate_lapse() -> None:
    assert play(ready(), unread("qa", time_passes(minutes=5))).state is ready().state


def people(role: Role, directory: Directory, manifest: Manifest | None = None) -> tuple[UserId, ...] | None:
    """Return who is in a role of a release that ana started; None where that cannot be read."""
    book = runbook(roles=(role,))
    about = About(starter=ana.id, manifest=manifest or Manifest())
    return read_members(book, about, directory, NINE)[role.name]


EXTRA = "extra"
U0BEN, U0BEA, U0ELI = (Person(UserId(user)) for user in ("U0BEN", "U0BEA", "U0ELI"))
USERS = town({**EVERYBODY, "u": (U0BEN.id, U0BEA.id, U0ELI.id)})
WEEKLY = Rotation.model_validate(
    {"timezone": "Europe/Berlin", "starting": "2026-02-23", "people": ["U0BEN", "U0BEA"]}
)
"""Ben until the Monday on which the releases of these tests start, at nine in Berlin; then bea."""


def test_a_role_is_bound_to_users() -> None:
    role = Role(name=EXTRA, users=("U0BEN", "U0BEA"))
    assert people(role, USERS) == (U0BEA.id, U0BEN.id)


def test_a_role_is_bound_to_a_user_group() -> None:
    assert people(Role(name=EXTRA, group="qa"), USERS) == EVERYBODY["qa"]
    assert people(Role(name=EXTRA, group="legal"), USERS) is None
    assert people(Role(name=EXTRA, group="qa"), replace(USERS, groups={"qa": ()})) == ()


def test_a_role_is_bound_to_who_starts_the_release() -> None:
    assert people(Role(name=EXTRA, starter=True), USERS) == (ana.id,)


def test_a_role_is_bound_to_the_authors_and_to_the_reviewers_of_the_manifest() -> None:
    manifest = Manifest(authors=(ben.id,), reviewers=(dan.id, cleo.id))
    assert people(Role(name=EXTRA, authors=True), USERS, manifest) == (ben.id,)
    assert people(Role(name=EXTRA, reviewers=True), USERS, manifest) == (cleo.id, dan.id)
    assert people(Role(name=EXTRA, authors=True), USERS) == ()


def test_a_role_is_bound_to_the_owners_of_the_changed_paths() -> None:
    role = Role(name=EXTRA, codeowners="* @acme/qa\n/db/ @U0BEN @security\n")
    assert people(role, USERS, Manifest(paths=("db/a",))) == (U0BEN.id, cleo.id, eli.id)
    assert people(role, USERS, Manifest(paths=("web/a",))) == EVERYBODY["qa"]
    both = people(role, USERS, Manifest(paths=("db/a", "web/a")))
    assert both == (U0BEN.id, bea.id, ben.id, cleo.id, eli.id)
    assert people(role, USERS) == ()


def test_owners_in_a_group_that_cannot_be_read_are_not_known() -> None:
    role = Role(name=EXTRA, codeowners="/db/ @acme/legal\n")
    assert people(role, USERS, Manifest(paths=("db/a",))) is None
    assert people(role, USERS, Manifest(paths=("web/a",))) == ()


def test_of_several_owners_only_the_group_that_is_not_there_is_named() -> None:
    role = Role(name=EXTRA, codeowners="/db/ @U0BEN @acme/qa @acme/legal\n")
    about = About(starter=ana.id, manifest=Manifest(paths=("db/a",)))
    refused = roles_unread(runbook(roles=(role,)), about, USERS, NINE)
    assert refused is not None
    assert refused.because == snapshot(
        "Slack has no user group “legal”, to which the runbook binds extra, and what is not there counts as no."
    )


def test_a_role_is_bound_to_a_rotation() -> None:
    role = Role(name=EXTRA, rotation=WEEKLY)
    assert people(role, USERS) == (U0BEA.id,)
    book = runbook(roles=(role,))
    about = About(starter=ana.id, manifest=Manifest())
    before = datetime(2026, 3, 2, 7, 59, 59, tzinfo=UTC)
    assert read_members(book, about, USERS, before)[EXTRA] == (U0BEN.id,)
    assert read_members(book, about, USERS, NINE + timedelta(days=7))[EXTRA] == (U0BEN.id,)


def test_a_role_is_bound_to_the_first_who_is_there() -> None:
    role = Role(name=EXTRA, first_of=("U0ELI", "U0BEN", "U0BEA"))
    assert people(role, USERS) == (U0ELI.id,)
    gone = standing(U0ELI, Standing.DEACTIVATED)(USERS)
    assert people(role, gone) == (U0BEN.id,)
    absent = away(U0ELI, gus, NINE + timedelta(seconds=1))(USERS)
    assert people(role, absent) == (U0BEN.id,)
    assert people(role, away(U0ELI, gus, NINE)(USERS)) == (U0ELI.id,)
    nobody = replace(USERS, people={ana.id: Standing.MEMBER})
    assert people(role, nobody) == ()


ADMITTED = {standing: (standing,) for standing in (Standing.GUEST, Standing.STRANGER, Standing.BOT)}


@pytest.mark.parametrize("become", [s for s in Standing if s is not Standing.MEMBER])
def test_only_full_members_are_in_a_role_unless_the_runbook_admits_others(become: Standing) -> None:
    other = standing(ben, become)(USERS)
    assert people(Role(name=EXTRA, group="qa"), other) == (bea.id, eli.id)
    for admits in ADMITTED.values():
        there = people(Role(name=EXTRA, group="qa", admits=admits), other)
        assert there is not None
        assert (ben.id in there) is (become in admits)


def test_nobody_deactivated_is_ever_admitted() -> None:
    with pytest.raises(ValueError, match="deactivated"):
        Role(name=EXTRA, group="qa", admits=(Standing.DEACTIVATED,))


def test_a_guest_fills_a_seat_where_the_runbook_says_so() -> None:
    guests = Role(name="guests", group="guests", admits=(Standing.GUEST,))
    book = gated(asks("Guests", guests=1), roles=(guests,))
    act = among(standing(gus, Standing.GUEST), gus.approves("Guests"))
    assert play(started(book, {**EVERYBODY, "guests": (gus.id,)}), act).state is State.IN_PROGRESS


def test_somebody_of_whom_nothing_is_known_is_in_no_role() -> None:
    unknown = replace(USERS, people={p: s for p, s in USERS.people.items() if p != ben.id})
    assert people(Role(name=EXTRA, group="qa"), unknown) == (bea.id, eli.id)


def test_where_nobody_can_be_read_only_who_started_it_is_known() -> None:
    assert people(Role(name=EXTRA, starter=True), Directory()) == (ana.id,)
    for role in (
        Role(name=EXTRA, group="qa"),
        Role(name=EXTRA, users=("U0BEN",)),
        Role(name=EXTRA, authors=True),
        Role(name=EXTRA, codeowners="* @U0BEN"),
        Role(name=EXTRA, rotation=WEEKLY),
        Role(name=EXTRA, first_of=("U0BEN",)),
    ):
        assert people(role, Directory()) is None


def test_a_group_that_became_empty_leaves_nobody() -> None:
    release = play(started(), *(person.leaves("security") for person in (cleo, eli)))
    assert release.members["security"] == ()
    assert refusal(release, cleo.approves("Security")).ask == ()


def on_rotation(rotation: Rotation = WEEKLY) -> Release:
    rota = Role(name="rota", rotation=rotation)
    book = gated(asks("Rota", Reminders(after=timedelta(days=90)), rota=1), roles=(rota,))
    decision = decide_start(start(), start_facts(book, directory=USERS))
    assert not isinstance(decision, Refused)
    return fold(decision)


def among_users(act: Act) -> Act:
    return among(lambda town: USERS, act)


def test_the_turn_of_a_rotation_is_taken_in_at_its_very_moment() -> None:
    release = on_rotation()
    assert release.members["rota"] == (U0BEA.id,)
    turn = datetime(2026, 3, 9, 8, tzinfo=UTC)
    assert attention_at(release) == turn
    assert answer(release, among_users(time_passes(days=6, hours=22, minutes=59))) == ()
    assert names(release, among_users(time_passes(days=6, hours=23))) == ["MembersRead"]
    turned = play(release, among_users(time_passes(days=6, hours=23)))
    assert turned.members["rota"] == (U0BEN.id,)
    assert attention_at(turned) == turn + timedelta(days=7)


def test_a_turn_is_taken_in_also_when_the_same_people_are_there_again() -> None:
    release = on_rotation()
    assert names(release, among_users(time_passes(days=14))) == ["MembersRead"]
    again = play(release, among_users(time_passes(days=14)))
    assert again.members == release.members
    assert attention_at(again) == datetime(2026, 3, 23, 8, tzinfo=UTC)
    assert answer(again, among_users(time_passes())) == ()


def test_a_turn_from_somebody_to_the_same_person_is_taken_in_at_its_very_moment() -> None:
    alone = on_rotation(WEEKLY.model_copy(update={"people": ("U0BEA",)}))
    turned = play(alone, among_users(time_passes(days=6, hours=23)))
    assert attention_at(turned) == datetime(2026, 3, 16, 8, tzinfo=UTC)


def test_an_approval_of_the_turn_before_counts_no_more() -> None:
    release = play(on_rotation(), ana.holds(until=timedelta(days=30)), among_users(U0BEA.approves("Rota")))
    assert release.state is State.READY
    assert names(release, among_users(time_passes(days=7))) == ["MembersRead", "GatesLapsed"]


def test_when_the_first_of_a_role_is_back_is_a_time_to_look_again() -> None:
    first = Role(name="lead", first_of=("U0ELI", "U0BEN"))
    book = gated(asks("Lead", Reminders(after=timedelta(days=90)), lead=1), roles=(first,))
    until = NINE + timedelta(hours=5)
    absent = away(U0ELI, gus, until)(USERS)
    decision = decide_start(start(), start_facts(book, directory=absent))
    assert not isinstance(decision, Refused)
    release = fold(decision)
    assert release.members["lead"] == (U0BEN.id,)
    assert attention_at(release) == until
    back = play(release, among(lambda town: absent, time_passes(hours=5)))
    assert back.members["lead"] == (U0ELI.id,)


def test_the_first_who_comes_back_is_the_time_to_look_again() -> None:
    absent = away(bea, gus, NINE + timedelta(hours=5))(away(ben, dan, NINE + timedelta(hours=3))(town()))
    quiet = gated(asks("QA", Reminders(after=timedelta(days=90)), qa=1))
    release = play(started(quiet), among(lambda town: absent, time_passes()))
    assert attention_at(release) == NINE + timedelta(hours=3)


def test_the_members_are_read_of_an_ended_release_only_while_it_is_reviewed() -> None:
    ended = play(in_production(), dan.finishes("Deploy"), dan.finishes("Watch the errors"))
    assert answer(ended, meanwhile(gus.joins("qa"), time_passes(days=1))) == ()


def test_the_hours_of_whoever_may_be_asked_are_read_and_whether_they_are_away() -> None:
    """Gus is in no role, and Ben in none any more."""
    hours = {person.id: Hours(zone="Asia/Tokyo") for person in NEIGHBOURS}

    def read(release: Release) -> Release:
        look = among(lambda town: replace(town, hours=hours), time_passes())
        return play(release, among(away(gus, dan, NINE + timedelta(days=2)), look))

    release = started(hours=hours)
    assert gus.id not in read(release).hours
    held = read(play(release, gus.holds()))
    assert (gus.id in held.hours, gus.id in held.deputies) == (True, True)
    lifted = read(play(held, gus.lifts(1)))
    assert (gus.id in lifted.hours, gus.id in lifted.deputies) == (False, False)
    deputy = read(play(release, ana.offers(gus, Duty.DEPUTY), gus.accepts(Duty.DEPUTY)))
    assert gus.id in deputy.hours
    rejected = read(play(release, ben.rejects("QA"), ben.leaves("qa")))
    assert ben.id in rejected.hours
    assert ben.id not in read(play(rejected, ben.withdraws("QA"))).hours


def test_who_holds_a_release_is_reminded_in_their_own_hours() -> None:
    hours = {gus.id: Hours(zone="America/New_York")}
    look = among(lambda town: replace(town, hours=hours), time_passes(hours=1))
    book = gated(asks("QA", Reminders(after=timedelta(days=90)), qa=1))
    assert names(play(started(book), gus.holds()), look) == ["MembersRead"]
    held = play(started(book), gus.holds(), look)
    assert attention_at(held) == NINE + timedelta(hours=5)
