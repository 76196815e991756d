"""What the GitHub of the tests has in its repository: whatever version is asked for, each with one change."""

import hashlib
import re
from typing import Any, Final

COMMITS: Final = {"main": "a" * 40, "v2.0": "b" * 40, "v1.9": "c" * 40}
"""The commits of the branch and of the tags of which it matters."""
COMMIT: Final = re.compile("v?[0-9a-f]{12,40}")
"""No tag is called so."""


def contents(parts: list[str]) -> Any:
    """Return what is at a path below the repository, or None where nothing is."""
    match parts:
        case ["git", "ref", "tags", *name] if not COMMIT.fullmatch("/".join(name)):
            return {"object": {"type": "commit", "sha": _id("/".join(name))}}
        case ["tags"]:
            return []
        case ["commits"]:
            return [_commit(_id("first"))]
        case ["commits", id_, "pulls"]:
            return []
        case ["commits", id_]:
            return {"sha": next((one for one in COMMITS.values() if one.startswith(id_)), id_)}
        case ["compare", compared]:
            new = compared.partition("...")[2]
            return {"total_commits": 1, "commits": [_commit(new)], "files": []}
        case ["git", "trees", id_]:
            tree = [{"path": "basket", "mode": "100644", "type": "blob", "sha": id_}]
            return {"tree": tree, "truncated": False}
        case _:
            return None


def _id(text: str) -> str:
    if known := COMMITS.get(text, COMMITS.get(f"v{text}")):
        return known
    return hashlib.sha1(text.encode()).hexdigest()


def _commit(id_: str) -> Any:
    robin = {"name": "Robin Name", "email": "robin@practice.example"}
    commit = {"author": robin, "committer": robin, "message": "Another basket"}
    return {"sha": id_, "commit": commit, "author": None, "committer": None}
