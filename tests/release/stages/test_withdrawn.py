"""What was withdrawn before is known again by its commits, in whatever goes out next."""

from dataclasses import replace

import pytest

from bot.release.ids import ReleaseKey
from bot.release.manifest import Commit, Manifest
from bot.release.release import Release
from bot.release.stages.start import Earlier
from bot.release.stages.withdrawn import COMMITS_LIMIT, Withdrawn, going_out_again, withdrawn_with
from tests.release.given import NINE, ana, completed, play, started
from tests.release.stages.test_rollback import BACK

KEY = ReleaseKey("checkout-7")


def commits(*ids: str) -> tuple[Commit, ...]:
    return tuple(Commit(id=one, author="Bea", summary=f"Change {one}") for one in ids)


def of(*ids: str) -> Manifest:
    """Return a manifest with commits that were read from a repository; without any, nothing was read."""
    return Manifest(commit=ids[0], commits=commits(*ids)) if ids else Manifest()


def withdrawn(*ids: str) -> Withdrawn:
    return Withdrawn(key=KEY, version="1.3.0", at=NINE, reason="Orders are lost.", commits=ids)


def again(manifest: Manifest, *before: Withdrawn) -> list[tuple[str, ...]]:
    """Return which commits of each go out again."""
    release = replace(started(), manifest=manifest, withdrawn=before)
    return [tuple(one.id for one in found) for _, found in going_out_again(release)]


@pytest.mark.parametrize(
    ("now", "before", "found"),
    [
        (of("c", "b", "a"), withdrawn("b", "a"), [("b", "a")]),
        (of("c", "a"), withdrawn("b", "a"), [("a",)]),
        (of("c"), withdrawn("b", "a"), []),
        (of(), withdrawn("b", "a"), [()]),
        (of("c"), withdrawn(), [()]),
    ],
    ids=["all of it", "some of it", "none of it", "not known now", "not known then"],
)
def test_only_what_goes_out_again_is_told(
    now: Manifest, before: Withdrawn, found: list[tuple[str, ...]]
) -> None:
    assert again(now, before) == found


def test_of_the_same_version_it_is_told_once() -> None:
    earlier = Earlier(key=KEY, at=NINE, reason="Orders are lost.")
    release = replace(started(), manifest=of("a"), withdrawn=(withdrawn("a"),), earlier=earlier)
    assert [*going_out_again(release)] == []


def test_what_was_rolled_back_is_kept_with_why_and_with_what_was_mended() -> None:
    many = of(*(f"{number:07}" for number in range(COMMITS_LIMIT + 1)))
    release = play(
        replace(completed(), manifest=many), ana.rolls_back("Orders are lost."), ana.finishes(BACK)
    )
    assert told(release) == ("Orders are lost.", "")
    assert told(play(release, ana.unlocks("The registry is back."))) == (
        "Orders are lost.",
        "The registry is back.",
    )
    assert withdrawn_with(release).commits == tuple(one.id for one in many.commits[:COMMITS_LIMIT])


def told(release: Release) -> tuple[str, str]:
    one = withdrawn_with(release)
    assert (one.key, one.version, one.at) == (release.key, release.version, release.since)
    return one.reason, one.mended
