"""How what a repository says comes into the manifest of a release."""

from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from bot.release.changes import (
    COMMITS_LIMIT,
    Author,
    Changes,
    NoVersion,
    PullRequest,
    Unread,
    Written,
    informed,
)
from bot.release.ids import ReleaseKey
from bot.release.manifest import PATHS_LIMIT, Commit, Manifest, Pull, bound_to
from bot.release.people.directory import Directory
from bot.release.refusal import Code, Refused
from bot.release.stages.revision import ChangeManifest
from bot.runbook.roles.role import Standing
from bot.runbook.tickets import Tickets
from tests.release.given import ACME, ana, ben, cleo, start

KNOWN = Directory(mails={"ben@acme.example": (ben.id,), "cleo@acme.example": (cleo.id,)})


def commit(number: int, author: str = "Ben", mail: str = "ben@acme.example") -> Written:
    return Written(
        commit=Commit(id=f"{number:040}", author=author, summary=f"Change {number}"),
        authors=(Author(name=author, known_by=(mail,)),),
    )


def changes(*written: Written, **digests: str) -> Changes:
    return Changes(commit="abc1234", since="1.3.0", written=written, digests=digests)


def manifest(read: Changes, typed: Manifest | None = None) -> Manifest:
    """Return the manifest with which a release is started."""
    command = informed(start(manifest=typed or Manifest()), read, KNOWN)
    assert not isinstance(command, Refused)
    return command.manifest


def test_what_cannot_be_read_anywhere_is_as_it_was_typed() -> None:
    command = start(manifest=Manifest(labels=("db",)))
    assert informed(command, None, KNOWN) is command


def test_the_commits_the_paths_and_what_they_are_since_are_kept() -> None:
    known = manifest(changes(commit(2), commit(1), basket="1111111"))
    assert (known.commit, known.since, known.more) == ("abc1234", "1.3.0", 0)
    assert [one.summary for one in known.commits] == ["Change 2", "Change 1"]
    assert (known.paths, known.digests) == (("basket",), (("basket", "1111111"),))


def test_who_wrote_it_is_found_by_address_and_strangers_are_named() -> None:
    known = manifest(
        changes(commit(3, "Eve", "eve@other.example"), commit(2, "Cleo", "cleo@acme.example"), commit(1)),
        Manifest(authors=(ana.id,)),
    )
    assert known.authors == (ana.id, ben.id, cleo.id)
    assert known.strangers == ("Eve",)


def test_all_who_wrote_a_commit_are_its_authors() -> None:
    together = replace(
        commit(1),
        authors=(
            Author(name="Ben", known_by=("ben@acme.example",)),
            Author(name="Cleo", known_by=("cleo@acme.example",)),
            Author(name="Eve", known_by=("1+eve@users.noreply.github.com",)),
            Author(name="Robin", known_by=("robin",)),
        ),
    )
    known = manifest(changes(together))
    assert known.authors == (ben.id, cleo.id)
    assert known.strangers == ("Eve", "Robin")


def test_of_the_first_release_it_is_known_who_wrote_it_and_no_commit_is_listed() -> None:
    many = tuple(commit(number) for number in range(COMMITS_LIMIT + 5))
    first = replace(changes(*many, commit(0, "Eve", "eve@other.example")), since="")
    known = manifest(first)
    assert (known.authors, known.strangers) == ((ben.id,), ("Eve",))
    assert (known.commits, known.more, known.since) == ((), 0, "")


def test_what_was_typed_stays_beside_what_was_read() -> None:
    typed = Manifest(labels=("db",), paths=("db/1.sql",), digests=(("db/1.sql", "2222222"),))
    known = manifest(changes(commit(1), basket="1111111"), typed)
    assert known.labels == ("db",)
    assert known.paths == ("basket", "db/1.sql")
    assert known.digests == (("basket", "1111111"), ("db/1.sql", "2222222"))


def test_of_very_many_commits_the_newest_are_kept_and_all_are_counted() -> None:
    many = tuple(commit(number) for number in range(COMMITS_LIMIT + 5))
    known = manifest(changes(*many, commit(COMMITS_LIMIT + 5, mail="cleo@acme.example")))
    assert (len(known.commits), known.more) == (COMMITS_LIMIT, 6)
    assert known.authors == (ben.id, cleo.id)
    assert known.commits[0].summary == "Change 0"


def test_of_more_paths_than_fit_it_is_said_that_there_are_more() -> None:
    read = replace(changes(commit(1)), digests={f"p{n:05}": "1111111" for n in range(PATHS_LIMIT + 1)})
    known = manifest(read)
    assert len(known.paths) == len(known.digests) == PATHS_LIMIT
    assert known.unread == "there are 3,001 paths, and 3,000 of them are looked at"
    whole = replace(read, digests={f"p{n:05}": "1111111" for n in range(PATHS_LIMIT)})
    assert manifest(whole).unread == ""


def test_a_path_that_cannot_be_shown_is_shown_as_well_as_can_be_and_never_left_out() -> None:
    read = replace(changes(commit(1)), digests={"db/a\u202e\nb": "1111111", "x" * 401: "1111111"})
    assert manifest(read).paths == ("db/a\ufffd\ufffdb", "x" * 400)


def test_what_could_not_be_read_is_not_released_unless_somebody_says_who_wrote_it() -> None:
    unread = Unread(because="git says: no")
    assert informed(start(), unread, KNOWN) == snapshot(
        Refused(
            code=Code.CHANGES_UNREAD,
            because="What is in 1.4.0 could not be read, so nobody knows who wrote it: git says: no.",
            instead="Try once more; or name who wrote it, with authors=@somebody.",
        )
    )
    command = informed(start(manifest=Manifest(authors=(ben.id,))), unread, KNOWN)
    assert not isinstance(command, Refused)
    assert command.manifest == Manifest(authors=(ben.id,), unread="git says: no")


@pytest.mark.parametrize(
    ("known", "instead"),
    [(("1.4.1", "1.4.0"), "It has 1.4.1, 1.4.0."), ((), "Tag what is to be released.")],
)
def test_what_is_not_in_the_repository_is_not_released(known: tuple[str, ...], instead: str) -> None:
    assert informed(start(), NoVersion(known=known), KNOWN) == Refused(
        code=Code.VERSION_UNKNOWN, because="The repository has no version 1.4.0.", instead=instead
    )


def test_where_nothing_has_changed_nothing_is_released_but_on_purpose() -> None:
    assert informed(start(), changes(), KNOWN) == snapshot(
        Refused(
            code=Code.NOTHING_CHANGED,
            because="Nothing has changed since 1.3.0: it is the same commit, abc1234.",
            instead="Start the version that is new; or, to release the same again, add same=yes.",
        )
    )
    again = informed(replace(start(), same=True), changes(), KNOWN)
    assert not isinstance(again, Refused)
    assert again.manifest.since == "1.3.0"


@pytest.mark.parametrize(
    "read",
    [
        replace(changes(), since=""),
        changes(commit(1)),
        changes(basket="1111111"),
    ],
    ids=["the first", "a commit", "another file"],
)
def test_anything_that_is_new_is_released(read: Changes) -> None:
    assert not isinstance(informed(start(), read, KNOWN), Refused)


def test_a_change_of_what_goes_out_is_informed_as_well() -> None:
    change = ChangeManifest(
        workspace=ACME, release=ReleaseKey("checkout-1"), by=ana.id, version="1.4.1", manifest=Manifest()
    )
    known = informed(change, changes(commit(1)), KNOWN)
    assert not isinstance(known, Refused)
    assert known.manifest.authors == (ben.id,)
    # A change may come back to what has nothing new in it.
    assert not isinstance(informed(change, changes(), KNOWN), Refused)
    # Who was named before stays, as no form shows what was read.
    before = Manifest(authors=(cleo.id,), reviewers=(ana.id,), paths=("db/1",))
    again = informed(change, changes(commit(1)), KNOWN, before)
    assert not isinstance(again, Refused)
    assert (again.manifest.authors, again.manifest.reviewers) == ((ben.id, cleo.id), (ana.id,))
    assert again.manifest.paths == ()


def test_what_cannot_be_read_any_more_forgets_nobody_and_nothing_of_before() -> None:
    before = Manifest(authors=(ben.id,), paths=("db/1",), digests=(("db/1", "1111111"),), commit="abc1234")
    change = ChangeManifest(
        workspace=ACME,
        release=ReleaseKey("checkout-1"),
        by=ana.id,
        version="1.4.1",
        manifest=Manifest(authors=(cleo.id,)),
    )
    known = informed(change, Unread(because="git says: no"), KNOWN, before)
    assert not isinstance(known, Refused)
    assert known.manifest == Manifest(authors=(ben.id, cleo.id), paths=("db/1",), unread="git says: no")


def test_what_an_approval_is_bound_to_differs_by_commit_and_is_as_before_without_one() -> None:
    typed = Manifest(labels=("db",))
    assert bound_to("1.0", typed) == snapshot(
        "35091b6d51eecb384d15144c812c3954fd12bc9614ce44d3e8748485a6eae46d"
    )
    assert bound_to("1.0", replace(typed, commit="abc1234")) != bound_to("1.0", typed)
    assert bound_to("1.0", replace(typed, commit="abc1234")) != bound_to(
        "1.0", replace(typed, commit="abc1235")
    )


def pulled(number: int, title: str, *reviewers: Author) -> PullRequest:
    return PullRequest(number=number, title=title, link=f"https://x.example/{number}", reviewers=reviewers)


SHOP = Tickets(pattern="SHOP-{number}")
ROBIN = Author(name="robin", known_by=("github:robin",))


def told(read: Changes, tickets: Tickets | None = SHOP) -> Manifest:
    command = informed(start(), read, KNOWN, tickets=tickets)
    assert not isinstance(command, Refused)
    return command.manifest


def test_pull_requests_come_with_who_approved_them() -> None:
    ben_there = Author(name="ben", known_by=("github:ben", "ben@acme.example"))
    known = told(replace(changes(commit(1)), pulls=(pulled(7, "Search", ben_there, ROBIN),), untold="why"))
    assert known.pulls == (
        Pull(
            number=7,
            title="Search",
            link="https://x.example/7",
            reviewers=(ben.id,),
            strangers=("robin",),
        ),
    )
    assert (known.reviewers, known.untold) == ((ben.id,), "why")


def test_tickets_are_found_in_titles_and_messages() -> None:
    one = replace(commit(1), message="Search\n\nFor SHOP-2 and SHOP-3.")
    read = replace(changes(one), pulls=(pulled(7, "SHOP-3: Search"),))
    assert told(read).tickets == ("SHOP-3", "SHOP-2")
    assert told(read, None).tickets == ()
    # Of a first release no commit is listed, so nothing of what they were for.
    assert told(replace(read, since="", pulls=())).tickets == ()


def test_an_approval_is_of_what_goes_out_and_not_of_what_is_told_of_it() -> None:
    read = replace(changes(commit(1)), pulls=(pulled(7, "SHOP-1"),))
    other = replace(read, pulls=(pulled(7, "SHOP-2", ROBIN),), untold="why")
    assert told(read) != told(other)
    assert (
        bound_to("1.0", told(read))
        == bound_to("1.0", told(other))
        == bound_to("1.0", told(changes(commit(1))))
    )


def test_a_path_of_which_no_hash_is_known_is_kept_without_one() -> None:
    known = told(replace(changes(commit(1), basket="1111111", search=""), unread="too many"))
    assert (known.paths, known.digests) == (("basket", "search"), (("basket", "1111111"),))
    assert known.unread == "too many"


def test_two_accounts_with_one_address_are_both_authors() -> None:
    both = Directory(mails={"ben@acme.example": (ben.id, cleo.id)}, people={ana.id: Standing.MEMBER})
    named = replace(commit(2), authors=(Author(name="Ana", known_by=("a@x.example", "github:ana", ana.id)),))
    command = informed(start(), changes(commit(1), named), both)
    assert not isinstance(command, Refused)
    assert command.manifest.authors == (ana.id, ben.id, cleo.id)
    assert command.manifest.strangers == ()
