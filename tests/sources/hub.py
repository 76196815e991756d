"""A server that behaves like GitHub and like GitLab where Rollcall reads versions, over a real repository."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from aiohttp import web

from tests.sources.repository import Repository

TOKEN: Final = "secret-token"
ADDRESS: Final = "https://127.0.0.1/acme/shop"
FILES_OF_A_COMPARISON: Final = 300
Answer = Callable[[], web.StreamResponse]


@dataclass(slots=True, kw_only=True)
class Pull:
    """A pull request, the commits that it brought, and who approved it."""

    number: int
    title: str
    commits: Sequence[str]
    approved: Sequence[str] = ()
    merged: bool = True
    objected: Sequence[str] = ()


@dataclass(slots=True)
class Hub:
    """Both hubs, with the same repository, as `acme/shop`.

    `logins` has whose an address is at GitHub, `faults` what is answered to calls with a text in their path.
    """

    repository: Repository
    url: str = ""
    logins: dict[str, str] = field(default_factory=dict)
    pulls: list[Pull] = field(default_factory=list)
    faults: dict[str, Answer] = field(default_factory=dict)
    slow: dict[str, float] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    truncates: bool = False

    @property
    def github(self) -> str:
        """Return the address of GitHub's API."""
        return f"{self.url}/github"

    @property
    def gitlab(self) -> str:
        """Return the address of GitLab's API."""
        return f"{self.url}/api/v4"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.raw_path
        self.calls.append(path)
        for part, seconds in self.slow.items():
            if part in path:
                await asyncio.sleep(seconds)
        for part, fault in self.faults.items():
            if part in path:
                return fault()
        if TOKEN not in (
            request.headers.get("Authorization", "").split(" ")[-1],
            request.headers.get("PRIVATE-TOKEN"),
        ):
            return refused(401, "Bad credentials")
        _, hub, *parts = [unquote(part) for part in path.removeprefix("/api").partition("?")[0].split("/")]
        found = (self._github if hub == "github" else self._gitlab)(parts, request.query)
        return refused(404, "Not Found") if found is None else web.json_response(found)

    # GitHub

    def _github(self, parts: list[str], query: Mapping[str, str]) -> Any:
        match parts:
            case ["repos", "acme", "shop", "git", "ref", "tags", *name]:
                return self._reference("/".join(name))
            case ["repos", "acme", "shop", "git", "tags", id_]:
                said = self._git("cat-file", "tag", id_).split("\n")
                return {"object": {"sha": said[0].split()[1], "type": said[1].split()[1]}}
            case ["repos", "acme", "shop", "commits", id_]:
                return self._github_commit(self._id(id_)) if self._id(id_) else None
            case ["repos", "acme", "shop", "tags"]:
                tags = [{"name": name, "commit": {"sha": id_}} for name, id_ in reversed(self._tags())]
                return page(tags, query)
            case ["repos", "acme", "shop", "commits"]:
                return page([self._github_commit(id_) for id_ in self._log(query["sha"])], query)
            case ["repos", "acme", "shop", "compare", compared]:
                old, new = compared.split("...")
                return self._compared(old, new, query) if self._id(old) and self._id(new) else None
            case ["repos", "acme", "shop", "git", "trees", id_]:
                tree = [{"path": p, "mode": m, "type": t, "sha": s} for m, t, s, p in self._files(id_)]
                return {"tree": tree[:1] if self.truncates else tree, "truncated": self.truncates}
            case ["repos", "acme", "shop", "commits", id_, "pulls"]:
                merged = "2026-01-01T00:00:00Z"
                return [
                    {"number": one.number, "title": one.title, "merged_at": merged if one.merged else None}
                    for one in self.pulls
                    if id_ in one.commits
                ]
            case ["repos", "acme", "shop", "pulls", number, "reviews"]:
                [pull] = (one for one in self.pulls if str(one.number) == number)
                return self._reviews(pull)
            case _:
                return None

    def _reference(self, name: str) -> Any:
        said = self._maybe(
            "for-each-ref", "--format=%(objectname) %(objecttype) %(refname)", f"refs/tags/{name}"
        )
        refs = [line.split(" ") for line in said.splitlines()]
        return next(
            ({"object": {"sha": s, "type": t}} for s, t, ref in refs if ref == f"refs/tags/{name}"), None
        )

    def _reviews(self, pull: Pull) -> Any:
        """Whoever objects has approved before, and whoever approves has something to say afterwards."""
        states = [(login, "APPROVED") for login in (*pull.approved, *pull.objected)]
        states += [(login, "CHANGES_REQUESTED") for login in pull.objected]
        states += [(login, "COMMENTED") for login in pull.approved]
        reviews: list[Any] = [{"user": {"login": login}, "state": state} for login, state in states]
        return [*reviews, {"user": None, "state": "APPROVED"}]

    def _github_commit(self, id_: str) -> Any:
        author, mail, committer, committer_mail, message = self._commit(id_)
        known = {
            who: self.logins.get(address.casefold()) for who, address in (("a", mail), ("c", committer_mail))
        }
        return {
            "sha": id_,
            "commit": {
                "author": {"name": author, "email": mail},
                "committer": {"name": committer, "email": committer_mail},
                "message": message,
            },
            "author": {"login": known["a"]} if known["a"] else None,
            "committer": {"login": known["c"]} if known["c"] else {},
        }

    def _compared(self, old: str, new: str, query: Mapping[str, str]) -> Any:
        ids = [*reversed(self._log(f"{old}..{new}"))]
        files = [{"filename": path} for path in self._differ(f"{old}...{new}")][:FILES_OF_A_COMPARISON]
        commits = [self._github_commit(id_) for id_ in page(ids, query)]
        first = query.get("page", "1") == "1"
        return {"total_commits": len(ids), "commits": commits, "files": files if first else []}

    # GitLab

    def _gitlab(self, parts: list[str], query: Mapping[str, str]) -> Any:
        match parts:
            case ["projects", "acme/shop", "repository", "tags", name]:
                return next(({"name": n, "commit": {"id": i}} for n, i in self._tags() if n == name), None)
            case ["projects", "acme/shop", "repository", "tags"]:
                return page([{"name": n, "commit": {"id": i}} for n, i in self._tags()], query)
            case ["projects", "acme/shop", "repository", "commits"]:
                return page([self._gitlab_commit(id_) for id_ in self._log(query["ref_name"])], query)
            case ["projects", "acme/shop", "repository", "commits", id_]:
                return self._gitlab_commit(self._id(id_)) if self._id(id_) else None
            case ["projects", "acme/shop", "repository", "compare"]:
                assert query["straight"] == "true"
                return {"diffs": self._diffs(query["from"], query["to"]), "compare_timeout": self.truncates}
            case ["projects", "acme/shop", "repository", "tree"]:
                tree = [
                    {"path": p, "mode": m, "type": t, "id": s} for m, t, s, p in self._files(query["ref"])
                ]
                return page(tree, query)
            case ["projects", "acme/shop", "repository", "commits", id_, "merge_requests"]:
                return [
                    {"iid": one.number, "title": one.title, "state": "merged" if one.merged else "opened"}
                    for one in self.pulls
                    if id_ in one.commits
                ]
            case ["projects", "acme/shop", "merge_requests", number, "approvals"]:
                [pull] = (one for one in self.pulls if str(one.number) == number)
                users = [{"user": {"username": login, "name": login}} for login in pull.approved]
                return {"approved_by": users}
            case _:
                return None

    def _gitlab_commit(self, id_: str) -> Any:
        author, mail, committer, committer_mail, message = self._commit(id_)
        return {
            "id": id_,
            "author_name": author,
            "author_email": mail,
            "committer_name": committer,
            "committer_email": committer_mail,
            "message": message,
        }

    def _diffs(self, old: str, new: str) -> Iterable[Any]:
        said = self._git("diff-tree", "-r", "-z", "--no-renames", "--no-commit-id", old, new).split("\0")[:-1]
        diffs = []
        for marks, path in zip(said[::2], said[1::2], strict=True):
            before, after = marks.removeprefix(":").split(" ")[:2]
            text = self._git("diff", "--no-renames", old, new, "--", path)
            hunks = text[text.index("@@") :] if "@@" in text else ""
            diffs.append(
                {"old_path": path, "new_path": path, "a_mode": before, "b_mode": after, "diff": hunks}
            )
        return diffs

    # Git

    def _git(self, *arguments: str) -> str:
        return self.repository.git(*arguments)

    def _maybe(self, *arguments: str) -> str:
        try:
            return self._git(*arguments)
        except subprocess.CalledProcessError:
            return ""

    def _id(self, name: str) -> str:
        return self._maybe("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")

    def _log(self, which: str) -> Sequence[str]:
        return self._maybe("rev-list", which, "--").split()

    def _tags(self) -> Sequence[tuple[str, str]]:
        names = self._git("tag", "--sort=-creatordate").split()
        return [(name, self._id(f"refs/tags/{name}")) for name in names]

    def _commit(self, id_: str) -> Sequence[str]:
        return self._git("log", "-1", "--format=%an%x00%ae%x00%cn%x00%ce%x00%B", id_).split("\0")

    def _files(self, commit: str) -> Sequence[Sequence[str]]:
        said = self._git("ls-tree", "-r", "-t", "-z", "--full-tree", commit).split("\0")[:-1]
        return [(*entry.partition("\t")[0].split(" "), entry.partition("\t")[2]) for entry in said]

    def _differ(self, which: str) -> Sequence[str]:
        return self._git("diff", "--name-only", "-z", "--no-renames", which).split("\0")[:-1]


def page(entries: Sequence[Any], query: Mapping[str, str]) -> Sequence[Any]:
    """Return the page that is asked for."""
    size, number = int(query.get("per_page", "20")), int(query.get("page", "1"))
    assert size <= 100
    return entries[(number - 1) * size : number * size]


def refused(status: int, message: str, **headers: str) -> web.Response:
    """Return a refusal."""
    return web.json_response({"message": message}, status=status, headers=headers)


@asynccontextmanager
async def hub_there(hub: Hub) -> AsyncIterator[Hub]:
    """Have the hubs listen on this machine."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hub.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hub.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield hub
    await runner.cleanup()
