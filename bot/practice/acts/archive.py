"""Putting a channel into the archive, and taking it out again."""

from bot.practice.acts.presence import acting, present
from bot.practice.cast import Person
from bot.practice.shapes import Impossible, Json
from bot.practice.slack import Slack
from bot.practice.workspace import Channel


def archive(slack: Slack, *, user: object, channel: object, archived: object) -> Json:
    """Let a person archive a channel, or take it out of the archive; the app hears of it."""
    person = acting(slack.workspace, user)
    place = present(slack.workspace, person, channel)
    if not isinstance(archived, bool):
        raise Impossible("archived is true or false.")
    if place.im_with:
        raise Impossible("A direct message cannot be archived.")
    if place.archived != archived:
        put_away(slack, place, person, archived=archived)
    return {"ok": True, "channel": place.id, "archived": place.archived}


def put_away(slack: Slack, channel: Channel, actor: Person, *, archived: bool) -> None:
    """Put a channel into the archive, or take it out; the app hears of it, also when it is its own doing."""
    channel.archived = archived
    slack.workspace.changed("channel", channel=channel.id)
    kind = f"{'group' if channel.private else 'channel'}_{'archive' if archived else 'unarchive'}"
    slack.tell({"type": kind, "channel": channel.id, "user": actor.id}, channel)
