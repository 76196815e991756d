"""Giving releases the attention that is due: reminders and handoff summaries."""

import logging
from typing import Final

from bot.clock import Clock
from bot.coordinator import Coordinator
from bot.ledger.reader import Reader
from bot.release.attention import Attend
from bot.release.ids import ROLLCALL, ReleaseId, WorkspaceId

log = logging.getLogger(__name__)

MOST: Final = 500
"""Releases in one tick; those that are left come in the next."""


async def attend_due(coordinator: Coordinator, releases: Reader, clock: Clock) -> None:
    """Send a command to each release whose time has come. What was given already is not given again."""
    for release in await releases.due(clock.now(), MOST):
        await _attend(coordinator, release)


async def attend_open(coordinator: Coordinator, releases: Reader, workspace: WorkspaceId) -> None:
    """Send a command to each open release, because the people who are asked may be others now."""
    for row in await releases.open_in(workspace, limit=MOST):
        await _attend(coordinator, row.id)


async def _attend(coordinator: Coordinator, release: ReleaseId) -> None:
    try:
        command = Attend(workspace=release.workspace, release=release.key, by=ROLLCALL)
        await coordinator.handle(command)
    except Exception:
        log.exception("%s could not be attended to; the next tick tries again.", release.key)
