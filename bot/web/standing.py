"""A release as JSON holds it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.release.release import Release
from bot.release.state import State
from bot.release.waiting import Waiting, waiting_on


def standing(release: Release, *, in_production: bool) -> Mapping[str, Any]:
    """Return how a release stands, as JSON holds it; `in_production` is what was completed last."""
    return {
        "release": release.key,
        "service": release.service,
        "version": release.version,
        "commit": release.manifest.commit,
        "changes": _changes(release),
        "kind": release.runbook.kind,
        "state": release.state,
        "ended": release.state.ended,
        "in_production": in_production,
        "stage": None if release.state.ended else release.current.name,
        "stages": [_stage(release, index) for index in range(len(release.runbook.stages))],
        "since": moment(release.since),
        "started": moment(release.started_at),
        "on_hold": bool(release.holds),
        "waiting_for": [_waiting(one) for one in waiting_on(release)],
    }


def _changes(release: Release) -> Mapping[str, Any]:
    """Return what is in a release, as far as it was read from a repository."""
    manifest, tickets = release.manifest, release.runbook.tickets
    return {
        "since": manifest.since or None,
        "commits": len(manifest.commits) + manifest.more,
        "authors": list(manifest.authors),
        "pull_requests": [
            {"number": one.number, "title": one.title, "link": one.link} for one in manifest.pulls
        ],
        "tickets": [
            {"key": key, "link": (tickets.address(key) if tickets else "") or None}
            for key in manifest.tickets
        ],
    }


def _stage(release: Release, index: int) -> Mapping[str, Any]:
    began = release.began.get(index)
    done = index < release.stage if release.stage < release.back else False
    return {
        "name": release.stage_name(index),
        "environment": release.stage_at(index).where,
        "began": moment(began.at) if began else None,
        "done": began is not None and (release.state is State.COMPLETED or done),
    }


def _waiting(waiting: Waiting) -> Mapping[str, Any]:
    return {
        "for": waiting.kind,
        "name": waiting.name,
        "role": waiting.role,
        "people": list(waiting.on),
        "since": moment(waiting.since),
        "until": moment(waiting.until),
    }


def moment(at: datetime | None) -> str | None:
    """Return a moment as JSON holds it, in UTC to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None
