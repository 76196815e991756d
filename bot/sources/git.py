"""What is in a version of a service, read from its git repository on this machine.

A version is a tag, with or without a `v` before it, or the id of a commit; never a branch, which moves.
"""

import asyncio
import os
import re
from collections.abc import Iterable, Mapping
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
_LOG: Final = "--format=%H%x00%ae%x00%an%x00%s"
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


class Checkouts:
    """The repositories in one folder, each in a folder with the key of its service; bare ones do, too."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder.absolute() if folder else None

    async def read(self, service: str, version: str, before: str) -> Reading:
        """Return what is in a version since the one `before`, which may be none."""
        repository = self._folder / service if self._folder else None
        if repository is None or not await asyncio.to_thread(repository.is_dir):
            return None
        try:
            async with asyncio.timeout(WITHIN_S):
                return await _read(repository, version, before)
        except TimeoutError:
            return Unread(because=f"the repository did not answer within {WITHIN_S:.0f} seconds")
        except (GitFailed, OSError) as trouble:
            return Unread(because=f"git says: {trouble}")


class GitFailed(Exception):
    """Git could not answer; the message is the first line of what it said."""


async def _read(repository: Path, version: str, before: str) -> Reading:
    commit = await _resolve(repository, version)
    if commit is None:
        return NoVersion(known=await _newest(repository))
    if not before:
        return Changes(commit=commit, digests=await _files(repository, commit))
    old = await _resolve(repository, before)
    if old is None:
        return Unread(because=f"the version before, {before}, is not in the repository")
    between = f"{old}..{commit}"
    log = await _git(repository, "log", _LOG, f"--max-count={MOST + 1}", between, "--")
    written = tuple(_written(line) for line in log.splitlines() if line.count("\0") == 3)
    if len(written) > MOST:
        return Unread(because=f"there are more than {MOST:,} commits since {before}")
    digests = await _changed(repository, old, commit)
    return Changes(commit=commit, since=before, written=written, digests=digests)


async def _resolve(repository: Path, version: str) -> str | None:
    """Return the id of the commit that a version is, or None."""
    names = [f"refs/tags/{version}", f"refs/tags/v{version}"]
    names += [version] if ID.fullmatch(version) else []
    for name in names:
        try:
            return (await _git(repository, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")).strip()
        except GitFailed:
            continue
    return None


async def _newest(repository: Path) -> tuple[str, ...]:
    tags = await _git(repository, "tag", "--sort=-creatordate")
    return tuple(tags.split()[:KNOWN])


async def _changed(repository: Path, old: str, new: str) -> Mapping[str, str]:
    """Return the paths that differ between two commits, each with the hash of what is there in the newer."""
    raw = await _git(
        repository, "diff-tree", "-r", "-z", "--no-renames", "--full-index", "--no-commit-id", old, new, "--"
    )
    fields = iter(raw.split("\0"))
    return {path: marks.split()[3] for marks, path in zip(fields, fields, strict=False) if marks}


async def _files(repository: Path, commit: str) -> Mapping[str, str]:
    """Return all paths of a commit, each with the hash of what is there."""
    raw = await _git(repository, "ls-tree", "-r", "-z", "--full-tree", commit)
    entries = (entry.partition("\t") for entry in raw.split("\0") if entry)
    return {path: marks.split()[2] for marks, _, path in entries}


def _written(line: str) -> Written:
    id_, mail, author, summary = line.split("\0")
    return Written(
        commit=Commit(id=id_, author=_plain(author), summary=_plain(summary)), mail=mail.strip().casefold()
    )


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isprintable()).strip()[:LONGEST]


async def _git(repository: Path, *arguments: str) -> str:
    """Return what git answers. Raises GitFailed."""
    process = await asyncio.create_subprocess_exec(
        "git",
        *_safely(repository),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
    )
    try:
        answer, trouble = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        said = trouble.decode(errors="replace").strip().splitlines()
        raise GitFailed(_plain(said[0]) if said else f"exit code {process.returncode}")
    return answer.decode(errors="replace")


def _safely(repository: Path) -> Iterable[str]:
    """Return options with which git reads a repository of another user, and runs nothing that it names."""
    return (
        *("-C", str(repository)),
        *("-c", f"safe.directory={repository}"),
        *("-c", "core.fsmonitor=false"),
        *("-c", "core.hooksPath=/dev/null"),
        "--no-optional-locks",
    )
