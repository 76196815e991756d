"""Response URLs: the app's later answers to an act, five times within thirty minutes."""

import json
import time

from aiohttp import web

from bot.practice.handles import Reply
from bot.practice.shapes import Json, Refusal
from bot.practice.slack import Slack
from bot.practice.web_api.chat import checked_content
from bot.practice.workspace import Channel


class Responses:
    """Answer `/response/<key>` as Slack does."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    async def serve(self, request: web.Request) -> web.Response:
        """Take one answer of the app, and note it in the log."""
        started, body = time.perf_counter(), await request.read()
        response = self._answer(request.match_info["key"], body)
        ms = (time.perf_counter() - started) * 1000
        shown = body.decode(errors="replace")
        self._slack.traffic.note(
            "in", "response_url", status=response.status, ms=ms, body=shown, answer=response.text
        )
        return response

    def _answer(self, key: str, body: bytes) -> web.Response:
        try:
            reply = self._slack.response_urls.find(key, self._slack.workspace.now())
        except Refusal as refusal:
            return web.json_response(refusal.answer(), status=404)
        try:
            self._show(reply, _payload(body))
        except Refusal as refusal:
            return web.json_response(refusal.answer(), status=400)
        reply.uses -= 1
        return web.Response(text="ok")

    def _show(self, reply: Reply, given: Json) -> None:
        channel = self._slack.workspace.channels[reply.channel]
        if given.get("delete_original"):
            self._slack.remove_as_app(channel, _source(reply, channel)["ts"])
        elif given.get("replace_original"):
            self._replace(channel, _source(reply, channel)["ts"], given)
        else:
            self._post(channel, reply, given)

    def _replace(self, channel: Channel, ts: str, given: Json) -> None:
        new = checked_content(given)
        changes = {"text": new["text"], "blocks": new.get("blocks"), "attachments": new.get("attachments")}
        self._slack.edit_as_app(channel, ts, changes)

    def _post(self, channel: Channel, reply: Reply, given: Json) -> None:
        content = checked_content(given)
        if given.get("response_type") != "in_channel":
            content |= {"is_ephemeral": True, "ephemeral_for": reply.user}
        elif thread_ts := given.get("thread_ts"):
            root = channel.get(thread_ts)
            if root is None:
                raise Refusal("thread_not_found")
            content |= {"thread_ts": thread_ts, "parent_user_id": root["user"]}
        self._slack.post_as_app(channel, content)


def _source(reply: Reply, channel: Channel) -> Json:
    """Return the message that was acted on; a slash command has none to replace or delete."""
    message = channel.messages.get(reply.source or "")
    if message is None:
        raise Refusal("message_not_found")
    return message


def _payload(body: bytes) -> Json:
    try:
        given = json.loads(body)
    except ValueError as trouble:
        raise Refusal("invalid_payload") from trouble
    if not isinstance(given, dict):
        raise Refusal("invalid_payload")
    return given
