"""Who wrote what, as whoever runs Rollcall says it: addresses and logins, each with who that is in Slack.

    people:
      U02ABCDEF:
        mails: [ana@home.example]
        github: [ana-codes]
      ben@acme.example:
        gitlab: [ben]

GitHub and GitLab have addresses of their own for those who hide theirs; these are read as logins.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, ValidationError, ValidationInfo, field_validator, model_validator

from bot.release.changes import Author, Changes, PullRequest, Reading, Written
from bot.runbook.files.explain import explain
from bot.runbook.files.read import Layer, read_layer
from bot.runbook.files.strict_yaml import Pairs, plain
from bot.runbook.parts import Few, Part, distinct, fault, named
from bot.runbook.problems import Problem, RunbookError, found
from bot.runbook.values import USER_ID, shaped

GITHUB: Final = "github:"
GITLAB: Final = "gitlab:"
MAIL: Final = r"[^\s@<>]{1,100}@[^\s@<>]{1,100}"
LOGIN: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?:\[bot\])?"
PEOPLE_LIMIT: Final = 3_000
_HIDDEN: Final = re.compile(
    r"(?:(?P<id>[0-9]+)(?P<sign>[+-]))?(?P<login>[^@+]+)@users\.noreply\.(?P<host>.+)"
)


def _in_slack(text: str) -> str:
    if re.fullmatch(USER_ID, text) or re.fullmatch(MAIL, text):
        return text if "@" not in text else text.casefold()
    raise fault(
        f'expected a user id such as "U02ABCDEF", or an address that Slack knows; found {found(text)}'
    )


Mail = Annotated[str, shaped(MAIL, "an address such as ana@acme.example"), AfterValidator(str.casefold)]
Login = Annotated[str, shaped(LOGIN, 'a login such as "ana-codes", without @'), AfterValidator(str.casefold)]


class Person(Part):
    """Somebody in Slack, by user id or by the address that Slack knows, and what they are elsewhere."""

    name: Annotated[str, AfterValidator(_in_slack)]
    mails: Annotated[tuple[Mail, ...], Few(0, 50), distinct()] = ()
    """The addresses with which they commit, besides the one that Slack knows."""
    github: Annotated[tuple[Login, ...], Few(0, 50), distinct()] = ()
    """Their logins at GitHub."""
    gitlab: Annotated[tuple[Login, ...], Few(0, 50), distinct()] = ()
    """Their logins at GitLab."""

    @model_validator(mode="after")
    def _is_called_something(self) -> Self:
        if not (self.mails or self.github or self.gitlab):
            raise fault("expected at least one of mails, github and gitlab, found none")
        return self

    @property
    def known_by(self) -> Iterable[str]:
        """Return by what they are known."""
        yield from self.mails
        yield from (f"{GITHUB}{login}" for login in self.github)
        yield from (f"{GITLAB}{login}" for login in self.gitlab)


class People(Part):
    """The whole file."""

    people: Annotated[tuple[Person, ...], Few(1, PEOPLE_LIMIT), distinct("name")]
    """Who is who, by what they are in Slack."""

    @field_validator("people", mode="before")
    @classmethod
    def _from_mapping(cls, value: object, info: ValidationInfo) -> object:
        return named("person", value)


@dataclass(frozen=True, slots=True)
class _Read:
    """What the file came to when it was read last: who is known by what."""

    layer: Layer
    people: People
    known: Mapping[str, tuple[str, ...]]


class PeopleFile:
    """The file, read again when it has changed. Without one, nobody is known by more than an address."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._last: _Read | None = None

    def problems(self) -> Sequence[Problem]:
        """Return what is wrong with the file."""
        try:
            self.people()
        except RunbookError as error:
            return error.problems
        return ()

    def people(self) -> Sequence[Person]:
        """Return all whom the file names. Raises RunbookError."""
        read = self._read()
        return read.people.people if read else ()

    def known(self, reading: Reading) -> Reading:
        """Return what was read of a version, with all that its authors and reviewers are known by.

        Raises RunbookError where the file cannot be used.
        """
        if not isinstance(reading, Changes):
            return reading
        read = self._read()
        known = read.known if read else {}
        return replace(
            reading,
            written=tuple(_written(one, known) for one in reading.written),
            pulls=tuple(_reviewed(one, known) for one in reading.pulls),
        )

    def _read(self) -> _Read | None:
        if self._path is None:
            return None
        # Several threads may read at once, so what is known is put in place as a whole.
        last = self._last
        if last is None or not last.layer.stamp.is_current():
            last = self._last = _read(self._path)
        return last


def logins(mail: str) -> Iterable[str]:
    """Return the login that is in an address of those who hide theirs, at GitHub or at GitLab."""
    if hidden := _HIDDEN.fullmatch(mail):
        id_, sign, login, host = hidden["id"], hidden["sign"], hidden["login"], hidden["host"]
        if host == "github.com" and sign == "-":
            yield f"{GITHUB}{id_}-{login}"
        else:
            yield f"{GITLAB if sign == '-' else GITHUB}{login}"


def _read(path: Path) -> _Read:
    layer = read_layer(path)
    people = _validated(layer.tree)
    known: dict[str, tuple[str, ...]] = {}
    for person in people.people:
        for one in person.known_by:
            known[one] = (*known.get(one, ()), person.name)
    return _Read(layer, people, known)


def _validated(tree: Pairs) -> People:
    try:
        return People.model_validate(plain(tree))
    except ValidationError as error:
        raise RunbookError(explain(error, tree, People)) from None


def _written(one: Written, known: Mapping[str, tuple[str, ...]]) -> Written:
    return replace(one, authors=tuple(_known(author, known) for author in one.authors))


def _reviewed(one: PullRequest, known: Mapping[str, tuple[str, ...]]) -> PullRequest:
    return replace(one, reviewers=tuple(_known(reviewer, known) for reviewer in one.reviewers))


def _known(author: Author, known: Mapping[str, tuple[str, ...]]) -> Author:
    """Return an author with the logins that the addresses hide, and who that is in Slack."""
    called = [*author.known_by, *(login for mail in author.known_by for login in logins(mail))]
    people = (person for one in called for person in known.get(one, ()))
    return replace(author, known_by=tuple(dict.fromkeys([*called, *people])))
