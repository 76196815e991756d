"""The file that says which addresses and logins belong to whom in Slack."""

import os
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from bot.release.changes import Author, Changes, NoVersion, PullRequest, Unread, Wanted, Written
from bot.release.manifest import Commit
from bot.runbook.problems import RunbookError
from bot.sources.git import Checkouts
from bot.sources.people import PeopleFile, logins
from bot.sources.source import author
from bot.sources.sources import Sources
from tests.sources.repository import Repository

TEXT = """\
people:
  U0ANA:
    mails: [Ana@home.example]
    github: [Ana-Codes]
  Ben@practice.example:
    gitlab: [ben]
  U0BEA:
    mails: [ana@home.example]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path / "people.yaml", TEXT)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def known(path: Path | None, *who: Author) -> list[tuple[str, ...]]:
    """Return what each is known by in the end."""
    one = Written(commit=Commit(id="1" * 40, author="", summary=""), authors=who)
    pull = PullRequest(number=1, title="", link="", reviewers=who)
    read = PeopleFile(path).known(Changes(commit="1" * 40, written=(one,), digests={}, pulls=(pull,)))
    assert isinstance(read, Changes)
    authors = [one.known_by for one in read.written[0].authors]
    assert authors == [one.known_by for one in read.pulls[0].reviewers]
    return authors


def test_an_address_and_a_login_belong_to_somebody_in_slack(path: Path) -> None:
    assert known(path, author("Ana", "someone@x.example", "github:ana-codes")) == [
        ("someone@x.example", "github:ana-codes", "U0ANA")
    ]
    assert known(path, author("Ben", login="gitlab:ben")) == [("gitlab:ben", "ben@practice.example")]
    assert known(path, author("Eve", "eve@x.example", "github:ben")) == [("eve@x.example", "github:ben")]


def test_two_accounts_with_one_address_are_both_meant(path: Path) -> None:
    assert known(path, author("Ana", "ana@home.example")) == [("ana@home.example", "U0ANA", "U0BEA")]


def test_without_a_file_an_address_is_all_that_is_known() -> None:
    assert known(None, author("Ana", "ana@home.example")) == [("ana@home.example",)]


@pytest.mark.parametrize(
    ("mail", "login"),
    [
        ("12345+ana-codes@users.noreply.github.com", "github:ana-codes"),
        ("ana-codes@users.noreply.github.com", "github:ana-codes"),
        ("1-ana@users.noreply.github.com", "github:1-ana"),
        ("49699333+dependabot[bot]@users.noreply.github.com", "github:dependabot[bot]"),
        ("7+ana@users.noreply.github.example.com", "github:ana"),
        ("12345-ana.c@users.noreply.gitlab.com", "gitlab:ana.c"),
        ("12345-ana@users.noreply.gitlab.example.com", "gitlab:ana"),
        ("ana@users.noreply.github.com.evil", "github:ana"),
        ("ana@practice.example", ""),
        ("x+y+ana@users.noreply.github.com", ""),
        ("@users.noreply.github.com", ""),
    ],
)
def test_an_address_of_those_who_hide_theirs_is_a_login(mail: str, login: str) -> None:
    assert [*logins(mail)] == ([login] if login else [])


def test_a_hidden_address_is_found_by_its_login(path: Path) -> None:
    assert known(path, author("Ana", "12+Ana-Codes@users.noreply.github.com")) == [
        ("12+ana-codes@users.noreply.github.com", "github:ana-codes", "U0ANA")
    ]


def test_it_is_read_anew_when_it_has_changed(path: Path) -> None:
    file = PeopleFile(path)
    assert [one.name for one in file.people()] == ["U0ANA", "ben@practice.example", "U0BEA"]
    before = file.people()
    assert file.people() is before
    written(path, "people: {U0EVE: {github: [eve]}}\n")
    assert [one.name for one in file.people()] == ["U0EVE"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("people: {}\n", "1:1: people: expected at least one, found none"),
        (
            "people: {Ana: {github: [ana]}}\n",
            '1:10: people.Ana: expected a user id such as "U02ABCDEF", or an address that Slack knows; found "Ana"',
        ),
        (
            "people: {U0ANA: {}}\n",
            "1:10: people.U0ANA: expected at least one of mails, github and gitlab, found none",
        ),
        (
            "people: {U0ANA: {mail: [ana@x.example]}}\n",
            '1:18: people.U0ANA.mail: expected one of the keys name, mails, github, gitlab; found "mail"; did you mean "mails"?',
        ),
        (
            "people: {U0ANA: {github: ana}}\n",
            '1:26: people.U0ANA.github: expected a list, found "ana"',
        ),
        (
            "people: {U0ANA: {github: ['@ana']}}\n",
            '1:27: people.U0ANA.github.0: expected a login such as "ana-codes", without @, found "@ana"',
        ),
        (
            "people: {U0ANA: {mails: [ana]}}\n",
            '1:26: people.U0ANA.mails.0: expected an address such as ana@acme.example, found "ana"',
        ),
        (
            "people: {U0ANA: {github: [ana, Ana]}}\n",
            '1:32: people.U0ANA.github.1: expected each only once, found "ana" again',
        ),
        (
            "people: {U0ANA: {github: [a]}, U0ANA: {github: [b]}}\n",
            "1:32: people.U0ANA: the key is given a second time; the first is on line 1",
        ),
        (
            "people: {Ana@x.example: {github: [a]}, ana@x.example: {github: [b]}}\n",
            '1:40: people.ana@x.example: expected each only once, found "ana@x.example" again',
        ),
        ("persons: {}\n", '1:1: persons: expected one of the keys people; found "persons"'),
        ("- U0ANA\n", "1:1: expected a mapping, found a list"),
        ("people: {U0ANA: {github: [ana\u202e]}}\n", "1:30: the character U+202E is not allowed"),
        ("", "1:1: the file is empty"),
    ],
)
def test_a_fault_is_told_with_its_place_and_with_what_is_right(path: Path, text: str, message: str) -> None:
    problems = [str(one).removeprefix(f"{path}:") for one in PeopleFile(written(path, text)).problems()]
    assert message in problems


def test_a_file_that_is_not_there_or_is_no_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, because in {"no.yaml": "No such file or directory", "pipe": "it is not a file"}.items():
        [problem] = PeopleFile(tmp_path / name).problems()
        assert problem.message == f"cannot be read: {because}"


async def test_what_cannot_be_read_of_the_people_is_not_passed_over(path: Path, tmp_path: Path) -> None:
    shop = Repository(tmp_path)
    shop.commits("ana", "Begin")
    shop.tags("1.0")
    file = PeopleFile(path)
    sources = Sources([Checkouts(None), Checkouts(tmp_path / "checkouts")], file)
    assert isinstance(await sources.read(Wanted(service="shop", version="1.0")), Changes)
    assert isinstance(await sources.read(Wanted(service="shop", version="9.9")), NoVersion)
    assert await sources.read(Wanted(service="other", version="1.0")) is None
    written(path, "people: {U0ANA: {}}\n")
    read = await sources.read(Wanted(service="shop", version="1.0"))
    assert isinstance(read, Unread)
    assert read.because.replace(str(path), "people.yaml") == snapshot(
        "the file of ROLLCALL_AUTHORS cannot be used: people.yaml:1:10: people.U0ANA: expected at least one of mails, github and gitlab, found none"
    )
    with pytest.raises(RunbookError):
        file.people()
