"""The payloads that Slack sends to apps, shaped as Slack shapes them; pure functions."""

import secrets
import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.practice.cast import (
    APP_ID,
    BOT_USER,
    TEAM_DOMAIN,
    TEAM_ID,
    VERIFICATION_TOKEN,
    Group,
    Person,
)
from bot.practice.shapes import Json
from bot.practice.workspace import Channel

# What an action repeats of its element, next to its initial values.
SHOWN = {"text", "style", "value", "url", "placeholder", "confirm"}
# Slack's names of time zones, in standard and in summer time; others are called as the zone's own data does.
ZONES = {
    "America/Los_Angeles": ("Pacific Standard Time", "Pacific Daylight Time"),
    "America/New_York": ("Eastern Standard Time", "Eastern Daylight Time"),
    "Asia/Singapore": ("Singapore Standard Time", "Singapore Standard Time"),
    "Europe/Berlin": ("Central European Time", "Central European Summer Time"),
    "Europe/London": ("Greenwich Mean Time", "British Summer Time"),
    "Europe/Prague": ("Central European Time", "Central European Summer Time"),
}


def slash_command(
    person: Person, channel: Channel, *, command: str, text: str, trigger_id: str, response_url: str
) -> dict[str, str]:
    """Build the form of a slash command; there is no thread in it."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": name_of(channel),
        "user_id": person.id,
        "user_name": person.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def interaction(kind: str, person: Person, *, in_modal: bool = False) -> Json:
    """Build what all interactions have in common.

    `team` is the workspace that the app is installed in. In a modal it is the person's own instead, and the
    view's `app_installed_team_id` tells the app's (java-slack-sdk #1041, bolt-js #1614).
    """
    user = {"id": person.id, "username": person.name, "name": person.name, "team_id": person.team}
    own = {"id": person.team, "domain": person.domain}
    return {
        "type": kind,
        "team": own if in_modal else {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "user": user,
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def in_message(channel: Channel, message: Json, state: Json) -> Json:
    """Build the part of block_actions that tells which message was acted on.

    An ephemeral message is named in the container only, as Slack does.
    """
    hidden = "ephemeral_for" in message
    container = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": hidden,
    }
    if "thread_ts" in message:
        container["thread_ts"] = message["thread_ts"]
    place: Json = {
        "container": container,
        "channel": {"id": channel.id, "name": name_of(channel)},
        "state": {"values": state},
    }
    return place if hidden else {**place, "message": message}


def in_view(view: Json) -> Json:
    """Build the part of block_actions that tells which modal or Home tab was acted on."""
    return {"container": {"type": "view", "view_id": view["id"]}, "view": view}


def action(block: Json, element: Json, held: Json) -> Json:
    """Build `actions[0]`: the element as pressed, with what it holds now."""
    shown: Json = {key: value for key, value in element.items() if key in SHOWN or key.startswith("initial_")}
    return {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        **shown,
        **held,
        "action_ts": f"{time.time():.6f}",
    }


def event_callback(event: Json, now: datetime, *, shared: bool = False) -> Json:
    """Wrap an event as the Events API does; the event_id stays the same over all retries."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "context_team_id": TEAM_ID,
        "context_enterprise_id": None,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": "Ev" + secrets.token_hex(5).upper(),
        "event_time": int(now.timestamp()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": shared,
    }


def name_of(channel: Channel) -> str:
    """Return the name that payloads give a channel: that of a private one stays hidden."""
    if channel.im_with:
        return "directmessage"
    return "privategroup" if channel.private else channel.name


def user_object(person: Person, now: datetime, *, with_email: bool = False, stranger: bool = False) -> Json:
    """Build Slack's user object; the offset from UTC follows daylight saving.

    Of people of other workspaces Slack withholds the zone and the roles, and of deactivated ones as well.
    """
    facts: Json = {
        "id": person.id,
        "team_id": person.team,
        "name": person.name,
        "deleted": person.deactivated,
        "real_name": person.real_name,
        "profile": _profile(person.at(now), with_email=with_email),
        "is_bot": person.bot,
        "is_app_user": False,
        "updated": int(now.timestamp()),
    }
    if person.external:
        return facts | ({"is_stranger": True} if stranger else {})
    return facts if person.deactivated else facts | _zone(person.tz, now) | _roles(person)


def _profile(person: Person, *, with_email: bool) -> Json:
    profile = {
        "title": person.title,
        "real_name": person.real_name,
        "real_name_normalized": person.real_name,
        "display_name": person.name,
        "display_name_normalized": person.name,
        "team": person.team,
        "status_text": person.status_text,
        "status_emoji": person.status_emoji,
        "status_expiration": person.status_expiration,
    }
    has_email = with_email and not person.bot
    return profile | ({"email": f"{person.name}@{person.domain}.example"} if has_email else {})


def _zone(tz: str, now: datetime) -> Json:
    local = now.astimezone(ZoneInfo(tz))
    standard, summer = ZONES.get(tz, (local.tzname(), local.tzname()))
    offset = local.utcoffset()
    return {
        "tz": tz,
        "tz_label": summer if local.dst() else standard,
        "tz_offset": int(offset.total_seconds()) if offset is not None else 0,
    }


def _roles(person: Person) -> Json:
    return {
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.guest,
        "is_ultra_restricted": person.guest and person.single_channel,
    }


def dnd_status(person: Person, now: datetime) -> Json:
    """Build what Slack tells others about a person's do-not-disturb: the present window, else the next.

    Somebody's pause is told to others as such a window; its own `snooze_` facts are for that person alone
    (docs.slack.dev, dnd.info). Without a window both ends are 1, as in Slack's example of dnd.teamInfo.
    """
    paused = person.at(now)
    return {
        "dnd_enabled": paused.paused_until > 0,
        "next_dnd_start_ts": paused.paused_from or 1,
        "next_dnd_end_ts": paused.paused_until or 1,
    }


def group_object(group: Group, now: datetime, *, with_users: bool) -> Json:
    """Build Slack's user group object."""
    built: dict[str, Any] = {
        "id": group.id,
        "team_id": TEAM_ID,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": 0,
        "date_update": int(now.timestamp()),
        "date_delete": 0,
        "user_count": len(group.users),
    }
    return {**built, "users": list(group.users)} if with_users else built
