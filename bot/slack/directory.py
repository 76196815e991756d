"""Who the people of the workspace are: read from Slack now and then, and known without a call in between."""

from collections.abc import Mapping
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.release.ids import UserId, WorkspaceId
from bot.release.people.directory import Directory
from bot.release.people.hours import Hours
from bot.runbook.roles import Standing

PAGE: Final = 1_000
"""People in one answer, the most that Slack gives (docs.slack.dev, users.list)."""
MARKS: Final = (
    ("deleted", Standing.DEACTIVATED),
    ("is_bot", Standing.BOT),
    ("is_workflow_bot", Standing.BOT),
    ("is_stranger", Standing.STRANGER),
    ("is_restricted", Standing.GUEST),
    ("is_ultra_restricted", Standing.GUEST),
)
"""The marks of a user, and the standing that each gives; the first that is set counts."""


class SlackDirectory:
    """Tell who the people are, from what was read last. Before anything was read, nobody is known."""

    def __init__(self, client: AsyncWebClient, workspace: WorkspaceId) -> None:
        self._client = client
        self._workspace = workspace
        self._seen = Directory()

    async def refresh(self) -> bool:
        """Read people and groups from Slack; return whether anything differs. Raises SlackApiError."""
        before, users = self._seen, await self._users()
        self._seen = Directory(
            people={UserId(user["id"]): self._standing(user) for user in users},
            groups=await self._groups(),
            hours={UserId(user["id"]): Hours(zone=user["tz"]) for user in users if user.get("tz")},
        )
        return before != self._seen

    def seen(self) -> Directory:
        """Return the people as they were read last."""
        return self._seen

    def _standing(self, user: Mapping[str, Any]) -> Standing:
        # Slack sets `is_stranger` only for who shares no channel with the app; their team always differs.
        if user.get("team_id", self._workspace) != self._workspace:
            return Standing.STRANGER
        return next((standing for mark, standing in MARKS if user.get(mark)), Standing.MEMBER)

    async def _users(self) -> list[Mapping[str, Any]]:
        users: list[Mapping[str, Any]] = []
        cursor = ""
        while True:
            page = await self._client.users_list(limit=PAGE, cursor=cursor)
            users += page["members"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return users

    async def _groups(self) -> Mapping[str, tuple[UserId, ...]]:
        page = await self._client.usergroups_list(include_users=True)
        return {
            name: tuple(map(UserId, group.get("users") or ()))
            for group in page["usergroups"]
            for name in (group["id"], group["handle"])
        }
