"""Who comes into a channel and who goes: invited, by themselves, or removed by somebody."""

from bot.practice.acts.presence import acting, present
from bot.practice.cast import Person
from bot.practice.shapes import Impossible, Json
from bot.practice.slack import Slack
from bot.practice.workspace import Channel, Workspace


def invite(slack: Slack, person: Person, channel: Channel, text: str) -> Json:
    """Bring somebody, or the app, into a channel."""
    if channel.im_with:
        raise Impossible("Nobody can be invited into a direct message.")
    if not text.strip():
        raise Impossible("Say whom to invite, for instance /invite @rollcall.")
    for word in text.split():
        newcomer = slack.workspace.person(word.removeprefix("@").strip("<>").lstrip("@"))
        if newcomer.id not in channel.members:
            _refuse_unwelcome(slack.workspace, newcomer)
            slack.bring_in(channel, newcomer, person)
    return {"ok": True, "status": 200, "ms": 0.0, "body": ""}


def join(slack: Slack, *, user: object, channel: object) -> Json:
    """Let a person join a public channel by themselves."""
    person = acting(slack.workspace, user)
    place = slack.workspace.channel(channel)
    if place.private or place.im_with:
        raise Impossible(f"{person.real_name} cannot see that channel.", 403)
    if person.guest or person.external:
        way_in = f"Let a member type /invite @{person.name} there."
        raise Impossible(f"{person.real_name} joins channels by invitation only. {way_in}", 403)
    if person.id not in place.members:
        slack.bring_in(place, person)
    return {"ok": True, "channel": place.id, "members": place.members}


def leave(slack: Slack, *, user: object, channel: object, by: object = None) -> Json:
    """Let a person leave a channel, or let the person `by` remove them or the app from it."""
    person, place = slack.workspace.person(user), slack.workspace.channel(channel)
    if place.im_with:
        raise Impossible("A direct message cannot be left.")
    if person.id not in place.members:
        raise Impossible(f"{person.real_name} is not in #{place.name}.", 404)
    actor = acting(slack.workspace, user if by is None else by)
    present(slack.workspace, actor, place.id)
    slack.take_out(place, person, actor)
    return {"ok": True, "channel": place.id, "members": place.members}


def channels_of(workspace: Workspace, person: Person) -> list[Channel]:
    """List the channels that somebody is in, direct messages left out."""
    return [one for one in workspace.channels.values() if one.im_with is None and person.id in one.members]


def is_full(workspace: Workspace, person: Person) -> bool:
    """Tell whether somebody is the guest of one channel, and in it."""
    return person.single_channel and bool(channels_of(workspace, person))


def _refuse_unwelcome(workspace: Workspace, newcomer: Person) -> None:
    if newcomer.deactivated:
        raise Impossible(f"{newcomer.real_name} is deactivated and cannot be invited.", 403)
    if is_full(workspace, newcomer):
        place = f"#{channels_of(workspace, newcomer)[0].name}"
        raise Impossible(f"{newcomer.real_name} is a guest of one channel, and that is {place}.", 403)
