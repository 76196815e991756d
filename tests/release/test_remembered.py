"""What was worked out of a release is worked out once, and anew for another one."""

from dataclasses import replace

from bot.release.release import Release
from bot.release.remembered import MOST, remembered
from bot.release.waiting import waiting_on
from tests.release.given import ana, ben, play, ready, started


class Counting:
    """Works something out, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, release: Release, more: str = "") -> list[str]:
        self.times += 1
        return [release.key, more]


def test_the_same_release_is_asked_once() -> None:
    counting, release = Counting(), ready()
    asked = remembered(counting)
    assert asked(release) is asked(release)
    assert counting.times == 1


def test_another_release_is_asked_anew_even_where_it_is_equal() -> None:
    counting, release = Counting(), ready()
    asked = remembered(counting)
    assert asked(release) is not asked(replace(release))
    assert counting.times == 2


def test_other_arguments_are_other_questions() -> None:
    counting, release = Counting(), ready()
    asked = remembered(counting)
    assert asked(release, "a") == ["checkout-1", "a"]
    assert asked(release, "b") == ["checkout-1", "b"]
    assert counting.times == 2


def test_what_is_over_is_forgotten() -> None:
    counting, release = Counting(), ready()
    asked = remembered(counting)
    asked(release)
    others = [replace(release) for _ in range(MOST)]
    for other in others:
        asked(other)
    asked(release)
    assert counting.times == MOST + 2


def test_a_release_that_has_moved_on_is_seen_as_it_is() -> None:
    before = started()
    after = play(before, ben.approves("QA"))
    gone = play(after, ana.cancels())
    assert len({waiting_on(release) for release in (before, after, gone)}) == 3
