"""Putting a channel into the archive, and taking it out again."""

from bot.practice.acts.presence import acting, present
from bot.practice.shapes import Impossible, Json
from bot.practice.slack import Slack


def archive(slack: Slack, *, user: object, channel: object, archived: object) -> Json:
    """Let a person archive a channel, or take it out of the archive; the app hears of it."""
    person = acting(slack.workspace, user)
    place = present(slack.workspace, person, channel)
    if not isinstance(archived, bool):
        raise Impossible("archived is true or false.")
    if place.im_with:
        raise Impossible("A direct message cannot be archived.")
    if place.archived != archived:
        place.archived = archived
        slack.workspace.changed("channel", channel=place.id)
        kind = f"{'group' if place.private else 'channel'}_{'archive' if archived else 'unarchive'}"
        slack.tell({"type": kind, "channel": place.id, "user": person.id}, place)
    return {"ok": True, "channel": place.id, "archived": place.archived}
