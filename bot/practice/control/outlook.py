"""What one person sees of the workspace, as the page and scripts read it."""

from dataclasses import asdict
from zoneinfo import ZoneInfo

from bot.practice.cast import APP_NAME, BOT_USER, Person
from bot.practice.shapes import Json
from bot.practice.slack import Slack
from bot.practice.workspace import Channel, Workspace, stands_in_channel, with_thread_facts


def workspace_of(slack: Slack, user: object) -> Json:
    """Return the person's sidebar: people, channels, direct messages, the app and the clock."""
    workspace = slack.workspace
    me = workspace.person(user)
    channels = [one for one in workspace.channels.values() if one.im_with is None and sees(me, one)]
    dms = [one for one in workspace.channels.values() if one.im_with == me.id]
    return {
        "ok": True,
        "me": person_facts(workspace, me),
        "people": people(workspace),
        "groups": groups(workspace),
        "channels": [_channel(workspace, me, channel) for channel in channels],
        "dms": [{"id": dm.id, "name": APP_NAME, "unread": workspace.unread(me.id, dm)[0]} for dm in dms],
        "app": {"name": APP_NAME, "user": BOT_USER, "connected": slack.delivery.connected},
        "clock": clock(workspace),
        "commands": [asdict(command) for command in slack.commands],
        "shortcuts": [asdict(shortcut) for shortcut in slack.shortcuts if not me.external],
        "version": workspace.version,
    }


def messages_in(channel: Channel, viewer: Person | None, thread_ts: str | None) -> list[Json]:
    """List a channel's or a thread's messages, oldest first; all of them when there is no viewer.

    Roots carry what Slack tells about their replies. Ephemeral messages of others are left out.
    """
    here = [one for one in channel.messages.values() if _stands_in(one, thread_ts)]
    if viewer is not None:
        shown = [one for one in here if one.get("ephemeral_for", viewer.id) == viewer.id]
        here = shown if sees(viewer, channel) else []
    return with_thread_facts(channel, here)


def sees(person: Person, channel: Channel) -> bool:
    """Tell whether a person may look into a channel; guests and people from elsewhere see only their own."""
    only_own = channel.private or channel.im_with or person.guest or person.external
    return person.id in channel.members or not only_own


def people(workspace: Workspace) -> list[Json]:
    """List the people and the app, without Slackbot."""
    return [person_facts(workspace, one) for one in workspace.people.values() if one.name != "slackbot"]


def groups(workspace: Workspace) -> list[Json]:
    """List the user groups."""
    return [asdict(group) for group in workspace.groups.values()]


def clock(workspace: Workspace) -> Json:
    """Return the workspace's time, and how many seconds it is ahead of the machine's."""
    return {
        "now": workspace.now().isoformat(timespec="milliseconds"),
        "offset_s": workspace.clock.offset.total_seconds(),
    }


def person_facts(workspace: Workspace, person: Person) -> Json:
    """Return what is known of a person, with the time on their wall."""
    local = workspace.now().astimezone(ZoneInfo(person.tz))
    facts = asdict(person.at(workspace.now()))
    return {**facts, "external": person.external, "local_time": local.strftime("%H:%M")}


def _channel(workspace: Workspace, me: Person, channel: Channel) -> Json:
    member = me.id in channel.members
    unread, mentions = workspace.unread(me.id, channel) if member else (0, 0)
    return {
        "id": channel.id,
        "name": channel.name,
        "private": channel.private,
        "archived": channel.archived,
        "topic": channel.topic,
        "member": member,
        "app_member": BOT_USER in channel.members,
        "unread": unread,
        "mentions": mentions,
        "read_to": workspace.read[me.id].get(channel.id, ""),
    }


def _stands_in(message: Json, thread_ts: str | None) -> bool:
    return message.get("thread_ts", message["ts"]) == thread_ts if thread_ts else stands_in_channel(message)
