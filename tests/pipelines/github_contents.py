"""What the GitHub of the tests has in its repository: whatever version is asked for, each with one change."""

import hashlib
from typing import Any


def contents(parts: list[str]) -> Any:
    """Return what is at a path below the repository, or None where nothing is."""
    match parts:
        case ["git", "ref", "tags", *name]:
            return {"object": {"type": "commit", "sha": _id("/".join(name))}}
        case ["tags"]:
            return []
        case ["commits"]:
            return [_commit(_id("first"))]
        case ["commits", id_, "pulls"]:
            return []
        case ["commits", id_]:
            return {"sha": id_}
        case ["compare", compared]:
            new = compared.partition("...")[2]
            return {"total_commits": 1, "commits": [_commit(new)], "files": []}
        case ["git", "trees", id_]:
            tree = [{"path": "basket", "mode": "100644", "type": "blob", "sha": id_}]
            return {"tree": tree, "truncated": False}
        case _:
            return None


def _id(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()


def _commit(id_: str) -> Any:
    robin = {"name": "Robin Name", "email": "robin@practice.example"}
    commit = {"author": robin, "committer": robin, "message": "Another basket"}
    return {"sha": id_, "commit": commit, "author": None, "committer": None}
