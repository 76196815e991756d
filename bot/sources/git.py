"""What is in a version of a service, read from its git repository on this machine.

A version is a tag, with or without a `v` before it, or the id of a commit; never a branch, which moves.
"""

import asyncio
import hashlib
import os
import re
import signal
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from bot.release.changes import Changes, NoVersion, Reading, Unread, Written
from bot.release.manifest import Commit

WITHIN_S: Final = 2.0
"""Seconds that all questions to a repository may take together: Slack waits for three."""
ID: Final = re.compile("[0-9a-f]{7,64}")
MOST: Final = 5_000
"""Commits that are looked at, each for its author."""
KNOWN: Final = 5
"""How many of the newest versions are named where one is not known."""
LONGEST: Final = 200
"""Characters of a summary, and of a name."""
SHORTEST: Final = 12
"""Digits of a commit's id that are told to people."""
WEB: Final = "noreply@github.com"
"""The address with which GitHub commits what people merge and edit on its pages: that is nobody."""
_OTHERS: Final = "%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x01)"
_FIELDS: Final = ("%H", "%an", "%ae", "%cn", "%ce", _OTHERS, "%s")
_LOG: Final = f"--format={'%x00'.join(_FIELDS)}"
_PLAIN_MODES: Final = ("100644", "000000")
"""What is at a path: a plain file, or nothing any more."""
_MOMENT_S: Final = 0.2
"""Seconds that are waited for what git still has to say, or to end, when all else is over."""
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
_SET: Final = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
"""With this, git reads what was committed, and not what stands in for it; and it fetches nothing."""


class Checkouts:
    """The repositories in one folder, each in a folder with the key of its service; bare ones do, too."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder.absolute() if folder else None

    async def read(self, service: str, version: str, before: str | None, commit: str = "") -> Reading:
        """Return what is in a version since the one `before`, which was at `commit` where that is known.

        Without it, which is None, it is since the tag before; where it is empty, all that there is.
        """
        repository = await asyncio.to_thread(_real, self._folder / service) if self._folder else None
        if repository is None:
            return None
        try:
            async with asyncio.timeout(WITHIN_S):
                return await _read(repository, version, before, commit)
        except TimeoutError:
            return Unread(because=f"the repository did not answer within {WITHIN_S:.0f} seconds")
        except NotKnown as why:
            return Unread(because=str(why))
        except (GitFailed, OSError) as trouble:
            return Unread(because=f"git says: {trouble}")


class GitFailed(Exception):
    """Git could not answer; the message is the first line of what it said."""


class NotKnown(Exception):
    """Git has answered, and what is asked for is not known by it; the message says why."""


def _real(folder: Path) -> Path | None:
    """Return where a folder is, without links, or None where there is none."""
    return folder.resolve() if folder.is_dir() else None


async def _read(repository: Path, version: str, before: str | None, released: str) -> Reading:
    commit = await _resolve(repository, version)
    if commit is None:
        return NoVersion(known=await _newest(repository))
    if before is None:
        before = await _tag_before(repository, commit)
    if not before:
        written = await _log(repository, commit)
        return Changes(commit=commit, written=written, digests=await _files(repository, commit))
    # A tag may have been moved since it was released.
    old = await _resolve(repository, released or before)
    if old is None:
        return Unread(because=f"the version before, {before}, is not in the repository")
    written = await _log(repository, f"{old}..{commit}", f" since {before}")
    digests = await _changed(repository, old, commit)
    return Changes(commit=commit, since=before, written=written, digests=digests)


async def _resolve(repository: Path, version: str) -> str | None:
    """Return the id of the commit that a version is, or None."""
    for tag in (f"refs/tags/{version}", f"refs/tags/v{version}"):
        # By its whole name: else git looks for a branch that is called like this, too.
        with suppress(GitFailed):
            tagged = await _git(repository, "show-ref", "--verify", "--hash", "--", tag)
            return await _commit(repository, tagged.strip())
    if ID.fullmatch(version):
        with suppress(GitFailed):
            commit = await _commit(repository, version)
            return commit if commit.startswith(version) else None
    return None


async def _commit(repository: Path, name: str) -> str:
    return (await _git(repository, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")).strip()


async def _tag_before(repository: Path, commit: str) -> str:
    """Return the nearest tag before a commit, or nothing where there is none."""
    try:
        return (await _git(repository, "describe", "--tags", "--abbrev=0", f"{commit}^")).strip()
    except GitFailed:
        return ""


async def _newest(repository: Path) -> tuple[str, ...]:
    tags = await _git(repository, "tag", "--sort=-creatordate")
    return tuple(tags.split()[:KNOWN])


async def _log(repository: Path, commits: str, since: str = "") -> tuple[Written, ...]:
    """Return who wrote which commits, all of them. Raises NotKnown."""
    if (await _git(repository, "rev-parse", "--is-shallow-repository")).strip() != "false":
        raise NotKnown("the repository is a shallow clone")
    most = f"--max-count={MOST + 1}"
    count = (await _git(repository, "rev-list", "--count", most, commits, "--")).strip()
    if count == f"{MOST + 1}":
        raise NotKnown(f"there are more than {MOST:,} commits{since}")
    log = await _git(repository, "log", "-z", "--no-show-signature", _LOG, most, commits, "--")
    written = tuple(_written(*fields) for fields in _groups(log, len(_FIELDS)))
    if count != f"{len(written)}":
        raise _misunderstood()
    return written


async def _changed(repository: Path, old: str, new: str) -> Mapping[str, str]:
    """Return the paths that differ between two commits, each with the hash of what is there in the newer."""
    raw = await _git(
        repository, "diff-tree", "-r", "-z", "--no-renames", "--full-index", "--no-commit-id", old, new, "--"
    )
    changed = ((_parts(marks, 5), path) for marks, path in _groups(raw, 2))
    return {path: _digest(mode, blob) for (_, mode, _, blob, _), path in changed}


async def _files(repository: Path, commit: str) -> Mapping[str, str]:
    """Return all paths of a commit, each with the hash of what is there."""
    raw = await _git(repository, "ls-tree", "-r", "-z", "--full-tree", commit)
    entries = (entry.partition("\t") for [entry] in _groups(raw, 1))
    files = ((_parts(marks, 3), path) for marks, _, path in entries)
    return {path: _digest(mode, blob) for (mode, _, blob), path in files}


def _digest(mode: str, blob: str) -> str:
    """Return a hash that is another where only the mode is: a program, a link, or another repository."""
    return blob if mode in _PLAIN_MODES else hashlib.sha256(f"{mode} {blob}".encode()).hexdigest()


def _groups(raw: str, size: int) -> Iterable[Sequence[str]]:
    """Return fields that each end with a NUL, so many at a time. Raises NotKnown where they do not fit."""
    *fields, rest = raw.split("\0")
    if rest or len(fields) % size:
        raise _misunderstood()
    return [fields[at : at + size] for at in range(0, len(fields), size)]


def _parts(marks: str, count: int) -> Sequence[str]:
    """Return what is written between blanks. Raises NotKnown where it is not so many."""
    parts = marks.split(" ")
    if len(parts) != count:
        raise _misunderstood()
    return parts


def _misunderstood() -> NotKnown:
    return NotKnown("git's answer could not be understood")


def _written(
    id_: str, author: str, mail: str, committer: str, committer_mail: str, others: str, summary: str
) -> Written:
    """Return a commit with who wrote it. Raises NotKnown where it does not say, or nothing can read it."""
    if not ID.fullmatch(id_):
        raise _misunderstood()
    first, second = _person(author, mail), _person(committer, committer_mail)
    if not all((*first, *second)):
        raise NotKnown(f"commit {id_[:SHORTEST]} does not say who wrote it")
    people = [first, *([] if second[1] == WEB else [second]), *_named(others)]
    names: dict[str, str] = {}
    for name, address in people:
        names.setdefault(address, name)
    return Written(
        commit=Commit(id=id_, author=first[0], summary=_plain(summary)),
        authors=tuple((name, address) for address, name in names.items()),
    )


def _person(name: str, mail: str) -> tuple[str, str]:
    return _plain(name), mail.strip().casefold()


def _named(trailers: str) -> Iterable[tuple[str, str]]:
    """Return those whom a commit names as `Name <address>`; who has not both is called by what there is."""
    for trailer in trailers.split("\x01"):
        name, _, mail = trailer.partition("<")
        person = _person(name, mail.partition(">")[0])
        if any(person):
            yield person[0] or _plain(person[1]), person[1] or person[0].casefold()


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isprintable()).strip()[:LONGEST]


class _Answer(asyncio.SubprocessProtocol):
    """What git says; all is said when it has ended, whoever else holds its standard error open."""

    def __init__(self) -> None:
        self.said: Final = {1: bytearray(), 2: bytearray()}
        loop = asyncio.get_running_loop()
        self.over: Final[Mapping[int, asyncio.Future[None]]] = {fd: loop.create_future() for fd in self.said}
        self.ended: Final[asyncio.Future[None]] = loop.create_future()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.said[fd] += data

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd in self.over and not self.over[fd].done():
            self.over[fd].set_result(None)

    def process_exited(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


async def _git(repository: Path, *arguments: str) -> str:
    """Return what git answers. Raises GitFailed."""
    transport, answer = await asyncio.get_running_loop().subprocess_exec(
        _Answer,
        "git",
        *_safely(repository),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        env=_environment(repository),
        start_new_session=True,
    )
    try:
        await asyncio.wait([answer.ended, answer.over[1]])
        if status := transport.get_returncode():
            await asyncio.wait([answer.over[2]], timeout=_MOMENT_S)
            said = answer.said[2].decode(errors="replace").strip().splitlines()
            raise GitFailed(_plain(said[0]) if said else f"exit code {status}")
        return answer.said[1].decode(errors="replace")
    except asyncio.CancelledError:
        # All that it has started goes with it; what has left its group may live on, and is not waited for.
        with suppress(ProcessLookupError):
            os.killpg(transport.get_pid(), signal.SIGKILL)
        await asyncio.wait([answer.ended], timeout=_MOMENT_S)
        raise
    finally:
        transport.close()


def _environment(repository: Path) -> Mapping[str, str]:
    """Return the environment of git, in which no repository around the folder is taken for the one in it."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**passed, **_SET, "GIT_CEILING_DIRECTORIES": str(repository.parent)}


def _safely(repository: Path) -> Iterable[str]:
    """Return options with which git reads a repository of another user, and runs nothing that it names."""
    return (
        *("-C", str(repository)),
        *("-c", f"safe.directory={repository}"),
        *("-c", "core.fsmonitor=false"),
        *("-c", "core.hooksPath=/dev/null"),
        *("-c", "core.sshCommand=/bin/false"),
        *("-c", "gpg.program=/bin/false"),
        *("-c", "i18n.logOutputEncoding=UTF-8"),
        *("-c", "log.showSignature=false"),
        *("-c", "protocol.allow=never"),
        *("-c", "trailer.separators=:"),
        "--no-optional-locks",
    )
