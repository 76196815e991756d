"""Giving releases the attention that is due: reminders and handoff summaries."""

import logging
from typing import Final
from uuid import uuid4

from bot.clock import Clock
from bot.coordinator import Coordinator
from bot.ledger.answers import Delivery
from bot.ledger.reader import Reader
from bot.release.attention import Attend
from bot.release.ids import ROLLCALL, ReleaseId, WorkspaceId

log = logging.getLogger(__name__)

MOST: Final = 500
"""Releases in one tick; those that are left come in the next."""


async def attend_due(coordinator: Coordinator, releases: Reader, clock: Clock) -> None:
    """Send a command to each release whose time has come. The same time has one effect."""
    for release, at in await releases.due(clock.now(), MOST):
        await _attend(coordinator, release, Delivery(f"attend:{release.key}:{at.isoformat()}"))


async def attend_open(coordinator: Coordinator, releases: Reader, workspace: WorkspaceId) -> None:
    """Send a command to each open release, because the people who are asked may be others now."""
    for row in await releases.listed(workspace, limit=MOST):
        await _attend(coordinator, row.id, Delivery(f"attend:{row.id.key}:{uuid4()}"))


async def _attend(coordinator: Coordinator, release: ReleaseId, delivery: Delivery) -> None:
    try:
        command = Attend(workspace=release.workspace, release=release.key, by=ROLLCALL)
        await coordinator.handle(command, delivery)
    except Exception:
        log.exception("%s could not be attended to; the next tick tries again.", release.key)
