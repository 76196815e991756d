"""The manifest with which Rollcall is installed in a workspace, made from what the code uses."""

import json
from typing import Any, Final

from bot.slack.incoming.listeners import CHANNEL_EVENTS, HOME_OPENED, PEOPLE_EVENTS
from bot.slack.incoming.shortcuts import SHORTCUTS
from bot.slack.subcommands import SUBCOMMANDS

SCOPES: Final = {
    "commands": "the slash command",
    "app_mentions:read": "answering in threads, where Slack has no slash commands",
    "chat:write": "cards, gates, reminders and summaries",
    "chat:write.public": "the same in public channels that nobody has invited Rollcall to",
    "channels:history": "finding its own message after a crash, and asking who writes a yes in a release’s"
    " thread whether it is their approval, in public channels; what people write is not kept",
    "groups:history": "the same in private channels",
    "channels:manage": "the channel of its own that a release has where its runbook asks for one: making it,"
    " inviting people, its topic, and archiving it",
    "groups:write": "the same where the release was started in a private channel",
    "channels:read": "who leaves a public channel while they have something to do there",
    "groups:read": "the same in private channels",
    "im:write": "opening the direct messages with a person who is reminded",
    "im:history": "the same in direct messages",
    "users:read": "who is active, a guest or a bot",
    "users:read.email": "who wrote a change, by the address in its commit",
    "dnd:read": "who has paused notifications, and is not to be disturbed",
    "usergroups:read": "who is in the groups that runbooks name",
}
"""The scopes that are asked for, each with what it is for."""


def manifest(command: str, request_url: str = "") -> dict[str, Any]:
    """Return the manifest; with `request_url` for HTTP, else for Socket Mode."""
    where = {"url": request_url} if request_url else {}
    slash = {
        "command": command,
        "description": "Start and follow releases",
        "usage_hint": " | ".join(one.usage for one in SUBCOMMANDS.values()),
        "should_escape": True,
        **where,
    }
    request = {"request_url": request_url} if request_url else {}
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": "Rollcall",
            "description": "Runs releases from Slack: approvals, reminders, handoffs, one ledger.",
            "background_color": "#1f3a4d",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "Rollcall", "always_online": True},
            "slash_commands": [slash],
            "shortcuts": [
                {
                    "name": one.name,
                    "type": one.kind,
                    "callback_id": one.callback,
                    "description": one.description,
                }
                for one in SHORTCUTS
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": [HOME_OPENED, *PEOPLE_EVENTS, *CHANNEL_EVENTS], **request},
            "interactivity": {"is_enabled": True, **request},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not request_url,
            "token_rotation_enabled": False,
        },
    }


def manifest_json(command: str, request_url: str = "") -> str:
    """Return the manifest as the JSON that is pasted into Slack."""
    return json.dumps(manifest(command, request_url), indent=2)
