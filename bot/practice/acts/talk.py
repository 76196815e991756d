"""Messages of people, the Home tab they open, and changes to people and groups."""

import secrets
from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.practice.acts.membership import channels_of
from bot.practice.acts.presence import acting, present
from bot.practice.cast import APP_NAME, BOT_USER, TEAM_ID, Group, Person, dm_id
from bot.practice.shapes import Impossible, Json
from bot.practice.slack import Slack
from bot.practice.to_app.payloads import group_object
from bot.practice.wording import typed
from bot.practice.workspace import Channel, Workspace

MESSAGE_CHARACTERS = 12_000
CHANGEABLE = {
    "deactivated": bool,
    "guest": bool,
    "single_channel": bool,
    "tz": str,
    "real_name": str,
    "title": str,
}


def say(slack: Slack, *, user: object, channel: object, text: str, thread_ts: object = None) -> Json:
    """Let a person post a message; the app hears of it where it is in the channel."""
    person = acting(slack.workspace, user)
    place = present(slack.workspace, person, channel)
    _refuse_unsayable(slack, text, thread_ts)
    content: Json = {"user": person.id, "team": person.team, "text": typed(slack.workspace, text)}
    content["client_msg_id"] = secrets.token_hex(16)
    if thread_ts is not None:
        root = place.get(thread_ts)
        if root is None or root.get("thread_ts", thread_ts) != thread_ts:
            raise Impossible(f"There is no thread {thread_ts} in that channel.", 404)
        content |= {"thread_ts": thread_ts, "parent_user_id": root["user"]}
    stored = slack.workspace.post(place, content)
    _tell_app(slack, place, person, stored)
    return {"ok": True, "message": stored}


def open_home(slack: Slack, *, user: object, tab: object = "home") -> Json:
    """Let a person open a tab of the app, `home` or `messages`; answer what the Home tab shows now.

    The app hears of both, and of the Home tab with the view that was published before.
    """
    person = acting(slack.workspace, user)
    tabs = ("home", "messages") if slack.home_tab else ("messages",)
    if tab not in tabs:
        raise Impossible(f"The app has no tab {tab!r}. It has {' and '.join(tabs)}.", 404)
    view = slack.workspace.views.homes.get(person.id)
    event: Json = {"type": "app_home_opened", "user": person.id, "channel": dm_id(person.id), "tab": tab}
    event |= {"view": view} if view and tab == "home" else {}
    slack.tell(event)
    return {"ok": True, "view": view}


def change_person(slack: Slack, *, user: object, changes: Json) -> Json:
    """Deactivate a person, make them a guest, or change their time zone, name or title."""
    person = slack.workspace.person(user)
    for key, value in changes.items():
        if key not in CHANGEABLE or not isinstance(value, CHANGEABLE[key]):
            raise Impossible(f"{key} cannot be set so. What can be set: {', '.join(CHANGEABLE)}.")
    if "tz" in changes:
        _refuse_unknown_zone(changes["tz"])
    if changes.get("guest") is False:
        changes = {"single_channel": False, **changes}
    _refuse_unlikely_guest(slack.workspace, replace(person, **changes))
    return {"ok": True, "user": slack.change_person(person, **changes)}


def change_group(slack: Slack, *, group: object, users: object) -> Json:
    """Set who is in a user group."""
    old = _group(slack, group)
    if not isinstance(users, list):
        raise Impossible("users must be a list of short names or ids.")
    members = tuple(slack.workspace.person(one).id for one in users)
    new = slack.workspace.change_group(old.id, members)
    _tell_of_group(slack, old, new)
    return {"ok": True, "usergroup": group_object(new, slack.workspace.now(), with_users=True)}


def _refuse_unsayable(slack: Slack, text: str, thread_ts: object) -> None:
    if not text.strip():
        raise Impossible("An empty message cannot be sent.")
    if len(text) > MESSAGE_CHARACTERS:
        raise Impossible(f"That message is too long; {MESSAGE_CHARACTERS} characters are the most.")
    word = text.split()[0]
    if word in {one.command for one in slack.commands}:
        where = "in threads. Type it in the channel" if thread_ts else "as a message. Send it as a command"
        raise Impossible(f"{word} does not work {where}.")


def _tell_app(slack: Slack, channel: Channel, person: Person, message: Json) -> None:
    away = {"user_team": person.team, "source_team": person.team} if person.external else {}
    event = {**message, **away, "channel": channel.id, "event_ts": message["ts"]}
    slack.tell_of_message(channel, event)
    if channel.im_with or f"<@{BOT_USER}>" not in message["text"]:
        return
    if BOT_USER in channel.members:
        slack.tell({**event, "type": "app_mention"}, channel)
    else:
        slack.whisper(channel, person.id, f"You mentioned @{APP_NAME}, but they are not in this channel.")


def _tell_of_group(slack: Slack, old: Group, new: Group) -> None:
    now = slack.workspace.now()
    added = [user for user in new.users if user not in old.users]
    removed = [user for user in old.users if user not in new.users]
    members: Json = {
        "type": "subteam_members_changed",
        "subteam_id": new.id,
        "team_id": TEAM_ID,
        "date_previous_update": 0,
        "date_update": int(now.timestamp()),
        "added_users": added,
        "added_users_count": len(added),
        "removed_users": removed,
        "removed_users_count": len(removed),
    }
    updated = {"type": "subteam_updated", "subteam": group_object(new, now, with_users=True)}
    for event in (members, updated):
        slack.tell(event)


def _group(slack: Slack, reference: object) -> Group:
    for group in slack.workspace.groups.values():
        if reference in (group.id, group.handle, f"@{group.handle}"):
            return group
    handles = ", ".join(group.handle for group in slack.workspace.groups.values())
    raise Impossible(f"There is no group {reference!r}. The groups are {handles}.", 404)


def _refuse_unknown_zone(tz: str) -> None:
    try:
        ZoneInfo(tz)
    except (KeyError, ValueError, OSError) as trouble:
        raise Impossible(f"{tz!r} is no time zone; one looks like Europe/Berlin.") from trouble


def _refuse_unlikely_guest(workspace: Workspace, person: Person) -> None:
    if person.single_channel and not person.guest:
        raise Impossible("Only a guest can be limited to a single channel; set guest to true as well.")
    if person.guest and (person.bot or person.external):
        raise Impossible(f"{person.real_name} cannot be a guest; only people of this workspace can.")
    if person.single_channel and len(channels_of(workspace, person)) > 1:
        raise Impossible(f"{person.real_name} is in several channels; let them leave all but one first.")
