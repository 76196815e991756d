"""What every source has in common: what is asked of a repository, in which order, and what is made of it."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from bot.release.changes import Author, Changes, NoVersion, PullRequest, Reading, Unread, Wanted, Written
from bot.release.manifest import Commit

WITHIN_S: Final = 2.0
"""Seconds that all questions to a repository may take together: Slack waits for three."""
ID: Final = re.compile("[0-9a-f]{7,64}")
MOST: Final = 5_000
"""Commits that are looked at, each for its author."""
KNOWN: Final = 5
"""How many of the newest versions are named where one is not known."""
LONGEST: Final = 200
"""Characters of a summary, of a title, and of a name."""
LONGEST_MESSAGE: Final = 4_000
"""Characters of a message in which tickets are looked for."""
SHORTEST: Final = 12
"""Digits of a commit's id that are told to people."""
WEB: Final = ("noreply@github.com", "github:web-flow")
"""GitHub itself, which commits what people merge and edit on its pages: that is nobody."""
_PLAIN_MODES: Final = ("100644", "000000")
"""What is at a path: a plain file, or nothing any more."""
_TOGETHER: Final = re.compile(
    r"^[ \t]*co-authored-by[ \t]*:(.*(?:\n[ \t]+\S.*)*)", re.IGNORECASE | re.MULTILINE
)


class NotKnown(Exception):
    """The repository has answered, and does not know what is asked for; the message says why."""


class Source(Protocol):
    """Where it is read what is in the versions of some services: checkouts, GitHub, GitLab."""

    async def read(self, wanted: Wanted) -> Reading:
        """Return what is in a version, or None of a service that is not here. It answers quickly."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The paths that differ, each with a hash of what is there now, or nothing where none is known.

    `unread` is why there may be more of them.
    """

    digests: Mapping[str, str]
    unread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequests:
    """The pull requests by which some commits came; `unread` is why there may be more of them."""

    found: Sequence[PullRequest] = field(default=())
    unread: str = ""


class Repository(Protocol):
    """One repository. Each question raises NotKnown where it has no answer."""

    async def resolve(self, version: str) -> str | None:
        """Return the id of the commit that a version is, or None: a tag, or the id of a commit."""
        ...

    async def newest(self) -> Sequence[str]:
        """Return the newest versions."""
        ...

    async def tag_before(self, commit: str) -> str:
        """Return the nearest tag before a commit, or nothing where there is none."""
        ...

    async def log(self, new: str, old: str, since: str) -> Sequence[Written]:
        """Return all commits that are new since another, the newest first; all that there are without it.

        `since` is the version that the other was.
        """
        ...

    async def paths(self, new: str, old: str) -> Paths:
        """Return the paths that differ between two commits; all that there are without the older."""
        ...

    async def pull_requests(self, commits: Sequence[str]) -> PullRequests:
        """Return the pull requests by which commits came. What cannot be read of them is left out."""
        ...


async def what_is_in(repository: Repository, wanted: Wanted) -> Reading:
    """Return what a repository says is in a version. Raises NotKnown."""
    commit = await repository.resolve(wanted.version)
    if commit is None:
        return NoVersion(known=tuple(await repository.newest()))
    before = await repository.tag_before(commit) if wanted.before is None else wanted.before
    old = ""
    if before:
        # A tag may have been moved since it was released.
        released = await repository.resolve(wanted.commit or before)
        if released is None:
            return Unread(because=f"the version before, {before}, is not in the repository")
        old = released
    written = await repository.log(commit, old, before)
    paths = await repository.paths(commit, old)
    pulls = await repository.pull_requests([one.commit.id for one in written] if old else [])
    return Changes(
        commit=commit,
        since=before,
        written=tuple(written),
        digests=paths.digests,
        unread=paths.unread,
        pulls=tuple(pulls.found),
        untold=pulls.unread,
    )


def written(id_: str, message: str, *people: tuple[str, str, str], others: str | None = None) -> Written:
    """Return a commit with who wrote it: its author and its committer, by name, address and login.

    `others` are those whom it names besides, parted by U+0001; without it, they are found in the message.
    Raises NotKnown where it does not say who wrote it.
    """
    if not ID.fullmatch(id_):
        raise misunderstood()
    if not all(name.strip() and mail.strip() for name, mail, _ in people):
        raise NotKnown(f"commit {id_[:SHORTEST]} does not say who wrote it")
    first, *rest = [author(*one) for one in people]
    wrote = [first, *(one for one in rest if not {*one.known_by} & {*WEB})]
    trailers = "\x01".join(_TOGETHER.findall(message)) if others is None else others
    return Written(
        commit=Commit(id=id_, author=first.name, summary=plain(message.lstrip().partition("\n")[0])),
        authors=tuple(_distinct([*wrote, *_named(trailers)])),
        message=message.strip()[:LONGEST_MESSAGE],
    )


def author(name: str, mail: str = "", login: str = "") -> Author:
    """Return somebody by name, address, and login such as `github:ana`; of these there may be one only."""
    known_by = tuple(filter(None, (mail.strip().casefold(), login.strip().casefold())))
    return Author(name=plain(name) or plain(mail) or plain(login.partition(":")[2]), known_by=known_by)


def misunderstood(who: str = "git") -> NotKnown:
    """Return what is raised for an answer that does not fit what was asked."""
    return NotKnown(f"{who}'s answer could not be understood")


def too_many(most: int, since: str) -> NotKnown:
    """Return what is raised where there are more commits than are looked at."""
    return NotKnown(f"there are more than {most:,} commits{f' since {since}' if since else ''}")


def digest(mode: str, blob: str) -> str:
    """Return a hash that is another where only the mode is: a program, a link, or another repository."""
    return blob if mode in _PLAIN_MODES else hashlib.sha256(f"{mode} {blob}".encode()).hexdigest()


def plain(text: str) -> str:
    """Return what somebody wrote as one line of text that can be seen."""
    return "".join(c for c in text if c.isprintable()).strip()[:LONGEST]


def _named(trailers: str) -> Iterable[Author]:
    """Return those whom a commit names as `Name <address>`; who has not both is called by what there is."""
    for trailer in trailers.split("\x01"):
        name, _, rest = " ".join(trailer.split()).partition("<")
        mail = rest.partition(">")[0]
        if plain(name) or plain(mail):
            yield author(name, mail if plain(mail) else name)


def _distinct(authors: Iterable[Author]) -> Iterable[Author]:
    """Return each once, by what they are known by, called as they are first."""
    seen: set[str] = set()
    for one in authors:
        if not seen & {*one.known_by}:
            yield one
        seen |= {*one.known_by}
