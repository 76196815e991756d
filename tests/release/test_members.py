"""Who is in which role: kept when it changes, and not guessed when it cannot be read."""

from bot.release.command import Facts
from bot.release.ids import ROLLCALL
from bot.release.members import MembersRead, members_read
from tests.release.given import (
    EVERYBODY,
    NINE,
    answer,
    ben,
    events,
    gus,
    later,
    meanwhile,
    names,
    play,
    ready,
    refusal,
    started,
    time_passes,
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


def test_people_are_read_when_every_role_is() -> None:
    assert Facts(now=NINE, members=EVERYBODY).readable
    assert not Facts(now=NINE, members={**EVERYBODY, "qa": None}).readable
    assert Facts(now=NINE, members={**EVERYBODY, "qa": ()}).readable
    changed = Facts(now=NINE, members={**EVERYBODY, "qa": (ben.id,)})
    assert len(members_read(started(), changed)) == 1
