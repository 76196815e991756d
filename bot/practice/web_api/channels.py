"""The conversations.* methods that make channels, and change who and what is in them."""

import re

from bot.practice.acts.archive import put_away
from bot.practice.acts.membership import is_full
from bot.practice.cast import BOT_USER
from bot.practice.shapes import Json, Refusal
from bot.practice.web_api.call import Call
from bot.practice.web_api.conversations import channel_object
from bot.practice.workspace import Channel

NAME_CHARACTERS = 80
TOPIC_CHARACTERS = 250
INVITED_AT_ONCE = 100


def create(call: Call) -> Json:
    """Make a channel, with the app as its first member."""
    private = call.flag("is_private")
    _may_manage(call, private=private)
    name = _name(call)
    if any(name == one.name and one.im_with is None for one in call.workspace.channels.values()):
        raise Refusal("name_taken")
    id_, created = f"C0MADE{len(call.workspace.channels)}", int(call.workspace.now().timestamp())
    channel = Channel(id=id_, name=name, private=private, creator=BOT_USER, created=created)
    call.workspace.channels[channel.id] = channel
    call.slack.bring_in(channel, call.workspace.people[BOT_USER])
    return {"ok": True, "channel": channel_object(call.workspace, channel)}


def invite(call: Call) -> Json:
    """Bring people into a channel: all of them or nobody, or with `force` those who can be."""
    channel = _managed(call)
    users = [user.strip() for user in str(call.get("users") or "").split(",") if user.strip()]
    if not users:
        raise Refusal("no_user")
    if len(users) > INVITED_AT_ONCE:
        raise Refusal("too_many_users")
    errors = {user: error for user in users if (error := _unwelcome(call, channel, user))}
    told = [{"user": user, "ok": False, "error": error} for user, error in errors.items()]
    welcome = [user for user in users if user not in errors]
    if errors and not (welcome and call.flag("force")):
        raise Refusal(next(iter(errors.values())), errors=told)
    for user in welcome:
        call.slack.bring_in(channel, call.workspace.people[user], call.workspace.people[BOT_USER])
    more = {"errors": told} if told else {}
    return {"ok": True, "channel": channel_object(call.workspace, channel), **more}


def set_topic(call: Call) -> Json:
    """Set the topic of a channel, which a line in it tells."""
    channel = _managed(call)
    topic = str(call.need("topic"))
    if len(topic) > TOPIC_CHARACTERS:
        raise Refusal("too_long")
    channel.topic, channel.topic_at = topic, int(call.workspace.now().timestamp())
    line = {"subtype": "channel_topic", "user": BOT_USER, "topic": topic}
    call.workspace.post(channel, {**line, "text": f"set the channel topic: {topic}"})
    return {"ok": True, "channel": channel_object(call.workspace, channel)}


def archive(call: Call) -> Json:
    """Put a channel into the archive."""
    channel = _managed(call, closed="already_archived")
    put_away(call.slack, channel, call.workspace.people[BOT_USER], archived=True)
    return {"ok": True}


def unarchive(call: Call) -> Json:
    """Refuse to take a channel out of the archive.

    Slack lets no bot do that: who is in no channel any more is asked to be in it (docs.slack.dev,
    conversations.unarchive; measured: slack-go #1066).
    """
    channel = _of_channel(call)
    raise Refusal("not_in_channel" if channel.archived else "not_archived")


def _managed(call: Call, closed: str = "is_archived") -> Channel:
    channel = _of_channel(call)
    if channel.archived:
        raise Refusal(closed)
    if BOT_USER not in channel.members:
        raise Refusal("not_in_channel")
    return channel


def _of_channel(call: Call) -> Channel:
    channel = call.channel()
    if channel.im_with:
        raise Refusal("method_not_supported_for_channel_type")
    _may_manage(call, private=channel.private)
    return channel


def _may_manage(call: Call, *, private: bool) -> None:
    call.scope("groups:write" if private else "channels:manage")


def _name(call: Call) -> str:
    name = str(call.get("name") or "")
    if not name:
        raise Refusal("invalid_name_required")
    if len(name) > NAME_CHARACTERS:
        raise Refusal("invalid_name_maxlength")
    if not re.fullmatch(r"[\w-]+", name) or name != name.lower():
        raise Refusal("invalid_name_specials")
    if not re.search(r"[^\W_]", name):
        raise Refusal("invalid_name_punctuation")
    return name


def _unwelcome(call: Call, channel: Channel, user: str) -> str:
    """Return the error for somebody who cannot be invited, or nothing."""
    person = call.workspace.people.get(user)
    if person is None:
        return "user_not_found"
    if user == BOT_USER:
        return "cant_invite_self"
    if user in channel.members:
        return "already_in_channel"
    if person.external:
        return "no_external_invite_permission"
    if person.deactivated:
        return "cant_invite"
    return "ura_max_channels" if is_full(call.workspace, person) else ""
