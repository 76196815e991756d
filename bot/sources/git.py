"""What is in a version of a service, read from its git repository on this machine.

A version is a tag, with or without a `v` before it, or the id of a commit; never a branch, which moves.
"""

import asyncio
import os
import signal
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from bot.release.changes import Reading, Unread, Wanted, Written
from bot.sources.source import (
    ID,
    KNOWN,
    MOST,
    WITHIN_S,
    NotKnown,
    Paths,
    PullRequests,
    digest,
    misunderstood,
    plain,
    too_many,
    what_is_in,
    written,
)

_OTHERS: Final = "%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x01)"
_FIELDS: Final = ("%H", "%an", "%ae", "%cn", "%ce", _OTHERS, "%B")
_LOG: Final = f"--format={'%x00'.join(_FIELDS)}"
_DIFFERENT: Final = ("diff-tree", "-r", "-z", "--no-renames", "--full-index", "--no-commit-id")
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

    async def read(self, wanted: Wanted) -> Reading:
        """Return what is in a version, or None of a service that has no repository here."""
        folder = await asyncio.to_thread(_real, self._folder / wanted.service) if self._folder else None
        if folder is None:
            return None
        try:
            async with asyncio.timeout(WITHIN_S):
                return await what_is_in(Checkout(folder), wanted)
        except TimeoutError:
            return Unread(because=f"the repository did not answer within {WITHIN_S:.0f} seconds")
        except NotKnown as why:
            return Unread(because=str(why))
        except (GitFailed, OSError) as trouble:
            return Unread(because=f"git says: {trouble}")


class GitFailed(Exception):
    """Git could not answer; the message is the first line of what it said."""


def _real(folder: Path) -> Path | None:
    """Return where a folder is, without links, or None where there is none."""
    return folder.resolve() if folder.is_dir() else None


class Checkout:
    """One repository on this machine, of which git tells. Each question may raise GitFailed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def resolve(self, version: str) -> str | None:
        """Return the id of the commit that a version is, or None."""
        for tag in (f"refs/tags/{version}", f"refs/tags/v{version}"):
            # By its whole name: else git looks for a branch that is called like this, too.
            with suppress(GitFailed):
                tagged = await self._git("show-ref", "--verify", "--hash", "--", tag)
                return await self._commit(tagged.strip())
        if ID.fullmatch(version):
            with suppress(GitFailed):
                commit = await self._commit(version)
                return commit if commit.startswith(version) else None
        return None

    async def newest(self) -> Sequence[str]:
        """Return the tags that were made last."""
        tags = await self._git("tag", "--sort=-creatordate")
        return tags.split()[:KNOWN]

    async def tag_before(self, commit: str) -> str:
        """Return the nearest tag before a commit, or nothing where there is none."""
        try:
            return (await self._git("describe", "--tags", "--abbrev=0", f"{commit}^")).strip()
        except GitFailed:
            return ""

    async def log(self, new: str, old: str, since: str) -> Sequence[Written]:
        """Return who wrote which commits, all of them. Raises NotKnown."""
        if (await self._git("rev-parse", "--is-shallow-repository")).strip() != "false":
            raise NotKnown("the repository is a shallow clone")
        commits, most = f"{old}..{new}" if old else new, f"--max-count={MOST + 1}"
        count = (await self._git("rev-list", "--count", most, commits, "--")).strip()
        if count == f"{MOST + 1}":
            raise too_many(MOST, since)
        log = await self._git("log", "-z", "--no-show-signature", _LOG, most, commits, "--")
        found = [_written(*fields) for fields in _groups(log, len(_FIELDS))]
        if count != f"{len(found)}":
            raise misunderstood()
        return found

    async def paths(self, new: str, old: str) -> Paths:
        """Return the paths that differ between two commits, or all, with the hash of what is there now."""
        return Paths(digests=await (self._changed(old, new) if old else self._files(new)))

    async def pull_requests(self, commits: Sequence[str]) -> PullRequests:
        """Return none: git does not know of them."""
        return PullRequests()

    async def _changed(self, old: str, new: str) -> Mapping[str, str]:
        said = await self._git(*_DIFFERENT, old, new, "--")
        changed = ((_parts(marks, 5), path) for marks, path in _groups(said, 2))
        return {path: digest(mode, blob) for (_, mode, _, blob, _), path in changed}

    async def _files(self, commit: str) -> Mapping[str, str]:
        said = await self._git("ls-tree", "-r", "-z", "--full-tree", commit)
        entries = (entry.partition("\t") for [entry] in _groups(said, 1))
        files = ((_parts(marks, 3), path) for marks, _, path in entries)
        return {path: digest(mode, blob) for (mode, _, blob), path in files}

    async def _commit(self, name: str) -> str:
        return (await self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")).strip()

    async def _git(self, *arguments: str) -> str:
        return await _git(self._folder, *arguments)


def _groups(raw: str, size: int) -> Iterable[Sequence[str]]:
    """Return fields that each end with a NUL, so many at a time. Raises NotKnown where they do not fit."""
    *fields, rest = raw.split("\0")
    if rest or len(fields) % size:
        raise misunderstood()
    return [fields[at : at + size] for at in range(0, len(fields), size)]


def _parts(marks: str, count: int) -> Sequence[str]:
    """Return what is written between blanks. Raises NotKnown where it is not so many."""
    parts = marks.split(" ")
    if len(parts) != count:
        raise misunderstood()
    return parts


def _written(
    id_: str, name: str, mail: str, committer: str, committer_mail: str, others: str, message: str
) -> Written:
    """Return a commit with who wrote it. Raises NotKnown where it does not say, or nothing can read it."""
    people = (name, mail, ""), (committer, committer_mail, "")
    return written(id_, message, *people, others=others)


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
            raise GitFailed(plain(said[0]) if said else f"exit code {status}")
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
