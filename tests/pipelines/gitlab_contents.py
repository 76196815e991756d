"""What the GitLab of the tests has in its repository: whatever version is asked for, each with one change."""

import hashlib
import re
from typing import Any

from tests.pipelines.github_contents import COMMITS


def contents(path: list[str]) -> Any:
    """Return what is at a path below the project, or None where nothing is."""
    match path:
        case ["repository", "tags", name] if not re.fullmatch("v?[0-9a-f]{12}", name):
            return {"name": name, "commit": {"id": _id(name)}}
        case ["repository", "tags"]:
            return []
        case ["repository", "commits"]:
            return [_commit(_id("first"))]
        case ["repository", "commits", _, "merge_requests"]:
            return []
        case ["repository", "commits", id_]:
            return _commit(next((one for one in COMMITS.values() if one.startswith(id_)), id_))
        case ["repository", "compare"]:
            return {"diffs": [], "compare_timeout": False}
        case ["repository", "tree"]:
            return [{"path": "basket", "mode": "100644", "type": "blob", "id": _id("basket")}]
        case _:
            return None


def _id(text: str) -> str:
    if known := COMMITS.get(text, COMMITS.get(f"v{text}")):
        return known
    return hashlib.sha1(text.encode()).hexdigest()


def _commit(id_: str) -> Any:
    name, mail = "Robin Name", "robin@practice.example"
    return {
        "id": id_,
        "author_name": name,
        "author_email": mail,
        "committer_name": name,
        "committer_email": mail,
        "message": "Another basket",
    }
