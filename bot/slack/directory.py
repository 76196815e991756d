"""Who the people of the workspace are: read from Slack now and then, and known without a call in between."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.release.ids import UserId
from bot.runbook.model import Role

PAGE: Final = 1_000
"""People in one answer, the most that Slack gives (docs.slack.dev, users.list)."""
NOBODY: Final = frozenset({"deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger"})
"""The marks of those who fill no seat: the deactivated, bots, guests and people of other workspaces."""

Groups = Mapping[str, frozenset[UserId]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was read: who may fill seats, and who is in each user group, by its id and by its handle."""

    people: frozenset[UserId]
    groups: Groups


class SlackDirectory:
    """Tell who is in a role, from what was read last. Before anything was read, nobody is known."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._seen: Seen | None = None

    async def refresh(self) -> bool:
        """Read people and groups from Slack; return whether anything differs. Raises SlackApiError."""
        before, self._seen = self._seen, Seen(people=await self._people(), groups=await self._groups())
        return before != self._seen

    def people_in(self, role: Role) -> tuple[UserId, ...] | None:
        """Return who may fill a seat of `role`, sorted; None when that is not known."""
        if self._seen is None:
            return None
        members = (
            frozenset(map(UserId, role.users)) if role.users else self._seen.groups.get(role.group or "")
        )
        return None if members is None else tuple(sorted(members & self._seen.people))

    async def _people(self) -> frozenset[UserId]:
        people: set[UserId] = set()
        cursor = ""
        while True:
            page = await self._client.users_list(limit=PAGE, cursor=cursor)
            people.update(UserId(user["id"]) for user in page["members"] if _may_fill_seats(user))
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return frozenset(people)

    async def _groups(self) -> Groups:
        page = await self._client.usergroups_list(include_users=True)
        return {
            name: frozenset(map(UserId, group.get("users") or ()))
            for group in page["usergroups"]
            for name in (group["id"], group["handle"])
        }


def _may_fill_seats(user: Mapping[str, Any]) -> bool:
    return not any(user.get(mark) for mark in NOBODY)
