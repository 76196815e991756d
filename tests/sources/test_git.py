"""What is in a version, read from real git repositories."""

import asyncio
import hashlib
import os
import time
from pathlib import Path

import psutil
import pytest

from bot.release.changes import Changes, NoVersion, Unread, Wanted, Written
from bot.release.manifest import Commit
from bot.sources.git import Checkouts
from bot.sources.source import WITHIN_S, author
from tests.sources.repository import Repository

GIT = 'exec git "$@"'
EMPTY = "--allow-empty"


def wanted(version: str, before: str | None, service: str = "shop", commit: str = "") -> Wanted:
    return Wanted(service=service, version=version, before=before, commit=commit)


def script(path: Path, *lines: str) -> Path:
    """Return a program of the shell."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


def lives(process: int) -> bool:
    """Say whether a process goes on; one that has ended may still be listed."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


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
    assert await checkouts.read(wanted("1.1", "1.0")) == Changes(
        commit=second,
        since="1.0",
        written=(
            Written(
                commit=Commit(id=second, author="Dan Name", summary="Search in German, and drop the old one"),
                authors=(author("Dan Name", "dan@practice.example"),),
                message="Search in German, and drop the old one",
            ),
            Written(
                commit=Commit(id=first, author="Ben Name", summary="Empty the basket"),
                authors=(author("Ben Name", "ben@practice.example"),),
                message="Empty the basket",
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
    read = await checkouts.read(wanted("1.0", ""))
    assert read == Changes(
        commit=commit,
        written=(
            Written(
                commit=Commit(id=commit, author="Ana Name", summary="Begin"),
                authors=(author("Ana Name", "ana@practice.example"),),
                message="Begin",
            ),
        ),
        digests={path: shop.git("rev-parse", f"1.0:{path}") for path in ("basket", "läden/korb")},
    )


async def test_the_first_version_has_all_who_ever_wrote_in_it(shop: Repository, checkouts: Checkouts) -> None:
    for person in ("ana", "ben", "dan"):
        shop.commits(person, "Write", basket=person)
    shop.tags("1.0")
    shop.commits("eve", "Write more")
    read = await checkouts.read(wanted("1.0", ""))
    assert isinstance(read, Changes)
    assert [author.name for one in read.written for author in one.authors] == [
        "Dan Name",
        "Ben Name",
        "Ana Name",
    ]


async def test_who_wrote_with_somebody_is_an_author_too(shop: Repository, checkouts: Checkouts) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    trailers = (
        "Co-authored-by: Cleo Name <CLEO@practice.example>",
        "co-authored-by: Ben Again <ben@practice.example>",
        "Co-Authored-By: Robin\n  Name <12+robin@users.noreply.github.com>",
        "Signed-off-by: Dan Name <dan@practice.example>",
        "Co-authored-by: Only A Name",
        "Co-authored-by: <only@practice.example>",
        "Co-authored-by: <>",
    )
    shop.git("config", "trailer.separators", "#")
    shop.commits("ben", "Search\n\nIn German.\n\n" + "\n".join(trailers))
    shop.tags("1.1")
    read = await checkouts.read(wanted("1.1", "1.0"))
    assert isinstance(read, Changes)
    [written] = read.written
    assert written.authors == (
        author("Ben Name", "ben@practice.example"),
        author("Cleo Name", "cleo@practice.example"),
        author("Robin Name", "12+robin@users.noreply.github.com"),
        author("Only A Name", "only a name"),
        author("only@practice.example", "only@practice.example"),
    )


async def test_who_commits_what_another_wrote_is_an_author_but_github_is_not(
    shop: Repository, checkouts: Checkouts
) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    for name, mail in (("Eve Name", "Eve@practice.example"), ("GitHub", "noreply@github.com")):
        shop.commits("ben", "Search")
        shop.git(
            "-c", f"user.name={name}", "-c", f"user.email={mail}", "commit", "--amend", "--no-edit", EMPTY
        )
    shop.tags("1.1")
    read = await checkouts.read(wanted("1.1", "1.0"))
    assert isinstance(read, Changes)
    wrote = author("Ben Name", "ben@practice.example")
    assert [one.authors for one in read.written] == [
        (wrote,),
        (wrote, author("Eve Name", "eve@practice.example")),
    ]


async def test_where_nothing_was_released_what_is_new_is_new_since_the_tag_before(
    shop: Repository, checkouts: Checkouts
) -> None:
    shop.commits("ana", "Begin", basket="1")
    shop.tags("1.0")
    commit = shop.commits("ben", "Another basket", basket="2")
    shop.tags("1.1")
    read = await checkouts.read(wanted("1.1", None))
    assert isinstance(read, Changes)
    assert (read.since, [one.commit.id for one in read.written]) == ("1.0", [commit])
    assert [*read.digests] == ["basket"]
    first = await checkouts.read(wanted("1.0", None))
    assert isinstance(first, Changes)
    assert (first.since, len(first.written)) == ("", 1)
    whole = await checkouts.read(wanted("1.1", ""))
    assert isinstance(whole, Changes)
    assert (whole.since, len(whole.written)) == ("", 2)


@pytest.mark.parametrize("named", ["v1.0", "1.0"])
async def test_a_version_is_a_tag_with_or_without_its_v(
    shop: Repository, checkouts: Checkouts, named: str
) -> None:
    commit = shop.commits("ana", "Begin")
    shop.tags("v1.0")
    read = await checkouts.read(wanted(named, ""))
    assert isinstance(read, Changes)
    assert read.commit == commit


async def test_a_version_may_be_the_id_of_a_commit_and_is_never_a_branch(
    shop: Repository, checkouts: Checkouts
) -> None:
    commit = shop.commits("ana", "Begin")
    shop.git("branch", "feature")
    for version in (commit, commit[:7]):
        read = await checkouts.read(wanted(version, ""))
        assert isinstance(read, Changes)
    for branch in ("feature", "main", "HEAD", "--all", "main@{0}"):
        assert isinstance(await checkouts.read(wanted(branch, "")), NoVersion)


async def test_of_an_unknown_version_the_newest_are_named(shop: Repository, checkouts: Checkouts) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    assert await checkouts.read(wanted("9.9", "1.0")) == NoVersion(known=("1.0",))


async def test_the_same_commit_has_nothing_new(shop: Repository, checkouts: Checkouts) -> None:
    commit = shop.commits("ana", "Begin", basket="1")
    shop.tags("1.0")
    shop.tags("1.1")
    assert await checkouts.read(wanted("1.1", "1.0")) == Changes(commit=commit, since="1.0", digests={})


async def test_where_the_version_before_is_not_there_it_says_so(
    shop: Repository, checkouts: Checkouts
) -> None:
    shop.commits("ana", "Begin", basket="1")
    shop.tags("1.1")
    assert await checkouts.read(wanted("1.1", "1.0")) == Unread(
        because="the version before, 1.0, is not in the repository"
    )


async def test_a_service_without_a_repository_has_nothing_to_be_read(
    tmp_path: Path, checkouts: Checkouts
) -> None:
    assert await checkouts.read(wanted("1.0", "")) is None
    assert await Checkouts(None).read(wanted("1.0", "")) is None
    (tmp_path / "checkouts").mkdir()
    (tmp_path / "checkouts" / "shop").write_text("no folder")
    assert await checkouts.read(wanted("1.0", "")) is None


async def test_what_is_no_repository_could_not_be_read_whatever_lies_around_it(tmp_path: Path) -> None:
    around = Repository(tmp_path, "around")
    around.commits("ana", "Begin", basket="1")
    around.tags("1.0")
    (around.path / "shop").mkdir()
    assert isinstance(await Checkouts(around.path).read(wanted("1.0", "")), Unread)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "shop").symlink_to(around.path / "shop")
    assert isinstance(await Checkouts(tmp_path / "linked").read(wanted("1.0", "")), Unread)


async def test_a_repository_that_does_not_answer_is_not_waited_for(
    shop: Repository, tmp_path: Path, checkouts: Checkouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = script(
        tmp_path / "bin" / "git", "setsid sleep 10 &", f"sleep 60 & echo $! > {tmp_path}/id", "wait"
    )
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    began = time.monotonic()
    assert await checkouts.read(wanted("1.0", "")) == Unread(
        because=f"the repository did not answer within {WITHIN_S:.0f} seconds"
    )
    # Whoever waited for it would have waited for ten seconds.
    assert time.monotonic() - began < 9
    # What was killed may take a moment to end, and would else go on for a minute.
    async with asyncio.timeout(WITHIN_S):
        while lives(int((tmp_path / "id").read_text())):
            await asyncio.sleep(0.02)


async def test_who_holds_the_standard_error_of_git_open_is_not_waited_for(
    shop: Repository, tmp_path: Path, checkouts: Checkouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = shop.commits("ana", "Begin")
    slow = script(tmp_path / "bin" / "git", "setsid sleep 10 >/dev/null &", f"PATH={os.environ['PATH']}", GIT)
    shop.tags("1.0")
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    read = await checkouts.read(wanted("1.0", ""))
    assert isinstance(read, Changes)
    assert read.commit == commit


async def test_an_answer_that_does_not_fit_is_not_taken(
    shop: Repository, tmp_path: Path, checkouts: Checkouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    shop.commits("ben", "Search", search="1")
    shop.tags("1.1")
    path = os.environ["PATH"]
    for cut in ("head -c -1", "head -c 50", "head -c 0", "sed s/ben@practice.example.//", "sed p"):
        odd = f'case "$*" in *" log "*) git "$@" | {cut};; *) {GIT};; esac'
        other = script(tmp_path / "bin" / "git", f"PATH={path}", odd)
        monkeypatch.setenv("PATH", f"{other.parent}:{path}")
        assert await checkouts.read(wanted("1.1", "1.0")) == Unread(
            because="git's answer could not be understood"
        )


@pytest.mark.parametrize("parting", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1e"])
async def test_a_name_with_what_parts_lines_hides_no_commit(
    shop: Repository, checkouts: Checkouts, parting: str
) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    commit = shop.commits(f"e{parting}ve", "Search")
    shop.tags("1.1")
    read = await checkouts.read(wanted("1.1", "1.0"))
    assert isinstance(read, Changes)
    assert [one.commit for one in read.written] == [
        Commit(id=commit, author=f"E{parting}Ve Name".replace(parting, ""), summary="Search")
    ]


async def test_a_commit_that_hides_its_author_is_not_passed_over(
    shop: Repository, checkouts: Checkouts
) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    shop.git("config", "i18n.commitEncoding", "IBM037")
    hidden = shop.commits("ben", "Search")
    shop.tags("1.1")
    nobody = Unread(because=f"commit {hidden[:12]} does not say who wrote it")
    assert await checkouts.read(wanted("1.1", "1.0")) == nobody
    shop.git("config", "--unset", "i18n.commitEncoding")
    shop.git("reset", "--quiet", "--hard", "1.0")
    empty = shop.commits("ben", "Search")
    raw = shop.git("cat-file", "commit", empty).replace("<ben@practice.example>", "<>")
    (shop.path / "raw").write_text(raw, encoding="utf-8")
    made = shop.git("hash-object", "-t", "commit", "-w", "raw")
    assert await checkouts.read(wanted(made, "1.0")) == Unread(
        because=f"commit {made[:12]} does not say who wrote it"
    )


async def test_a_repository_does_not_say_how_its_commits_are_told(
    shop: Repository, checkouts: Checkouts
) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    shop.commits("jörg", "Search")
    shop.tags("1.1")
    shop.git("config", "i18n.logOutputEncoding", "ISO-8859-1")
    read = await checkouts.read(wanted("1.1", "1.0"))
    assert isinstance(read, Changes)
    assert [one.commit.author for one in read.written] == ["Jörg Name"]


async def test_what_stands_in_for_a_commit_is_not_read(shop: Repository, checkouts: Checkouts) -> None:
    first = shop.commits("ana", "Begin")
    shop.tags("1.0")
    ours = shop.commits("ben", "Search", search="1")
    shop.tags("1.1")
    shop.git("replace", "--graft", ours)
    shop.git("checkout", "--quiet", first)
    shop.git("replace", "--force", ours, shop.commits("eve", "Nothing"))
    read = await checkouts.read(wanted("1.1", "1.0"))
    assert isinstance(read, Changes)
    assert [one.commit.author for one in read.written] == ["Ben Name"]
    assert set(read.digests) == {"search"}


async def test_grafted_history_is_not_read(shop: Repository, checkouts: Checkouts) -> None:
    first = shop.commits("ana", "Begin")
    shop.tags("1.0")
    shop.commits("ben", "Search", search="1")
    last = shop.commits("dan", "Sort", sort="1")
    shop.tags("1.1")
    (shop.path / ".git" / "info").mkdir(exist_ok=True)
    (shop.path / ".git" / "info" / "grafts").write_text(f"{last} {first}\n")
    read = await checkouts.read(wanted("1.1", "1.0"))
    assert isinstance(read, Changes)
    assert [one.commit.author for one in read.written] == ["Dan Name", "Ben Name"]


async def test_a_shallow_clone_does_not_know_what_is_new(
    shop: Repository, tmp_path: Path, checkouts: Checkouts
) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    for person in ("ben", "dan"):
        shop.commits(person, "Search")
    shop.tags("1.1")
    shallow = tmp_path / "checkouts" / "shallow"
    shop.git("clone", "--quiet", "--depth=1", f"file://{shop.path}", str(shallow))
    shop.git("--git-dir", str(shallow / ".git"), "fetch", "--quiet", "--depth=1", "origin", "tag", "1.0")
    for before in ("1.0", ""):
        assert await checkouts.read(wanted("1.1", before, service="shallow")) == Unread(
            because="the repository is a shallow clone"
        )


async def test_a_branch_that_is_called_like_an_id_or_a_tag_is_no_version(
    shop: Repository, checkouts: Checkouts
) -> None:
    commit = shop.commits("ana", "Begin")
    for name in ("abcdef1", "refs/tags/1.0", "tags/1.0"):
        shop.git("update-ref", f"refs/heads/{name}", commit)
    shop.tags("2.0")
    for version in ("abcdef1", "1.0", "2.0~0", "2.0^{commit}", shop.git("rev-parse", "HEAD^{tree}")):
        assert await checkouts.read(wanted(version, "")) == NoVersion(known=("2.0",))


async def test_nothing_that_a_repository_names_is_run(
    shop: Repository, tmp_path: Path, checkouts: Checkouts
) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    signed = "printf '\\n[GNUPG:] SIG_CREATED \\n' >&2"
    signer = script(tmp_path / "signer", "cat >/dev/null", signed, "echo '-----BEGIN PGP SIGNATURE-----'")
    shop.git("config", "gpg.program", str(signer))
    shop.git("config", "commit.gpgSign", "true")
    shop.commits("ben", "Search")
    shop.tags("1.1")
    ran = tmp_path / "ran"
    evil = script(tmp_path / "evil", f"touch {ran}")
    for name, value in {
        "gpg.program": str(evil),
        "log.showSignature": "true",
        "core.fsmonitor": str(evil),
        "core.sshCommand": str(evil),
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": f"ext::{evil}",
        "remote.origin.promisor": "true",
        "protocol.ext.allow": "always",
    }.items():
        shop.git("config", name, value)
    read = await checkouts.read(wanted("1.1", "1.0"))
    assert isinstance(read, Changes)
    assert [one.commit.author for one in read.written] == ["Ben Name"]
    assert isinstance(await checkouts.read(wanted("1" * 40, "1.0")), NoVersion)
    assert not ran.exists()


async def test_what_only_becomes_a_program_or_a_link_has_changed(
    shop: Repository, checkouts: Checkouts
) -> None:
    shop.commits("ana", "Begin", run="shop", link="shop")
    shop.tags("1.0")
    blob = shop.git("rev-parse", "1.0:run")
    (shop.path / "run").chmod(0o755)
    (shop.path / "link").unlink()
    (shop.path / "link").symlink_to("shop")
    shop.commits("ben", "Run it")
    shop.tags("1.1")
    program, link = (hashlib.sha256(f"{mode} {blob}".encode()).hexdigest() for mode in ("100755", "120000"))
    for before in ("1.0", ""):
        read = await checkouts.read(wanted("1.1", before))
        assert isinstance(read, Changes)
        assert read.digests == {"run": program, "link": link}


async def test_what_people_wrote_stays_one_line_of_text(shop: Repository, checkouts: Checkouts) -> None:
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    shop.commits("ben", "<!channel> \x1b[31mred\x07 \u202eevil\n\nbody", basket="1")
    shop.tags("1.1")
    read = await checkouts.read(wanted("1.1", "1.0"))
    assert isinstance(read, Changes)
    [written] = read.written
    assert written.commit.summary == "<!channel> [31mred evil"
