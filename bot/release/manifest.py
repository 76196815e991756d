"""What is in a release, besides its version: who wrote it, what it touches, and how risky it is."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Final

from bot.release.ids import UserId
from bot.release.refusal import Code, Refused
from bot.runbook.gates.gate import Risk

VERSION: Final = re.compile(r"(?!.*(?:\.\.|//|/\.?(?:/|$)))[A-Za-z0-9][A-Za-z0-9._+/-]{0,63}", re.ASCII)
"""It is told to commands, which may take it for a part of a path: no step upwards, and no part that is
empty or a single dot."""
DIGEST: Final = re.compile(r"[0-9a-f]{7,128}", re.ASCII)
PATHS_LIMIT: Final = 3_000
"""Changed paths. GitHub lists no more of a pull request (docs.github.com, list pull requests files)."""
LABELS_LIMIT: Final = 40
PEOPLE_LIMIT: Final = 200
PATH_LIMIT: Final = 400
"""Characters of one path, and of one label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One change: its id, who wrote it as they are called there, and the first line of what they said."""

    id: str
    author: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A pull request that was merged, and who approved it; `strangers` are those whom nobody in Slack is."""

    number: int
    title: str
    link: str
    reviewers: tuple[UserId, ...] = ()
    strangers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The people, labels and paths of a release, sorted, and its risk; and the commits, the newest first.

    `digests` has a hash of what is at a path, such as git's blob id, for those paths of which one is known.
    `commit` is the id of what goes out, `since` the version released before, `more` how many commits there
    are besides those that are listed, `strangers` the authors whom nobody in Slack is known to be, and
    `unread` why some of it could not be read. `pulls` are the pull requests by which the commits came,
    `tickets` the keys of what they were made for, and `untold` is why there may be more of these.
    """

    authors: tuple[UserId, ...] = ()
    reviewers: tuple[UserId, ...] = ()
    labels: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    digests: tuple[tuple[str, str], ...] = ()
    risk: Risk = Risk.LOW
    commit: str = ""
    since: str = ""
    commits: tuple[Commit, ...] = ()
    more: int = 0
    strangers: tuple[str, ...] = ()
    unread: str = ""
    pulls: tuple[Pull, ...] = field(default=(), hash=False)
    tickets: tuple[str, ...] = field(default=(), hash=False)
    untold: str = ""


READ: Final = ("commit", "since", "commits", "more", "strangers", "unread")
"""What is read from a repository, and typed by nobody."""
TOLD: Final = ("pulls", "tickets", "untold")
"""What people are only told: it may be written anew while the commits stay, so no approval is of it."""
NOTHING_KNOWN: Final = Manifest()
"""The manifest of a release of which nobody has told more than the version."""


@lru_cache(maxsize=100)
def bound_to(version: str, manifest: Manifest) -> str:
    """Return what an approval is bound to: the SHA-256 of version and manifest, as 64 hexadecimal digits.

    Every approval asks for it, so it is kept.
    """
    # What came later is left out where nothing is known of it, so that old buttons go on being right.
    approved = ((key, value) for key, value in asdict(manifest).items() if key not in TOLD)
    known = {key: value for key, value in approved if value or key not in READ}
    content = json.dumps([version, known], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def changed_paths(before: Manifest, after: Manifest) -> frozenset[str]:
    """Return the paths that are in one of two manifests, or have another digest in the other."""
    other = {path for path, _ in frozenset(before.digests) ^ frozenset(after.digests)}
    return frozenset(before.paths) ^ frozenset(after.paths) | other


def untold_paths(before: Manifest, after: Manifest) -> frozenset[str]:
    """Return the paths of both manifests of which neither has a digest, so that they may have changed."""
    known = {path for path, _ in (*before.digests, *after.digests)}
    return frozenset(before.paths) & frozenset(after.paths) - known


def manifest_trouble(version: str, manifest: Manifest) -> Refused | None:
    """Refuse a version or a manifest that cannot be shown or held."""
    if not VERSION.fullmatch(version):
        return Refused(
            code=Code.VERSION_INVALID,
            because="A version holds letters, digits and . _ + - / only, starts with a letter or digit,"
            " and has at most 64 characters. No .., // or /./ is in it, and no / or /. at its end.",
            instead="For example: 1.4.0",
        )
    paths = frozenset(manifest.paths)
    for what, found, most in (
        ("paths", manifest.paths, PATHS_LIMIT),
        ("labels", manifest.labels, LABELS_LIMIT),
        ("authors", manifest.authors, PEOPLE_LIMIT),
        ("reviewers", manifest.reviewers, PEOPLE_LIMIT),
    ):
        if len(found) > most:
            return Refused(
                code=Code.MANIFEST_INVALID,
                because=f"It names {len(found):,} {what}; a manifest holds {most:,}.",
                instead="Name fewer.",
            )
    if unfit := next((p for p, d in manifest.digests if p not in paths or not DIGEST.fullmatch(d)), None):
        return Refused(
            code=Code.MANIFEST_INVALID,
            because=f"What it says of {unfit[:40]!r} is no hash of a path that it lists.",
            instead="A hash has 7 to 128 of the digits 0-9 and a-f.",
        )
    if odd := _unprintable((*manifest.paths, *manifest.labels)):
        return Refused(
            code=Code.MANIFEST_INVALID,
            because=f"A path or label of it cannot be read: {odd!r}.",
            instead=f"Use printable text of at most {PATH_LIMIT} characters.",
        )
    return None


def _unprintable(texts: Iterable[str]) -> str:
    return next((t[:40] or " " for t in texts if not t or not t.isprintable() or len(t) > PATH_LIMIT), "")
