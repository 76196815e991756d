"""Who does not want to be disturbed just now: out of office by their status, or with notifications paused."""

import logging
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.release.ids import UserId
from bot.slack.errors import error_of

log = logging.getLogger(__name__)

EMOJI: Final = frozenset({":palm_tree:", ":face_with_thermometer:"})
"""The emoji of the statuses that Slack suggests to who is away: Vacationing, and Out sick."""
WORDS: Final = re.compile(
    r"\b(?:out of (?:the )?office|ooo|vacation(?:ing)?|on leave|sick|holiday)\b", re.IGNORECASE
)
AT_ONCE: Final = 50
"""People of whom one call tells, the most that Slack allows (docs.slack.dev, dnd.teamInfo)."""
CALLS: Final = 20
"""Calls for one reading: as many as Slack allows in a minute (dnd.teamInfo is of tier 2)."""
FARTHEST: Final = 4_102_444_800
"""The year 2100 as a Unix second: whatever is to end later ends then, as no date can hold every number."""


class DoNotDisturb:
    """Tell until when notifications are paused, by hand or by a schedule, from what was read last."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._windows: dict[str, Mapping[str, Any]] = {}

    async def read(self, people: Sequence[UserId]) -> None:
        """Read the windows of the first thousand people; of all others nobody is known to be in one.

        Raises nothing. Where Slack refuses, be it for a scope that is not granted or a limit that is reached,
        what was read before is still known, and each window ends by itself.
        """
        for start in range(0, min(len(people), AT_ONCE * CALLS), AT_ONCE):
            try:
                answer = await self._client.dnd_teamInfo(users=people[start : start + AT_ONCE])
            except SlackApiError as fault:
                log.info("Slack does not tell who is in do-not-disturb: %s", error_of(fault))
                return
            except (aiohttp.ClientError, TimeoutError) as fault:
                log.info("Slack was not reached to tell who is in do-not-disturb: %r", fault)
                return
            self._windows |= answer["users"]

    def until(self, now: datetime) -> Mapping[UserId, datetime]:
        """Return who is in do-not-disturb at a moment, each with its end."""
        return {
            UserId(person): _moment(window["next_dnd_end_ts"])
            for person, window in self._windows.items()
            if window.get("next_dnd_start_ts", 0) <= now.timestamp() < window.get("next_dnd_end_ts", 0)
        }


def out_until(user: Mapping[str, Any], now: datetime) -> datetime | None:
    """Return until when a user of Slack is out of office by their status, or None where they are not.

    A status that does not expire counts until the end of the next day in the person's zone. It is read again
    before, so that it counts for as long as it stands.
    """
    profile = user.get("profile") or {}
    away = profile.get("status_emoji") in EMOJI or WORDS.search(profile.get("status_text") or "")
    if not away:
        return None
    if expiration := profile.get("status_expiration"):
        return _moment(expiration) if expiration > now.timestamp() else None
    return _end_of_next_day(now, user.get("tz") or "UTC")


def _end_of_next_day(now: datetime, name: str) -> datetime:
    try:
        zone = ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        zone = ZoneInfo("UTC")
    day = now.astimezone(zone).date() + timedelta(days=2)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _moment(second: float) -> datetime:
    return datetime.fromtimestamp(min(second, FARTHEST), UTC)
