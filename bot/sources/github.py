"""What is in a version of a service, asked of GitHub, where there is no repository on this machine."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import aiohttp
from gidgethub import GitHubException, HTTPException

from bot.github.access import GitHub, NoAccess, Resting
from bot.github.access import Repository as Access
from bot.release.changes import Author, Reading, Unread, Wanted, Written
from bot.sources.hubs import MOST_PAGES, ODD, PAGE, Timely, nearest, pages, pull_requests, side_by_side
from bot.sources.people import GITHUB
from bot.sources.source import (
    ID,
    KNOWN,
    SHORTEST,
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
WHO: Final = "GitHub"
ANSWERED: Final = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
"""What a review says of a change; the last of these counts."""
DEEPEST: Final = 5
"""Tags of tags that are followed."""
TROUBLE: Final = (aiohttp.ClientError, GitHubException, NoAccess, Resting, TimeoutError, *ODD)


class FromGitHub:
    """The repositories at GitHub to which Rollcall has access."""

    def __init__(self, github: GitHub) -> None:
        self._github = github
        self._timely = Timely(WHO)

    async def read(self, wanted: Wanted) -> Reading:
        """Return what is in a version, or None of a service whose repository is not there."""
        if self._github.access is None or not self._github.has(wanted.repository):
            return None
        repository = AtGitHub(self._github.at(wanted.repository), wanted.repository)
        return await self._timely.read(wanted, lambda: _read(repository, wanted))

    async def stop(self) -> None:
        """End what is under way."""
        await self._timely.stop()


async def _read(repository: "AtGitHub", wanted: Wanted) -> Reading:
    try:
        return await what_is_in(repository, wanted)
    except TROUBLE as error:
        return Unread(because=repository.trouble(error))


class AtGitHub:
    """One repository, as it is read once."""

    def __init__(self, access: Access, address: str) -> None:
        self.who = WHO
        self._access = access
        self._address = address.rstrip("/").removesuffix(".git")
        self._listed: Sequence[Told] = ()

    async def resolve(self, version: str) -> str | None:
        """Return the id of the commit that a version is, or None."""
        for tag in (version, f"v{version}"):
            if found := await self._found(f"/git/ref/tags/{quote(tag)}"):
                return await self._tagged(found["object"])
        if ID.fullmatch(version) and (found := await self._found(f"/commits/{version}")):
            return str(found["sha"]) if found["sha"].startswith(version) else None
        return None

    async def newest(self) -> Sequence[str]:
        """Return some of the tags. Raises NotKnown where the repository is not seen."""
        found = await self._found(f"/tags?per_page={KNOWN}")
        if found is None:
            raise NotKnown(f"{WHO} shows Rollcall no repository {self._access.name}")
        return [tag["name"] for tag in found]

    async def tag_before(self, commit: str) -> str:
        """Return the nearest tag before a commit, or nothing where there is none."""
        many = NotKnown(f"there are more than {MOST_PAGES * PAGE:,} tags")
        listed = await pages(lambda page: self._access.get(f"/tags?per_page={PAGE}&page={page}"), many)
        tags = {one["commit"]["sha"]: str(one["name"]) for one in listed if one["commit"]["sha"] != commit}

        async def ancestors(page: int) -> Sequence[str]:
            return [one["sha"] for one in await self._commits(commit, page)]

        return await nearest(tags, ancestors)

    async def log(self, new: str, old: str, since: str) -> Sequence[Written]:
        """Return who wrote which commits, all of them. Raises NotKnown."""
        many = too_many(MOST_PAGES * PAGE, since)
        if not old:
            return [_written(one) for one in await pages(lambda page: self._commits(new, page), many)]
        compared = f"/compare/{old}...{new}?per_page={PAGE}&page="
        first = await self._found(f"{compared}1")
        if first is None:
            raise NotKnown(f"{WHO} cannot compare it with {old[:SHORTEST]}, which may have been removed")
        total = first["total_commits"]
        if total > MOST_PAGES * PAGE:
            raise many
        self._listed = first["files"]
        rest = range(2, (total + PAGE - 1) // PAGE + 1)
        others = await side_by_side(self._access.get(f"{compared}{page}") for page in rest)
        found = [one for page in (first, *others) for one in page["commits"]]
        if len({one["sha"] for one in found}) != total:
            raise misunderstood(WHO)
        return [_written(one) for one in reversed(found)]

    async def paths(self, new: str, old: str) -> Paths:
        """Return the paths that differ between two commits, or all, with the hash of what is there now.

        The two trees are compared, as git does: a comparison of GitHub lists 300 files, and none that are
        only in the older. Of a tree that is too large to be told, it is what is left.
        """
        trees = await side_by_side(
            self._access.get(f"/git/trees/{commit}?recursive=1") for commit in filter(None, (new, old))
        )
        after, *befores = [_files(tree) for tree in trees]
        if any(tree["truncated"] for tree in trees):
            listed = {path: "" for one in self._listed for path in _names(one)}
            return Paths(digests=listed or after, unread=f"{WHO} lists not all paths of a tree of this size")
        before = befores[0] if befores else {}
        gone = {path: "0" * len(there) for path, there in before.items() if path not in after}
        changed = {path: there for path, there in after.items() if before.get(path) != there}
        return Paths(digests=changed | gone)

    async def pull_requests(self, commits: Sequence[str]) -> PullRequests:
        """Return the pull requests by which commits came, as far as there is time to ask."""
        return await pull_requests(self, commits)

    async def pulls_of(self, commit: str) -> Iterable[tuple[int, str]]:
        """Return the numbers and titles of the merged pull requests by which a commit came."""
        found = await self._access.get(f"/commits/{commit}/pulls?per_page={PAGE}")
        return [(int(one["number"]), plain(one["title"])) for one in found if one["merged_at"]]

    async def approved(self, number: int) -> Iterable[Author]:
        """Return who approved a pull request, and has not said otherwise since."""
        reviews = await self._access.get(f"/pulls/{number}/reviews?per_page={PAGE}")
        said = {
            one["user"]["login"]: one["state"] for one in reviews if one["state"] in ANSWERED and one["user"]
        }
        return [author(login, login=GITHUB + login) for login, state in said.items() if state == "APPROVED"]

    def link(self, number: int) -> str:
        """Return where a pull request can be seen."""
        return f"{self._address}/pull/{number}"

    def trouble(self, error: Exception) -> str:
        """Return what is wrong where a call has failed, as a reason."""
        match error:
            case HTTPException():
                return f"{WHO} answers {int(error.status_code)}: {plain(str(error))}".rstrip(".")
            case NoAccess() | Resting():
                return plain(str(error)).rstrip(".")
            case aiohttp.ClientError() | TimeoutError():
                return f"{WHO} is not reached"
            case _:
                return str(misunderstood(WHO))

    async def _commits(self, newest: str, page: int) -> Sequence[Told]:
        found: Sequence[Told] = await self._access.get(f"/commits?sha={newest}&per_page={PAGE}&page={page}")
        return found

    async def _found(self, path: str) -> Any:
        """Return what is at a path, or None where nothing is."""
        try:
            return await self._access.get(path)
        except HTTPException as error:
            if error.status_code in (404, 422):
                return None
            raise

    async def _tagged(self, thing: Told) -> str | None:
        """Return the commit to which a tag leads, also by other tags."""
        for _ in range(DEEPEST):
            if thing["type"] != "tag":
                break
            thing = (await self._access.get(f"/git/tags/{thing['sha']}"))["object"]
        return str(thing["sha"]) if thing["type"] == "commit" else None


def _written(one: Told) -> Written:
    commit = one["commit"]
    people = [_person(commit[role], one.get(role)) for role in ("author", "committer")]
    return written(one["sha"], commit["message"], *people)


def _person(person: Told | None, account: Told | None) -> tuple[str, str, str]:
    """Return the name and the address of a commit, and the login to which GitHub knows that it belongs."""
    login = (account or {}).get("login")
    known = person or {}
    return known.get("name") or "", known.get("email") or "", GITHUB + login if login else ""


def _files(tree: Told) -> Mapping[str, str]:
    there = (one for one in tree["tree"] if one["type"] != "tree")
    return {one["path"]: digest(one["mode"], one["sha"]) for one in there}


def _names(file: Told) -> Iterable[str]:
    yield file["filename"]
    if file.get("previous_filename"):
        yield file["previous_filename"]
