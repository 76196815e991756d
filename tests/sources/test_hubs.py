"""The same story over a checkout, GitHub and GitLab; and what only those may do that are far away."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from inline_snapshot import snapshot

from bot.github.access import GitHub, Token
from bot.gitlab.access import GitLab
from bot.release.changes import Changes, NoVersion, Reading, Unread, Wanted
from bot.sources.git import Checkouts
from bot.sources.github import FromGitHub
from bot.sources.gitlab import FromGitLab
from bot.sources.hubs import Timely
from bot.sources.source import Source
from tests.sources.hub import ADDRESS, TOKEN, Hub, Pull, hub_there, refused
from tests.sources.repository import Repository

ALL = ("git", "github", "gitlab")
FAR = ("github", "gitlab")


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.fixture
async def hub(shop: Repository) -> AsyncIterator[Hub]:
    async with hub_there(Hub(shop)) as there:
        yield there


@pytest.fixture
async def sources(tmp_path: Path, hub: Hub) -> AsyncIterator[Mapping[str, Source]]:
    async with aiohttp.ClientSession() as session:
        github = FromGitHub(GitHub(session, hub.github, Token(token=TOKEN)))
        gitlab = FromGitLab(GitLab(session, hub.gitlab, TOKEN))
        yield {"git": Checkouts(tmp_path / "checkouts"), "github": github, "gitlab": gitlab}
        await github.stop()
        await gitlab.stop()


def wanted(version: str, before: str | None = None, commit: str = "") -> Wanted:
    return Wanted(service="shop", version=version, repository=ADDRESS, before=before, commit=commit)


def changes(reading: Reading) -> Changes:
    assert isinstance(reading, Changes), reading
    return reading


# The same story, wherever it is read.


@pytest.mark.parametrize("where", ALL)
async def test_what_is_in_a_version_is_the_same_wherever_it_is_read(
    shop: Repository, sources: Mapping[str, Source], where: str
) -> None:
    shop.commits("ana", "Begin", basket="1", old="1", läden__korb="1")
    shop.tags("v1.0")
    shop.commits("ben", "Search\n\nFor SHOP-1.\n\nCo-authored-by: Cleo <Cleo@practice.example>", basket="2")
    shop.git("tag", "--annotate", "--message=Two", "1.1", **named("ana"))
    third = shop.commits("dan", "Drop the old one <!channel> \u202e\u2028x", old=None, search__a="1")
    shop.tags("1.2")
    source = sources[where]

    read = changes(await source.read(wanted("1.2", "1.0")))
    assert (read.commit, read.since, read.unread, read.untold) == (third, "1.0", "", "")
    assert [one.commit.summary for one in read.written] == ["Drop the old one <!channel> x", "Search"]
    assert [[(a.name, a.known_by) for a in one.authors] for one in read.written] == [
        [("Dan Name", ("dan@practice.example",))],
        [("Ben Name", ("ben@practice.example",)), ("Cleo", ("cleo@practice.example",))],
    ]
    assert "SHOP-1" in read.written[1].message
    assert sorted(read.digests) == ["basket", "old", "search/a"]
    if where != "gitlab":  # It tells how files differ, and not what they are.
        there = {path: shop.git("rev-parse", f"1.2:{path}") for path in ("basket", "search/a")}
        assert read.digests == {**there, "old": "0" * 40}

    assert changes(await source.read(wanted("1.2"))).since == "1.1"
    first = changes(await source.read(wanted("1.0")))
    assert (first.since, sorted(first.digests)) == ("", ["basket", "läden/korb", "old"])
    assert first.digests["basket"] == shop.git("rev-parse", "v1.0:basket")
    whole = changes(await source.read(wanted(third[:9], "")))
    assert (whole.since, len(whole.written)) == ("", 3)

    same = changes(await source.read(wanted("1.2", "1.2")))
    assert (same.written, same.digests) == ((), {})
    back = changes(await source.read(wanted("1.1", "1.2")))
    assert (back.written, sorted(back.digests)) == ((), ["old", "search/a"])

    shop.git("branch", "abcdef1")
    for branch in ("main", "abcdef1"):
        unknown = await source.read(wanted(branch, "1.0"))
        assert isinstance(unknown, NoVersion)
        assert sorted(unknown.known) == ["1.1", "1.2", "v1.0"]
    assert await source.read(wanted("1.2", "0.9")) == Unread(
        because="the version before, 0.9, is not in the repository"
    )


@pytest.mark.parametrize("where", ALL)
async def test_a_tag_that_was_moved_and_a_commit_that_was_removed(
    shop: Repository, sources: Mapping[str, Source], where: str
) -> None:
    begun = shop.commits("ana", "Begin", basket="1")
    shop.tags("1.0")
    moved = shop.commits("ben", "Search", basket="2")
    shop.git("tag", "--force", "1.0")
    last = shop.commits("dan", "Help", help="1")
    shop.tags("1.1")
    read = changes(await sources[where].read(wanted("1.1", "1.0", begun)))
    assert [one.commit.id for one in read.written] == [last, moved]
    gone = await sources[where].read(wanted("1.1", "1.0", "d" * 40))
    assert gone == Unread(because="the version before, 1.0, is not in the repository")


@pytest.mark.parametrize("where", ALL)
async def test_a_merge_brings_all_its_commits_and_their_authors(
    shop: Repository, sources: Mapping[str, Source], where: str
) -> None:
    shop.commits("ana", "Begin", basket="1")
    shop.tags("1.0")
    shop.git("checkout", "--quiet", "-b", "search")
    shop.commits("ben", "Search", search="1")
    shop.git("checkout", "--quiet", "main")
    shop.commits("cleo", "Help", help="1")
    shop.git("merge", "--quiet", "--no-ff", "--message=Merge the search", "search", **named("dan"))
    shop.tags("1.1")
    read = changes(await sources[where].read(wanted("1.1", "1.0")))
    assert {one.commit.author for one in read.written} == {"Ben Name", "Cleo Name", "Dan Name"}
    assert sorted(read.digests) == ["help", "search"]


@pytest.mark.parametrize("where", ALL)
async def test_histories_that_have_parted_tell_what_is_new_and_what_is_taken_back(
    shop: Repository, sources: Mapping[str, Source], where: str
) -> None:
    shop.commits("ana", "Begin", basket="1")
    shop.git("branch", "fix")
    shop.commits("ben", "Search", search="1")
    shop.tags("2.0")
    shop.git("checkout", "--quiet", "fix")
    shop.commits("cleo", "Mend", basket="2")
    shop.tags("1.1")
    read = changes(await sources[where].read(wanted("1.1", "2.0")))
    assert [one.commit.summary for one in read.written] == ["Mend"]
    assert sorted(read.digests) == ["basket", "search"]


@pytest.mark.proof
@pytest.mark.parametrize("where", ALL)
async def test_hundreds_of_commits_and_of_paths_are_all_read(
    shop: Repository, sources: Mapping[str, Source], where: str
) -> None:
    shop.commits("ana", "Begin", basket="1")
    shop.tags("1.0")
    shop.commits("ben", "Much", **{f"p{number:03}": "1" for number in range(310)})
    for number in range(255):
        shop.git("commit", "--quiet", "--allow-empty", f"--message=Change {number}", **named("dan"))
    shop.tags("1.1")
    read = changes(await patiently(sources[where], wanted("1.1", "1.0")))
    assert (len(read.written), len(read.digests)) == (256, 310)
    assert {author.name for one in read.written for author in one.authors} == {"Ben Name", "Dan Name"}


@pytest.mark.parametrize("where", ALL)
async def test_a_commit_that_does_not_say_who_wrote_it_is_not_passed_over(
    shop: Repository, sources: Mapping[str, Source], where: str
) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    last = shop.commits("ben", "Search")
    raw = shop.git("cat-file", "commit", last).replace("<ben@practice.example>", "<>")
    (shop.path / "raw").write_text(raw, encoding="utf-8")
    made = shop.git("hash-object", "-t", "commit", "-w", "raw")
    shop.git("tag", "1.1", made)
    assert await sources[where].read(wanted("1.1", "1.0")) == Unread(
        because=f"commit {made[:12]} does not say who wrote it"
    )


# Pull requests.


@pytest.mark.parametrize("where", FAR)
async def test_pull_requests_come_with_who_approved_them(
    shop: Repository, hub: Hub, sources: Mapping[str, Source], where: str
) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    one, two = shop.commits("ben", "Search"), shop.commits("ben", "Help")
    shop.tags("1.1")
    hub.pulls = [
        Pull(number=7, title="Search\u202e <!here>", commits=[one, two], approved=["dan", "eve"]),
        Pull(number=8, title="Help", commits=[two], objected=["dan"]),
        Pull(number=9, title="Not merged", commits=[two], merged=False),
    ]
    read = changes(await sources[where].read(wanted("1.1", "1.0")))
    way = "pull" if where == "github" else "-/merge_requests"
    assert [(one.number, one.title, one.link) for one in read.pulls] == [
        (8, "Help", f"{ADDRESS}/{way}/8"),
        (7, "Search <!here>", f"{ADDRESS}/{way}/7"),
    ]
    assert [(who.name, who.known_by) for who in read.pulls[1].reviewers] == [
        ("dan", (f"{where}:dan",)),
        ("eve", (f"{where}:eve",)),
    ]
    assert read.pulls[0].reviewers == ()


@pytest.mark.parametrize("where", FAR)
async def test_where_pull_requests_cannot_be_read_the_rest_is_known(
    shop: Repository, hub: Hub, sources: Mapping[str, Source], where: str
) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    one = shop.commits("ben", "Search")
    shop.tags("1.1")
    part = "/pulls" if where == "github" else "/merge_requests"
    hub.faults[part] = lambda: refused(403, "Resource not accessible by integration")
    read = changes(await sources[where].read(wanted("1.1", "1.0")))
    assert (read.commit, read.pulls, read.unread) == (one, (), "")
    assert read.untold.startswith(f"{'GitHub' if where == 'github' else 'GitLab'} answers 403")
    hub.faults.clear()
    hub.slow[part] = 1.2
    slow = changes(await sources[where].read(wanted("1.1", "1.0")))
    assert slow.untold.endswith("took too long")
    hub.slow.clear()
    hub.faults[part] = lambda: web.json_response([{"number": "x"}])
    assert changes(await sources[where].read(wanted("1.1", "1.0"))).untold.endswith("could not be understood")


@pytest.mark.parametrize("where", FAR)
async def test_of_many_commits_only_the_newest_are_asked_for_their_pull_requests(
    shop: Repository, hub: Hub, sources: Mapping[str, Source], where: str
) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    ids = [shop.commits("ben", f"Change {number}") for number in range(45)]
    shop.tags("1.1")
    hub.pulls = [
        Pull(number=n + 1, title=f"P{n}", commits=[id_], approved=["dan"]) for n, id_ in enumerate(ids)
    ]
    read = changes(await patiently(sources[where], wanted("1.1", "1.0")))
    if not read.untold.endswith("took too long"):
        assert len(read.pulls) == 40
        assert sum(bool(one.reviewers) for one in read.pulls) == 20
        assert read.untold == "they were looked for at the newest 40 commits"


async def test_github_knows_whose_an_address_is_and_is_nobody_itself(
    shop: Repository, hub: Hub, sources: Mapping[str, Source]
) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    shop.commits("ben", "Search")
    web_flow = ("-c", "user.name=GitHub", "-c", "user.email=noreply@github.com")
    shop.git(*web_flow, "commit", "--amend", "--no-edit", "--allow-empty")
    shop.tags("1.1")
    hub.logins = {"ben@practice.example": "Ben-Codes", "noreply@github.com": "web-flow"}
    read = changes(await sources["github"].read(wanted("1.1", "1.0")))
    assert [one.authors for one in read.written] == [read.written[0].authors]
    assert [one.known_by for one in read.written[0].authors] == [("ben@practice.example", "github:ben-codes")]


# What they do not say.


async def test_of_a_tree_that_is_too_large_it_is_said_that_not_all_is_known(
    shop: Repository, hub: Hub, sources: Mapping[str, Source]
) -> None:
    shop.commits("ana", "Begin", basket="1")
    shop.tags("1.0")
    shop.commits("ben", "Search", search="1", help="1")
    shop.tags("1.1")
    hub.truncates = True
    read = changes(await sources["github"].read(wanted("1.1", "1.0")))
    assert (read.digests, read.unread) == snapshot(
        ({"help": "", "search": ""}, "GitHub lists not all paths of a tree of this size")
    )
    read = changes(await sources["gitlab"].read(wanted("1.1", "1.0")))
    assert (sorted(read.digests), read.unread) == snapshot(
        (["help", "search"], "GitLab took too long to list the paths")
    )


async def test_what_github_cannot_compare_is_not_taken_for_nothing_new(
    shop: Repository, hub: Hub, sources: Mapping[str, Source]
) -> None:
    begun = shop.commits("ana", "Begin")
    shop.tags("1.0")
    shop.commits("ben", "Search")
    shop.tags("1.1")
    hub.faults["/compare/"] = lambda: refused(404, "No common ancestor between them")
    assert await sources["github"].read(wanted("1.1", "1.0")) == Unread(
        because=f"GitHub cannot compare it with {begun[:12]}, which may have been removed"
    )


async def test_where_gitlab_does_not_say_how_a_file_differs_nothing_passes_for_the_same(
    shop: Repository, sources: Mapping[str, Source]
) -> None:
    shop.commits("ana", "Begin", basket="1")
    shop.tags("1.0")
    shop.commits("ben", "Search", empty="", basket="2")
    shop.tags("1.1")
    first = changes(await sources["gitlab"].read(wanted("1.1", "1.0"))).digests
    shop.commits("ben", "Search more", basket="3")
    shop.tags("1.2")
    second = changes(await sources["gitlab"].read(wanted("1.2", "1.0"))).digests
    assert first["empty"] == second["empty"] == ""
    assert first["basket"] != second["basket"]


FAULTS = {
    "broken": lambda: web.Response(status=502, text="<html>Unicorn</html>", content_type="text/html"),
    "forbidden": lambda: refused(403, "Resource not accessible\u202e"),
    "limited": lambda: refused(403, "API rate limit exceeded", **{"x-ratelimit-remaining": "0"}),
    "limited for a while": lambda: refused(429, "Slow down", **{"retry-after": "60"}),
    "moved": lambda: web.Response(status=301, headers={"Location": "http://127.0.0.1:9/"}),
    "no text": lambda: web.Response(body=b"\xff\xfe", content_type="application/json"),
    "odd": lambda: web.json_response({"total_commits": "many", "commits": [None]}),
    "too few": lambda: web.json_response({"total_commits": 1, "commits": [], "files": []}),
    "empty": lambda: web.json_response([]),
    "null": lambda: web.json_response(None),
}


@pytest.mark.parametrize("where", FAR)
@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_else_it_answers_nothing_passes_for_known(
    shop: Repository, hub: Hub, sources: Mapping[str, Source], where: str, fault: str
) -> None:
    shop.commits("ana", "Begin", basket="1")
    shop.tags("1.0")
    shop.commits("ben", "Search", basket="2")
    shop.tags("1.1")
    parts = (
        ("/compare/", "/git/trees/") if where == "github" else ("/repository/commits", "/repository/compare")
    )
    for part in parts:
        hub.faults = {part: FAULTS[fault]}
        read = await patiently(sources[where], wanted("1.1", "1.0"))
        if (where, fault, part) == ("gitlab", "empty", "/repository/commits"):
            continue  # It is a list, and there may be nothing new.
        assert isinstance(read, Unread), (part, read)
        assert read.because.isprintable()
        assert TOKEN not in read.because


@pytest.mark.parametrize("where", FAR)
async def test_a_repository_that_is_not_shown_has_no_versions_that_are_known(
    hub: Hub, sources: Mapping[str, Source], where: str
) -> None:
    other = ADDRESS.replace("shop", "secret")
    read = await sources[where].read(Wanted(service="shop", version="1.0", repository=other))
    assert isinstance(read, Unread)
    assert "shows Rollcall no" in read.because


@pytest.mark.parametrize("where", FAR)
async def test_a_repository_elsewhere_and_one_without_access_is_not_asked_for(hub: Hub, where: str) -> None:
    async with aiohttp.ClientSession() as session:
        sources: dict[str, Source] = {
            "github": FromGitHub(GitHub(session, hub.github, None)),
            "gitlab": FromGitLab(GitLab(session, hub.gitlab, "")),
        }
        assert await sources[where].read(wanted("1.0")) is None
        there: dict[str, Source] = {
            "github": FromGitHub(GitHub(session, hub.github, Token(token=TOKEN))),
            "gitlab": FromGitLab(GitLab(session, hub.gitlab, TOKEN)),
        }
        for address in ("", "https://elsewhere.example/acme/shop", "https://127.0.0.1", "https://127.0.0.1/"):
            assert await there[where].read(Wanted(service="shop", version="1.0", repository=address)) is None
    assert hub.calls == []


@pytest.mark.proof
@pytest.mark.parametrize("where", FAR)
async def test_who_waits_is_answered_in_time_and_has_it_when_they_ask_again(
    shop: Repository, hub: Hub, sources: Mapping[str, Source], where: str
) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    hub.slow["/tags"] = 2.3
    read = await sources[where].read(wanted("1.0", ""))
    assert isinstance(read, Unread)
    assert read.because.endswith("has not said all of it yet, and is still being asked")
    calls = len(hub.calls)
    assert len(changes(await sources[where].read(wanted("1.0", ""))).written) == 1
    assert sum("/tags" in call for call in hub.calls) == sum("/tags" in call for call in hub.calls[:calls])
    # It was told once, and is not kept.
    hub.slow.clear()
    shop.commits("ben", "Search")
    shop.git("tag", "--force", "1.0")
    assert len(changes(await sources[where].read(wanted("1.0", ""))).written) == 2


async def test_what_takes_longer_than_a_person_waits_is_there_when_they_ask_again() -> None:
    timely, ready, read = Timely("GitHub", within_s=0.01), asyncio.Event(), 0

    async def slowly() -> Reading:
        nonlocal read
        read += 1
        await ready.wait()
        return NoVersion(known=(str(read),))

    for _ in range(2):
        assert await timely.read(wanted("1.0"), slowly) == Unread(
            because="GitHub has not said all of it yet, and is still being asked"
        )
    ready.set()
    assert await timely.read(wanted("1.0"), slowly) == NoVersion(known=("1",))
    assert await timely.read(wanted("1.0"), slowly) == NoVersion(known=("2",))


async def test_what_nobody_comes_back_for_ends_with_rollcall() -> None:
    timely, begun = Timely("GitHub", within_s=0.01), asyncio.Event()

    async def never() -> Reading:
        begun.set()
        await asyncio.Event().wait()
        return None

    assert isinstance(await timely.read(wanted("1.0"), never), Unread)
    await timely.stop()
    assert begun.is_set()
    assert not [task for task in asyncio.all_tasks() if "_read" in repr(task.get_coro())]


async def patiently(source: Source, asked: Wanted) -> Reading:
    """Ask until all was said, as a person does."""
    while True:
        read = await source.read(asked)
        if not isinstance(read, Unread) or "still being asked" not in read.because:
            return read


def named(person: str) -> dict[str, str]:
    """Return the environment in which somebody commits."""
    name, mail = f"{person.title()} Name", f"{person}@practice.example"
    return {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", name), ("EMAIL", mail))
    }
