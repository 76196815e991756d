"""What is in a version of a service, asked of GitLab, where there is no repository on this machine."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import aiohttp

from bot.gitlab.access import Declined, GitLab, NoAccess, Project, Resting
from bot.release.changes import Author, Reading, Unread, Wanted, Written
from bot.sources.hubs import MOST_PAGES, ODD, PAGE, Timely, nearest, pages, pull_requests
from bot.sources.people import GITLAB
from bot.sources.source import (
    ID,
    KNOWN,
    NotKnown,
    Paths,
    PullRequests,
    author,
    digest,
    misunderstood,
    plain,
    too_many,
    what_is_in,
    written,
)

Told = Mapping[str, Any]
WHO: Final = "GitLab"
TROUBLE: Final = (aiohttp.ClientError, Declined, NoAccess, Resting, TimeoutError, *ODD)


class FromGitLab:
    """The projects at GitLab to which a token of Rollcall has access."""

    def __init__(self, gitlab: GitLab) -> None:
        self._gitlab = gitlab
        self._timely = Timely(WHO)

    async def read(self, wanted: Wanted) -> Reading:
        """Return what is in a version, or None of a service whose project is not there."""
        if not self._gitlab.token or not self._gitlab.has(wanted.repository):
            return None
        repository = AtGitLab(self._gitlab.at(wanted.repository), wanted.repository)
        return await self._timely.read(wanted, lambda: _read(repository, wanted))

    async def stop(self) -> None:
        """End what is under way."""
        await self._timely.stop()


async def _read(repository: "AtGitLab", wanted: Wanted) -> Reading:
    try:
        return await what_is_in(repository, wanted)
    except TROUBLE as error:
        return Unread(because=repository.trouble(error))


class AtGitLab:
    """One project, as it is read once, and where people see it."""

    def __init__(self, project: Project, address: str) -> None:
        self.who = WHO
        self._project = project
        self._address = address.rstrip("/").removesuffix(".git")

    async def resolve(self, version: str) -> str | None:
        """Return the id of the commit that a version is, or None."""
        for tag in (version, f"v{version}"):
            if found := await self._found(f"/repository/tags/{quote(tag, safe='')}"):
                return str(found["commit"]["id"])
        if ID.fullmatch(version) and (found := await self._found(f"/repository/commits/{version}")):
            return str(found["id"]) if found["id"].startswith(version) else None
        return None

    async def newest(self) -> Sequence[str]:
        """Return the tags that were made last. Raises NotKnown where the project is not seen."""
        found = await self._found("/repository/tags", per_page=KNOWN)
        if found is None:
            raise NotKnown(f"{WHO} shows Rollcall no project {self._address.partition('//')[2]}")
        return [tag["name"] for tag in found]

    async def tag_before(self, commit: str) -> str:
        """Return the nearest tag before a commit, or nothing where there is none."""
        many = NotKnown(f"there are more than {MOST_PAGES * PAGE:,} tags")
        listed = await pages(lambda page: self._get("/repository/tags", per_page=PAGE, page=page), many)
        tags = {one["commit"]["id"]: str(one["name"]) for one in listed if one["commit"]["id"] != commit}

        async def ancestors(page: int) -> Sequence[str]:
            return [one["id"] for one in await self._commits(commit, page)]

        return await nearest(tags, ancestors)

    async def log(self, new: str, old: str, since: str) -> Sequence[Written]:
        """Return who wrote which commits, all of them. Raises NotKnown."""
        which, many = f"{old}..{new}" if old else new, too_many(MOST_PAGES * PAGE, since)
        return [_written(one) for one in await pages(lambda page: self._commits(which, page), many)]

    async def paths(self, new: str, old: str) -> Paths:
        """Return the paths that differ between two commits; all, with the hash of what is there, without old.

        GitLab tells of two commits how each file differs, and not what it is. So it is a hash of that.
        """
        if not old:
            return await self._tree(new)
        compared = await self._get("/repository/compare", straight="true", **{"from": old, "to": new})
        digests = {path: _difference(old, one) for one in compared["diffs"] for path in _names(one)}
        unread = f"{WHO} took too long to list the paths" if compared.get("compare_timeout") else ""
        return Paths(digests=digests, unread=unread)

    async def pull_requests(self, commits: Sequence[str]) -> PullRequests:
        """Return the merge requests by which commits came, as far as there is time to ask."""
        return await pull_requests(self, commits)

    async def pulls_of(self, commit: str) -> Iterable[tuple[int, str]]:
        """Return the numbers and titles of the merge requests by which a commit came."""
        found = await self._get(f"/repository/commits/{commit}/merge_requests", per_page=PAGE)
        return [(int(one["iid"]), plain(one["title"])) for one in found if one["state"] == "merged"]

    async def approved(self, number: int) -> Iterable[Author]:
        """Return who approved a merge request."""
        found = await self._get(f"/merge_requests/{number}/approvals")
        users = [one["user"] for one in found["approved_by"]]
        return [author(user["name"], login=GITLAB + user["username"]) for user in users]

    def link(self, number: int) -> str:
        """Return where a merge request can be seen."""
        return f"{self._address}/-/merge_requests/{number}"

    def trouble(self, error: Exception) -> str:
        """Return what is wrong where a call has failed, as a reason."""
        match error:
            case Declined(status=status, said=said):
                return f"{WHO} answers {status}: {plain(said)}".rstrip(": .")
            case NoAccess() | Resting():
                return str(error).rstrip(".")
            case aiohttp.ClientPayloadError():
                return str(misunderstood(WHO))
            case aiohttp.ClientError() | TimeoutError():
                return f"{WHO} is not reached"
            case _:
                return str(misunderstood(WHO))

    async def _tree(self, commit: str) -> Paths:
        async def page(number: int) -> Sequence[Told]:
            found: Sequence[Told] = await self._get(
                "/repository/tree", ref=commit, recursive="true", per_page=PAGE, page=number
            )
            return found

        found = await pages(page, NotKnown(f"there are more than {MOST_PAGES * PAGE:,} paths"))
        files = (one for one in found if one["type"] != "tree")
        return Paths(digests={one["path"]: digest(one["mode"], one["id"]) for one in files})

    async def _commits(self, which: str, page: int) -> Sequence[Told]:
        found: Sequence[Told] = await self._get(
            "/repository/commits", ref_name=which, per_page=PAGE, page=page
        )
        return found

    async def _found(self, path: str, **query: str | int) -> Any:
        """Return what is at a path, or None where nothing is."""
        try:
            return await self._get(path, **query)
        except Declined as refusal:
            if refusal.status == 404:
                return None
            raise

    async def _get(self, path: str, **query: str | int) -> Any:
        """Return what is at a path of the project."""
        return await self._project.get(path, **{name: str(value) for name, value in query.items()})


def _written(one: Told) -> Written:
    people = ((one[f"{role}_name"], one[f"{role}_email"], "") for role in ("author", "committer"))
    return written(one["id"], one["message"], *people)


def _names(diff: Told) -> Iterable[str]:
    yield diff["new_path"]
    if diff["old_path"] != diff["new_path"]:
        yield diff["old_path"]


def _difference(old: str, diff: Told) -> str:
    """Return a hash of how a file differs from what it was; nothing where that is not told line by line."""
    if not diff["diff"].startswith("@@"):
        return ""
    parts = (old, diff["old_path"], diff["a_mode"], diff["b_mode"], diff["diff"])
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()
