"""What a repository says is in a version, and how that comes into the manifest of a release."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from bot.release.ids import UserId
from bot.release.manifest import (
    NOTHING_KNOWN,
    PATH_LIMIT,
    PATHS_LIMIT,
    PEOPLE_LIMIT,
    Commit,
    Manifest,
    Pull,
)
from bot.release.people.directory import Directory
from bot.release.refusal import Code, Refused
from bot.release.stages.revision import ChangeManifest
from bot.release.stages.start import Start
from bot.runbook.tickets import Tickets

T = TypeVar("T", Start, ChangeManifest)
UNSEEN: Final = "\ufffd"
COMMITS_LIMIT: Final = 100
"""Commits that are kept, the newest."""
PULLS_LIMIT: Final = 100
"""Pull requests that are kept, the newest."""
TICKETS_LIMIT: Final = 100
SHORTEST: Final = 12
"""Digits of a commit's id that are told to people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of a repository: what is in a version of a service since the one `before`.

    `repository` is its address, as the runbook has it, or nothing. The version before was at `commit` where
    that is known. Where no version was before, `before` is None, and it is since the tag before; where it is
    empty, all that there is.
    """

    service: str
    version: str
    repository: str = ""
    before: str | None = None
    commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Somebody who wrote or reviewed a change, as they are called there.

    They are known by addresses in small letters, by logins such as `github:ana`, and by ids in Slack.
    """

    name: str
    known_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A commit, who wrote it (its author, then all others), and how its message begins."""

    commit: Commit
    authors: tuple[Author, ...]
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request that was merged, where it can be seen, and who approved it."""

    number: int
    title: str
    link: str
    reviewers: tuple[Author, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a version is in its repository: its commit, and what is different from the version before.

    `since` is that version, or nothing where there was none; `written` are all commits since, or all that
    there are, the newest first; `digests` has each changed path with the hash of what is there now, or
    nothing where that is not known. `unread` is why there may be other paths; `pulls` are the pull requests
    by which the commits came, and `untold` is why there may be others.
    """

    commit: str
    since: str = ""
    written: tuple[Written, ...] = ()
    digests: Mapping[str, str]
    unread: str = ""
    pulls: tuple[PullRequest, ...] = ()
    untold: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoVersion:
    """The repository has no such version; `known` are the newest that it has."""

    known: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """The repository could not be read, and why."""

    because: str


Reading = Changes | NoVersion | Unread | None
"""What came of reading a repository; None where a service has none that can be read."""


def informed(
    command: T,
    reading: Reading,
    directory: Directory,
    before: Manifest = NOTHING_KNOWN,
    tickets: Tickets | None = None,
) -> T | Refused:
    """Return a command with what is known of its version, or why nothing can be released by that name.

    `tickets` is how the runbook writes the keys of tickets, if it does.
    """
    match reading:
        case None:
            return command
        case Unread(because=because):
            return _unread(command, because, before)
        case NoVersion(known=known):
            return Refused(
                code=Code.VERSION_UNKNOWN,
                because=f"The repository has no version {command.version}.",
                instead=f"It has {', '.join(known)}." if known else "Tag what is to be released.",
            )
        case Changes():
            typed = _with_people(command.manifest, before)
            read = _told(_with(typed, reading, directory), reading, directory, tickets)
            told = replace(command, manifest=read)
            return _unchanged(command, reading) or told


def _unread(command: T, because: str, before: Manifest) -> T | Refused:
    """Refuse what could not be looked at, unless somebody says who wrote it: they approve none of it.

    What was known before of a release stays: who wrote some of it, and the paths for which gates ask.
    """
    if command.manifest.authors:
        return replace(command, manifest=_besides(command.manifest, before, because))
    return Refused(
        code=Code.CHANGES_UNREAD,
        because=f"What is in {command.version} could not be read, so nobody knows who wrote it: {because}.",
        instead="Try once more; or name who wrote it, with authors=@somebody.",
    )


def _unchanged(command: Start | ChangeManifest, changes: Changes) -> Refused | None:
    """Refuse to start what has nothing new in it, unless it is meant; a change may come back to it."""
    same = command.same if isinstance(command, Start) else True
    if not changes.since or changes.written or changes.digests or same:
        return None
    return Refused(
        code=Code.NOTHING_CHANGED,
        because=f"Nothing has changed since {changes.since}: it is the same commit,"
        f" {changes.commit[:SHORTEST]}.",
        instead="Start the version that is new; or, to release the same again, add same=yes.",
    )


def _with(manifest: Manifest, changes: Changes, directory: Directory) -> Manifest:
    """Return a manifest with what the repository says besides what people have typed."""
    authors = dict.fromkeys(author for one in changes.written for author in one.authors)
    accounts = {author: directory.accounts(author.known_by) for author in authors}
    commits = tuple(one.commit for one in changes.written) if changes.since else ()
    found = {_readable(path): digest for path, digest in changes.digests.items()}
    paths = {*manifest.paths, *found}
    fitting = tuple(sorted(paths)[:PATHS_LIMIT])
    digests = dict(manifest.digests) | {path: found[path] for path in fitting if found.get(path)}
    unread = _too_many(len(paths)) if len(paths) > len(fitting) else changes.unread
    return replace(
        manifest,
        authors=_sorted(manifest.authors, *accounts.values()),
        paths=fitting,
        digests=tuple(sorted(digests.items())),
        commit=changes.commit,
        since=changes.since,
        commits=commits[:COMMITS_LIMIT],
        more=max(len(commits) - COMMITS_LIMIT, 0),
        strangers=tuple(sorted({author.name for author, those in accounts.items() if not those})),
        unread=unread,
    )


def _told(manifest: Manifest, changes: Changes, directory: Directory, tickets: Tickets | None) -> Manifest:
    """Return a manifest with the pull requests by which it came, who reviewed them, and the tickets."""
    accounts = {one: _reviewers(one, directory) for one in changes.pulls}
    reviewers = (person for those in accounts.values() for people in those.values() for person in people)
    texts = [*(one.title for one in changes.pulls), *(one.message for one in changes.written)]
    keys = tickets.keys_in(texts) if tickets and changes.since else ()
    return replace(
        manifest,
        reviewers=_sorted(manifest.reviewers, reviewers)[:PEOPLE_LIMIT],
        pulls=tuple(_pull(one, accounts[one]) for one in changes.pulls[:PULLS_LIMIT]),
        tickets=keys[:TICKETS_LIMIT],
        untold=changes.untold,
    )


def _reviewers(pull: PullRequest, directory: Directory) -> Mapping[str, tuple[UserId, ...]]:
    """Return who approved a pull request, by name, each with who that is in Slack."""
    return {one.name: directory.accounts(one.known_by) for one in pull.reviewers}


def _pull(pull: PullRequest, reviewers: Mapping[str, tuple[UserId, ...]]) -> Pull:
    return Pull(
        number=pull.number,
        title=pull.title,
        link=pull.link,
        reviewers=_sorted(*reviewers.values()),
        strangers=tuple(sorted(name for name, people in reviewers.items() if not people)),
    )


def _besides(manifest: Manifest, before: Manifest, unread: str) -> Manifest:
    """Return what was typed besides what was known before, of something that could not be read."""
    paths = tuple(sorted({*manifest.paths, *before.paths})[:PATHS_LIMIT])
    return replace(_with_people(manifest, before), paths=paths, unread=unread)


def _with_people(manifest: Manifest, before: Manifest) -> Manifest:
    """Return a manifest with the authors and reviewers that were known before, whom no form shows."""
    return replace(
        manifest,
        authors=_sorted(manifest.authors, before.authors),
        reviewers=_sorted(manifest.reviewers, before.reviewers),
    )


def _readable(path: str) -> str:
    """Return a path as it can be shown, with a sign for each that cannot be seen; a long one is cut."""
    return "".join(sign if sign.isprintable() else UNSEEN for sign in path)[:PATH_LIMIT]


def _too_many(count: int) -> str:
    return f"there are {count:,} paths, and {PATHS_LIMIT:,} of them are looked at"


def _sorted(*people: Iterable[UserId]) -> tuple[UserId, ...]:
    return tuple(sorted({person for those in people for person in those}))
