"""The chat.* methods: posting, updating and deleting messages, with all that Slack refuses."""

import json
import re

from bot.practice.blockkit import problems
from bot.practice.cast import BOT_ID, BOT_USER
from bot.practice.shapes import Json, Refusal
from bot.practice.web_api.call import Call
from bot.practice.workspace import BROADCAST, Channel, with_root

TEXT_STORED = 40_000
TEXT_UPDATED = 4_000
BLOCKS_CHARACTERS = 13_200
ATTACHMENTS = 100
METADATA_BYTES = 1_024  # Slack names no number; its advice is to keep it under a kilobyte.
CONTENT = ("text", "blocks", "attachments", "markdown_text")
EVENT_TYPE = re.compile(r"[A-Za-z0-9_.\-]+")


def post_message(call: Call) -> Json:
    """Post to a channel, a thread or a person; `reply_broadcast` shows a reply in the channel as well."""
    channel = call.channel(by_name=True, opens_dm=True)
    _refuse_closed(call, channel)
    content = _content(call) | _thread(call, channel)
    if "thread_ts" in content and call.flag("reply_broadcast"):
        content["subtype"] = BROADCAST
    if metadata := _metadata(call):
        content["metadata"] = metadata
    stored = call.slack.post_as_app(channel, content)
    shown = with_root(channel, stored)
    return {"ok": True, "channel": channel.id, "ts": stored["ts"], "message": shown}


def update(call: Call) -> Json:
    """Change a message of the app; text without blocks takes the blocks away."""
    channel = call.channel()
    if channel.archived:
        raise Refusal("is_archived")
    old = _own(call, channel, "cant_update_message")
    if call.flag("reply_broadcast"):
        return _broadcast(call, channel, old)
    if len(call.get("text") or "") > TEXT_UPDATED:
        raise Refusal("msg_too_long")
    new = _content(call)
    changes: Json = {"text": new["text"], "blocks": new.get("blocks"), "attachments": new.get("attachments")}
    if "blocks" not in new:
        changes["edited"] = {"user": BOT_ID, "ts": f"{call.workspace.now().timestamp():.6f}"}
    if call.get("metadata") is not None:
        changes["metadata"] = _metadata(call)
    return _updated(channel, call.slack.edit_as_app(channel, old["ts"], changes))


def _broadcast(call: Call, channel: Channel, old: Json) -> Json:
    """Send a reply to its channel afterwards; its content cannot be changed in the same call."""
    if old.get("thread_ts", old["ts"]) == old["ts"]:
        raise Refusal("cant_broadcast_message")
    if any(call.get(name) for name in CONTENT):
        raise Refusal("no_dual_broadcast_content_update")
    return _updated(channel, call.slack.edit_as_app(channel, old["ts"], {"subtype": BROADCAST}))


def _updated(channel: Channel, stored: Json) -> Json:
    shown = with_root(channel, stored)
    return {"ok": True, "channel": channel.id, "ts": stored["ts"], "text": stored["text"], "message": shown}


def delete(call: Call) -> Json:
    """Delete a message of the app."""
    channel = call.channel()
    old = _own(call, channel, "cant_delete_message")
    call.slack.remove_as_app(channel, old["ts"])
    return {"ok": True, "channel": channel.id, "ts": old["ts"]}


def post_ephemeral(call: Call) -> Json:
    """Show a message to one person in a channel; its ts is of no use for updates."""
    channel = call.channel(by_name=True)
    if channel.archived:
        raise Refusal("is_archived")
    if BOT_USER not in channel.members:
        raise Refusal("not_in_channel")
    user = call.need("user")
    person = call.workspace.people.get(user)
    if user not in channel.members or person is None or person.deactivated:
        raise Refusal("user_not_in_channel")
    content = _content(call) | _thread(call, channel)
    stored = call.slack.post_as_app(channel, content | {"is_ephemeral": True, "ephemeral_for": user})
    return {"ok": True, "message_ts": stored["ts"]}


def get_permalink(call: Call) -> Json:
    """Return the address of a message."""
    channel = call.channel()
    message = channel.get(call.need("message_ts"))
    if message is None:
        raise Refusal("message_not_found")
    link = f"{call.slack.url}/archives/{channel.id}/p{message['ts'].replace('.', '')}"
    root = message.get("thread_ts")
    if root and root != message["ts"]:
        link += f"?thread_ts={root}&cid={channel.id}"
    return {"ok": True, "channel": channel.id, "permalink": link}


def checked_content(given: Json) -> Json:
    """Return text, blocks and attachments as Slack would store them; raise Refusal when it would not."""
    text, blocks = given.get("text") or "", given.get("blocks") or []
    attachments = given.get("attachments") or []
    if not isinstance(text, str):
        raise Refusal("invalid_arguments")
    if not (text or blocks or attachments):
        raise Refusal("no_text")
    if not isinstance(attachments, list):
        raise Refusal("invalid_attachments")
    if len(attachments) > ATTACHMENTS:
        raise Refusal("too_many_attachments")
    _refuse_bad_blocks(blocks)
    content: Json = {"text": text[:TEXT_STORED]}
    content |= {"blocks": blocks} if blocks else {}
    return content | ({"attachments": attachments} if attachments else {})


def _refuse_bad_blocks(blocks: object) -> None:
    if not isinstance(blocks, list):
        raise Refusal("invalid_blocks_format")
    if found := problems(blocks, surface="message"):
        messages = [f"[ERROR] {one}" for one in found]
        raise Refusal("invalid_blocks", errors=found, response_metadata={"messages": messages})
    if len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) > BLOCKS_CHARACTERS:
        raise Refusal("msg_blocks_too_long")


def _content(call: Call) -> Json:
    given = {name: call.get(name) for name in ("text", "blocks", "attachments")}
    markdown = call.get("markdown_text")
    if markdown is not None and (given["text"] or given["blocks"]):
        raise Refusal("markdown_text_conflict")
    if markdown is not None:
        given["text"] = markdown
    return checked_content(given)


def _thread(call: Call, channel: Channel) -> Json:
    thread_ts = call.get("thread_ts")
    if thread_ts is None:
        return {}
    root = channel.get(thread_ts)
    if root is None:
        raise Refusal("thread_not_found")
    if root.get("thread_ts", thread_ts) != thread_ts:
        raise Refusal("cannot_reply_to_message")
    return {"thread_ts": thread_ts, "parent_user_id": root["user"]}


def _refuse_closed(call: Call, channel: Channel) -> None:
    if channel.archived:
        raise Refusal("is_archived")
    if BOT_USER not in channel.members and "chat:write.public" not in call.slack.scopes:
        raise Refusal("not_in_channel")


def _own(call: Call, channel: Channel, error: str) -> Json:
    message = channel.get(call.need("ts"))
    if message is None:
        raise Refusal("message_not_found")
    if message.get("bot_id") != BOT_ID or message.get("subtype", BROADCAST) != BROADCAST:
        raise Refusal(error)
    return message


def _metadata(call: Call) -> Json | None:
    given = call.get("metadata")
    if not given:
        return None
    if not isinstance(given, dict):
        raise Refusal("invalid_metadata_format")
    event_type, payload = given.get("event_type"), given.get("event_payload")
    if not isinstance(event_type, str) or not EVENT_TYPE.fullmatch(event_type):
        raise Refusal("invalid_metadata_format")
    if not isinstance(payload, dict) or any(_too_deep(value) for value in payload.values()):
        raise Refusal("invalid_metadata_format")
    if len(json.dumps(given).encode()) > METADATA_BYTES:
        raise Refusal("metadata_too_large")
    return {"event_type": event_type, "event_payload": payload}


def _too_deep(value: object) -> bool:
    inside = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return any(isinstance(one, dict | list) for one in inside)
