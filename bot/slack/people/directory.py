"""Who the people of the workspace are: read from Slack now and then, and known without a call in between."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock
from bot.release.ids import UserId, WorkspaceId
from bot.release.people.directory import Directory
from bot.release.people.hours import Hours, is_zone
from bot.runbook.roles.role import Standing
from bot.slack.people.quiet import DoNotDisturb, out_until

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
ASKED: Final = (Standing.MEMBER, Standing.GUEST)
"""Whose notifications are asked after; Slack tells nothing of the others."""
SLACKBOT: Final = "USLACKBOT"
"""Slack's own bot, which has the marks of a member."""


class SlackDirectory:
    """Tell who the people are, from what was read last. Before anything was read, nobody is known."""

    def __init__(self, client: AsyncWebClient, workspace: WorkspaceId, clock: Clock) -> None:
        self._client = client
        self._workspace = workspace
        self._clock = clock
        self._dnd = DoNotDisturb(client)
        self._seen = Directory()

    async def refresh(self) -> bool:
        """Read people and groups from Slack, and who is not to be disturbed.

        Return whether anything but the latter differs. Raises SlackApiError.
        """
        before, users = self._seen, await self._users()
        self._seen = Directory(
            people={UserId(user["id"]): self._standing(user) for user in users},
            groups=await self._groups(),
            hours={UserId(user["id"]): Hours(zone=user["tz"]) for user in users if is_zone(user.get("tz"))},
            mails=_mails(users),
            quiet=before.quiet,
        )
        await self._dnd.read(self._asked())
        self._seen = replace(self._seen, quiet=self._quiet(users, self._clock.now()))
        return before != self._seen

    def seen(self) -> Directory:
        """Return the people as they were read last."""
        return self._seen

    def _asked(self) -> Sequence[UserId]:
        """Return whose notifications are asked after, first those who are in a group, as most roles are."""
        grouped = {person for group in self._seen.groups.values() for person in group}
        asked = [one for one, standing in self._seen.people.items() if standing in ASKED and one != SLACKBOT]
        return sorted(asked, key=lambda person: person not in grouped)

    def _quiet(self, users: Sequence[Mapping[str, Any]], now: datetime) -> Mapping[UserId, datetime]:
        """Return until when each is not to be disturbed, the later of what the status and the pause say."""
        quiet = dict(self._dnd.until(now))
        for user in users:
            if until := out_until(user, now):
                person = UserId(user["id"])
                quiet[person] = max(until, quiet.get(person, until))
        return quiet

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


def _mails(users: Sequence[Mapping[str, Any]]) -> Mapping[str, tuple[UserId, ...]]:
    """Return who has which address; Slack tells it with the scope `users:read.email` only."""
    mails: dict[str, tuple[UserId, ...]] = {}
    for user in users:
        if mail := (user.get("profile") or {}).get("email"):
            mails[mail.casefold()] = (*mails.get(mail.casefold(), ()), UserId(user["id"]))
    return mails
