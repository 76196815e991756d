"""The conversations.* methods, and users.conversations."""

from bot.practice.cast import BOT_USER, TEAM_ID, dm_id
from bot.practice.shapes import Json, Refusal
from bot.practice.web_api.call import Call, kind_of, may_know
from bot.practice.workspace import Channel, Workspace, with_root, with_thread_facts

TYPES = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}


def info(call: Call) -> Json:
    """Tell about one channel."""
    channel = call.channel()
    call.scope(f"{kind_of(channel)}:read")
    facts = channel_object(call.workspace, channel)
    if call.flag("include_num_members"):
        facts["num_members"] = len(channel.members)
    return {"ok": True, "channel": facts}


def list_all(call: Call) -> Json:
    """List the channels that the app may know of."""
    return _listed(call, [channel for channel in call.workspace.channels.values() if may_know(channel)])


def of_user(call: Call) -> Json:
    """List the channels that a person, or by default the app, is in."""
    user = call.get("user") or BOT_USER
    known = [channel for channel in call.workspace.channels.values() if may_know(channel)]
    return _listed(call, [channel for channel in known if user in channel.members])


def members(call: Call) -> Json:
    """List the ids of a channel's members."""
    channel = call.channel()
    call.scope(f"{kind_of(channel)}:read")
    page, metadata = call.page(channel.members)
    return {"ok": True, "members": page, "response_metadata": metadata}


def history(call: Call) -> Json:
    """List what stands in a channel itself, newest first."""
    channel = _readable(call)
    found = [one for one in reversed(channel.standing()) if _within(call, one["ts"])]
    page, metadata = call.page(found)
    messages = [_as_read(call, channel, one) for one in with_thread_facts(channel, page)]
    return {
        "ok": True,
        "messages": messages,
        "has_more": bool(metadata["next_cursor"]),
        "pin_count": 0,
        "response_metadata": metadata,
    }


def replies(call: Call) -> Json:
    """List a thread, its root first."""
    channel = _readable(call)
    root = channel.get(call.need("ts"))
    if root is None:
        raise Refusal("thread_not_found")
    later = [one for one in channel.replies(root["ts"]) if _within(call, one["ts"])]
    page, metadata = call.page([*with_thread_facts(channel, [root]), *later])
    return {
        "ok": True,
        "messages": [_as_read(call, channel, one) for one in page],
        "has_more": bool(metadata["next_cursor"]),
        "response_metadata": metadata,
    }


def open_dm(call: Call) -> Json:
    """Open the direct message with one person."""
    given = str(call.need("users", "users_list_not_supplied")).split(",")
    if len(given) > 1:
        call.scope("mpim:write")
    person = call.workspace.people.get(given[0])
    if person is None or dm_id(person.id) not in call.workspace.channels:
        raise Refusal("user_not_found")
    if person.deactivated:
        raise Refusal("user_disabled")
    channel: Json = {"id": dm_id(person.id)}
    if call.flag("return_im"):
        channel = channel_object(call.workspace, call.workspace.channels[channel["id"]])
    return {"ok": True, "no_op": True, "already_open": True, "channel": channel}


def join(call: Call) -> Json:
    """Join a public channel."""
    channel = call.channel()
    if channel.private or channel.im_with:
        raise Refusal("method_not_supported_for_channel_type")
    if channel.archived:
        raise Refusal("is_archived")
    if BOT_USER not in channel.members:
        call.slack.bring_in(channel, call.workspace.people[BOT_USER])
    return {"ok": True, "channel": channel_object(call.workspace, channel)}


def channel_object(workspace: Workspace, channel: Channel) -> Json:
    """Build Slack's channel object as the app sees it."""
    facts: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_im": channel.im_with is not None,
        "is_mpim": False,
        "is_archived": channel.archived,
        "context_team_id": TEAM_ID,
    }
    if channel.im_with:
        return {**facts, "user": channel.im_with, "is_user_deleted": False, "priority": 0}
    shared = workspace.is_shared(channel)
    return {
        **facts,
        "name": channel.name,
        "name_normalized": channel.name,
        "creator": channel.creator,
        "is_channel": not channel.private,
        "is_group": channel.private,
        "is_private": channel.private,
        "is_general": False,
        "is_member": BOT_USER in channel.members,
        "is_shared": shared,
        "is_ext_shared": shared,
        "is_org_shared": False,
        "topic": {"value": channel.topic, "creator": channel.creator, "last_set": channel.topic_at},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def _listed(call: Call, channels: list[Channel]) -> Json:
    wanted = [TYPES.get(kind.strip()) for kind in (call.get("types") or "public_channel").split(",")]
    if None in wanted:
        raise Refusal("invalid_types")
    for kind in wanted:
        call.scope(f"{kind}:read")
    archived_too = not call.flag("exclude_archived")
    found = [one for one in channels if kind_of(one) in wanted and (archived_too or not one.archived)]
    page, metadata = call.page(found)
    return {
        "ok": True,
        "channels": [channel_object(call.workspace, channel) for channel in page],
        "response_metadata": metadata,
    }


def _readable(call: Call) -> Channel:
    channel = call.channel()
    call.scope(f"{kind_of(channel)}:history")
    if BOT_USER not in channel.members:
        raise Refusal("not_in_channel")
    return channel


def _within(call: Call, ts: str) -> bool:
    oldest, latest = str(call.get("oldest") or ""), str(call.get("latest") or "9")
    if call.flag("inclusive"):
        return oldest <= ts <= latest
    return oldest < ts < latest


def _as_read(call: Call, channel: Channel, message: Json) -> Json:
    whole = with_root(channel, message)
    if "root" in whole:
        whole["root"] = _with_metadata(call, whole["root"])
    return _with_metadata(call, whole)


def _with_metadata(call: Call, message: Json) -> Json:
    if "metadata" not in message or call.flag("include_all_metadata"):
        return message
    return {**message, "metadata": {"event_type": message["metadata"]["event_type"]}}
