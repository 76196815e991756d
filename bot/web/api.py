"""The API that pipelines and dashboards read: how releases stand, what goes out, what is in production."""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from bot.ledger.listing import WentOut
from bot.ledger.reader import Reader
from bot.release.ids import KEY, ReleaseId, ReleaseKey, WorkspaceId
from bot.release.manifest import VERSION
from bot.release.release import Release
from bot.release.stages.drill import are_drills
from bot.release.state import State
from bot.web.query import BadQuery, Query, next_after
from bot.web.server import Handler
from bot.web.standing import moment, standing
from bot.web.token import Token

RELEASE: Final = "/api/releases/{release}"
VERSION_OF: Final = "/api/services/{service}/versions/{version}"
SERVICE: Final = "/api/services/{service}"
PRODUCTION: Final = "/api/services/{service}/production"
GOING_OUT: Final = "/api/going-out"
WENT_OUT: Final = "/api/went-out"


class Api:
    """Answer who has the token, in JSON; others 401, and what does not fit 400."""

    def __init__(self, releases: Reader, workspace: WorkspaceId, token: Token) -> None:
        self._releases = releases
        self._workspace = workspace
        self._token = token

    def routes(self) -> Mapping[str, Handler]:
        """Return what can be read, by path."""
        handlers = {
            RELEASE: self._release,
            VERSION_OF: self._version,
            SERVICE: self._service,
            PRODUCTION: self._production,
            GOING_OUT: self._going_out,
            WENT_OUT: self._went_out,
        }
        return {path: self._known(handler) for path, handler in handlers.items()}

    def _known(self, handler: Handler) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            if trouble := self._token.stranger(request):
                return trouble
            try:
                return await handler(request)
            except BadQuery as bad:
                return web.json_response({"error": str(bad)}, status=400)

        return answer

    async def _release(self, request: web.Request) -> web.StreamResponse:
        """Answer how a release stands, by its key."""
        key = request.match_info["release"]
        found = None
        if KEY.fullmatch(key):
            found = await self._releases.find(ReleaseId(self._workspace, ReleaseKey(key)))
        return _answer(await self._standing(found), f"There is no release {key[:60]}.")

    async def _version(self, request: web.Request) -> web.StreamResponse:
        """Answer how the newest release of a version of a service stands."""
        service, version = request.match_info["service"], request.match_info["version"]
        found = None
        if VERSION.fullmatch(version) and not are_drills(service):
            found = await self._releases.of_version(self._workspace, service, version)
        missing = f"There is no release of {service[:60]} {version[:64]}."
        return _answer(await self._standing(found), _drills(service) or missing)

    async def _service(self, request: web.Request) -> web.StreamResponse:
        """Answer what is in production, and what is going out."""
        service = request.match_info["service"]
        completed, going_out = await self._of_service(service)
        stands = {
            "service": service,
            "in_production": standing(completed, in_production=True) if completed else None,
            "going_out": standing(going_out, in_production=False) if going_out else None,
        }
        return _answer(stands if completed or going_out else None, _unknown(service))

    async def _production(self, request: web.Request) -> web.StreamResponse:
        """Answer whether a version is what was completed last, and what is going out meanwhile."""
        service, version = request.match_info["service"], Query(request, ["version"]).version()
        completed, going_out = await self._of_service(service)
        stands = {
            "service": service,
            "version": version,
            "in_production": completed is not None and completed.version == version,
            "since": moment(completed.since) if completed and completed.version == version else None,
            "instead": completed.version if completed and completed.version != version else None,
            "going_out": going_out.key if going_out else None,
        }
        return _answer(stands if completed or going_out else None, _unknown(service))

    async def _going_out(self, request: web.Request) -> web.StreamResponse:
        """Answer how the open releases stand, those started last first."""
        query = Query(request, ["service", "limit", "after"])
        limit = query.limit()
        found, more = await self._releases.going_out(self._workspace, query.service(), query.after(), limit)
        return web.json_response(
            {
                "going_out": [standing(one, in_production=False) for one in found],
                "next": next_after(more) if more else None,
            }
        )

    async def _went_out(self, request: web.Request) -> web.StreamResponse:
        """Answer which releases have gone out, those that ended last first."""
        query = Query(request, ["service", "since", "limit", "after"])
        limit = query.limit()
        found = await self._releases.went_out(
            self._workspace, query.service(), query.since(), query.after(), limit + 1
        )
        more = next_after(found[limit - 1].place) if len(found) > limit else None
        return web.json_response({"went_out": [_went_out(one) for one in found[:limit]], "next": more})

    async def _standing(self, release: Release | None) -> Mapping[str, Any] | None:
        """Return how a release stands, and whether it is what was completed last of its service."""
        if release is None:
            return None
        newest = None
        if release.state is State.COMPLETED:
            newest, _ = await self._of_service(release.service)
        return standing(release, in_production=newest is not None and newest.key == release.key)

    async def _of_service(self, service: str) -> tuple[Release | None, Release | None]:
        """Return what was completed last of a service, and what is open. A drill is neither."""
        if are_drills(service):
            return None, None
        return await self._releases.of_service(self._workspace, service)


def _went_out(one: WentOut) -> Mapping[str, Any]:
    return {
        "release": one.key,
        "service": one.service,
        "version": one.version,
        "kind": one.kind,
        "state": one.state,
        "started": moment(one.started_at),
        "ended": moment(one.ended_at),
    }


def _unknown(service: str) -> str:
    return _drills(service) or f"There was no release of {service[:60]}."


def _drills(service: str) -> str:
    """Return that a service is none, where its drills were asked for."""
    if not are_drills(service):
        return ""
    return (
        f"There are only drills of {service[:60]}, which go nowhere. Read one by its key, at /api/releases/."
    )


def _answer(found: Mapping[str, Any] | None, missing: str) -> web.StreamResponse:
    return web.json_response(found) if found else web.json_response({"error": missing}, status=404)
