"""Slash commands: delivered to the app, and its acknowledgement shown."""

from bot.practice.acts.membership import invite
from bot.practice.acts.presence import acting, present
from bot.practice.cast import Person
from bot.practice.shapes import Impossible, Json, Refusal
from bot.practice.slack import Slack
from bot.practice.to_app.answers import Answer
from bot.practice.to_app.payloads import slash_command
from bot.practice.web_api.chat import checked_content
from bot.practice.wording import typed
from bot.practice.workspace import Channel


async def run_command(slack: Slack, *, user: object, channel: object, command: str, text: str) -> Json:
    """Let a person type a slash command; answer what the app acknowledged with."""
    person = acting(slack.workspace, user)
    place = present(slack.workspace, person, channel)
    if command == "/invite":
        return invite(slack, person, place, text)
    if person.external or command not in {known.command for known in slack.commands}:
        slack.whisper(place, person.id, f"{command} is not a valid command.")
        if person.external:
            raise Impossible(f"{command} is not shared with other workspaces.", 403)
        known = ", ".join(one.command for one in slack.commands)
        raise Impossible(f"{command} is not a valid command. The commands are {known} and /invite.", 404)
    answer = await slack.delivery.command(_form(slack, person, place, command, text))
    trouble = _failure(answer) or _show(slack, person, place, command, text, answer.body)
    result: Json = {"ok": not trouble, "status": answer.status, "ms": answer.ms, "body": answer.body}
    if not trouble:
        return result
    slack.whisper(place, person.id, f'{command} failed with the error "{trouble}"')
    return {**result, "error": f'{command} failed with the error "{trouble}".'}


def _form(slack: Slack, person: Person, channel: Channel, command: str, text: str) -> dict[str, str]:
    return slash_command(
        person,
        channel,
        command=command,
        text=typed(slack.workspace, text.strip()),
        trigger_id=slack.triggers.issue(person.id),
        response_url=slack.response_urls.issue(person.id, channel.id, None, slack.workspace.now()),
    )


def _failure(answer: Answer) -> str:
    if answer.acknowledged:
        return ""
    return "operation_timeout" if answer.failure == "http_timeout" else "dispatch_failed"


def _show(slack: Slack, person: Person, channel: Channel, command: str, text: str, body: object) -> str:
    """Show the acknowledgement's text or blocks; return the error's name when Slack would not."""
    given = {"text": body} if isinstance(body, str) else body if isinstance(body, dict) else {}
    open_to_all = given.get("response_type") == "in_channel"
    if open_to_all:
        slack.workspace.post(channel, {"user": person.id, "text": f"{command} {text}".strip()})
    if not (given.get("text") or given.get("blocks") or given.get("attachments")):
        return ""
    try:
        content = checked_content(given)
    except Refusal as refusal:
        return refusal.error
    hidden = {} if open_to_all else {"is_ephemeral": True, "ephemeral_for": person.id}
    slack.post_as_app(channel, content | hidden)
    return ""
