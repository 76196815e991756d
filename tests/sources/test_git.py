"""What is in a version, read from real git repositories."""

import os
from pathlib import Path

import pytest

from bot.release.changes import Changes, NoVersion, Unread, Written
from bot.release.manifest import Commit
from bot.sources import git
from bot.sources.git import Checkouts
from tests.sources.repository import Repository


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.fixture
def checkouts(tmp_path: Path) -> Checkouts:
    return Checkouts(tmp_path / "checkouts")


async def test_what_is_new_since_the_version_before(shop: Repository, checkouts: Checkouts) -> None:
    shop.commits("ana", "Begin", basket="1", plain="1", old="1")
    shop.tags("1.0")
    first = shop.commits("ben", "Empty the basket", basket="2")
    second = shop.commits(
        "Dan", "Search in German, and drop the old one", search__german="1", plain="2", old=None
    )
    shop.tags("1.1")
    assert await checkouts.read("shop", "1.1", "1.0") == Changes(
        commit=second,
        since="1.0",
        written=(
            Written(
                commit=Commit(id=second, author="Dan Name", summary="Search in German, and drop the old one"),
                mail="dan@practice.example",
            ),
            Written(
                commit=Commit(id=first, author="Ben Name", summary="Empty the basket"),
                mail="ben@practice.example",
            ),
        ),
        digests={
            "basket": shop.git("rev-parse", "1.1:basket"),
            "search/german": shop.git("rev-parse", "1.1:search/german"),
            "plain": shop.git("rev-parse", "1.1:plain"),
            "old": "0" * 40,
        },
    )


async def test_the_first_version_has_all_its_paths(shop: Repository, checkouts: Checkouts) -> None:
    commit = shop.commits("ana", "Begin", basket="1", läden__korb="1")
    shop.tags("1.0")
    read = await checkouts.read("shop", "1.0", "")
    assert read == Changes(
        commit=commit,
        digests={path: shop.git("rev-parse", f"1.0:{path}") for path in ("basket", "läden/korb")},
    )


@pytest.mark.parametrize("named", ["v1.0", "1.0"])
async def test_a_version_is_a_tag_with_or_without_its_v(
    shop: Repository, checkouts: Checkouts, named: str
) -> None:
    commit = shop.commits("ana", "Begin")
    shop.tags("v1.0")
    read = await checkouts.read("shop", named, "")
    assert isinstance(read, Changes)
    assert read.commit == commit


async def test_a_version_may_be_the_id_of_a_commit_and_is_never_a_branch(
    shop: Repository, checkouts: Checkouts
) -> None:
    commit = shop.commits("ana", "Begin")
    shop.git("branch", "feature")
    for version in (commit, commit[:7]):
        read = await checkouts.read("shop", version, "")
        assert isinstance(read, Changes)
    for branch in ("feature", "main", "HEAD", "--all", "main@{0}"):
        assert isinstance(await checkouts.read("shop", branch, ""), NoVersion)


async def test_of_an_unknown_version_the_newest_are_named(shop: Repository, checkouts: Checkouts) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    assert await checkouts.read("shop", "9.9", "1.0") == NoVersion(known=("1.0",))


async def test_the_same_commit_has_nothing_new(shop: Repository, checkouts: Checkouts) -> None:
    commit = shop.commits("ana", "Begin", basket="1")
    shop.tags("1.0")
    shop.tags("1.1")
    assert await checkouts.read("shop", "1.1", "1.0") == Changes(commit=commit, since="1.0", digests={})


async def test_where_the_version_before_is_not_there_it_says_so(
    shop: Repository, checkouts: Checkouts
) -> None:
    shop.commits("ana", "Begin", basket="1")
    shop.tags("1.1")
    assert await checkouts.read("shop", "1.1", "1.0") == Unread(
        because="the version before, 1.0, is not in the repository"
    )


async def test_a_service_without_a_repository_has_nothing_to_be_read(
    tmp_path: Path, checkouts: Checkouts
) -> None:
    assert await checkouts.read("shop", "1.0", "") is None
    assert await Checkouts(None).read("shop", "1.0", "") is None
    (tmp_path / "checkouts").mkdir()
    (tmp_path / "checkouts" / "shop").write_text("no folder")
    assert await checkouts.read("shop", "1.0", "") is None


async def test_what_is_no_repository_could_not_be_read(tmp_path: Path, checkouts: Checkouts) -> None:
    (tmp_path / "checkouts" / "shop").mkdir(parents=True)
    read = await checkouts.read("shop", "1.0", "")
    # A folder without a repository has no version either, whatever lies around it.
    assert isinstance(read, Unread | NoVersion)


async def test_a_repository_that_does_not_answer_is_not_waited_for(
    shop: Repository, tmp_path: Path, checkouts: Checkouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    assert await checkouts.read("shop", "1.0", "") == Unread(
        because=f"the repository did not answer within {git.WITHIN_S:.0f} seconds"
    )


async def test_what_people_wrote_stays_one_line_of_text(shop: Repository, checkouts: Checkouts) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    shop.commits("ben", "<!channel> \x1b[31mred\x07 \u202eevil\n\nbody", basket="1")
    shop.tags("1.1")
    read = await checkouts.read("shop", "1.1", "1.0")
    assert isinstance(read, Changes)
    [written] = read.written
    assert written.commit.summary == "<!channel> [31mred evil"
