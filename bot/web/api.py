"""The API that pipelines and dashboards read: how a release stands, what is in production."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from bot.ledger.reader import Reader
from bot.release.ids import KEY, ReleaseId, ReleaseKey, WorkspaceId
from bot.release.manifest import VERSION
from bot.release.release import Release
from bot.release.state import State
from bot.release.waiting import Waiting, waiting_on

RELEASE: Final = "/api/releases/{release}"
VERSION_OF: Final = "/api/services/{service}/versions/{version}"
SERVICE: Final = "/api/services/{service}"


class Api:
    """Answer who has the token, in JSON; others 401."""

    def __init__(self, releases: Reader, workspace: WorkspaceId, token: str) -> None:
        self._releases = releases
        self._workspace = workspace
        self._token = token.encode()

    async def release(self, request: web.Request) -> web.StreamResponse:
        """Answer how a release stands, by its key."""
        key = request.match_info["release"]
        found = None
        if (trouble := self._stranger(request)) is None and KEY.fullmatch(key):
            found = await self._releases.find(ReleaseId(self._workspace, ReleaseKey(key)))
        return trouble or _answer(_standing(found), f"There is no release {key[:60]}.")

    async def version(self, request: web.Request) -> web.StreamResponse:
        """Answer how the newest release of a version of a service stands."""
        service, version = request.match_info["service"], request.match_info["version"]
        found = None
        if (trouble := self._stranger(request)) is None and VERSION.fullmatch(version):
            found = await self._releases.of_version(self._workspace, service, version)
        missing = f"There is no release of {service[:60]} {version[:64]}."
        return trouble or _answer(_standing(found), missing)

    async def service(self, request: web.Request) -> web.StreamResponse:
        """Answer what is in production, and what is going out."""
        service = request.match_info["service"]
        if trouble := self._stranger(request):
            return trouble
        completed, going_out = await self._releases.of_service(self._workspace, service)
        stands = {
            "service": service,
            "in_production": _standing(completed),
            "going_out": _standing(going_out),
        }
        known = stands if completed or going_out else None
        return _answer(known, f"There was no release of {service[:60]}.")

    def _stranger(self, request: web.Request) -> web.StreamResponse | None:
        """Refuse who does not bring the token."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), self._token):
            return None
        return web.json_response(
            {"error": "Send the token: Authorization: Bearer …"},
            status=401,
            headers={"WWW-Authenticate": "Bearer"},
        )


def standing(release: Release) -> Mapping[str, Any]:
    """Return how a release stands, as JSON holds it."""
    return {
        "release": release.key,
        "service": release.service,
        "version": release.version,
        "commit": release.manifest.commit,
        "kind": release.runbook.kind,
        "state": release.state,
        "ended": release.state.ended,
        "stage": None if release.state.ended else release.current.name,
        "stages": [_stage(release, index) for index in range(len(release.runbook.stages))],
        "since": _moment(release.since),
        "started": _moment(release.started_at),
        "on_hold": bool(release.holds),
        "waiting_for": [_waiting(one) for one in waiting_on(release)],
    }


def _standing(release: Release | None) -> Mapping[str, Any] | None:
    return standing(release) if release else None


def _stage(release: Release, index: int) -> Mapping[str, Any]:
    began = release.began.get(index)
    done = index < release.stage if release.stage < release.back else False
    return {
        "name": release.stage_name(index),
        "environment": release.stage_at(index).where,
        "began": _moment(began.at) if began else None,
        "done": began is not None and (release.state is State.COMPLETED or done),
    }


def _waiting(waiting: Waiting) -> Mapping[str, Any]:
    return {
        "for": waiting.kind,
        "name": waiting.name,
        "role": waiting.role,
        "people": list(waiting.on),
        "since": _moment(waiting.since),
        "until": _moment(waiting.until) if waiting.until else None,
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _answer(found: Mapping[str, Any] | None, missing: str) -> web.StreamResponse:
    return web.json_response(found) if found else web.json_response({"error": missing}, status=404)
