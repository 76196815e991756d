"""Who may act where; each answer is a sentence that says what to do instead."""

from bot.practice.cast import Person
from bot.practice.shapes import Impossible
from bot.practice.workspace import Channel, Workspace


def acting(workspace: Workspace, reference: object) -> Person:
    """Find the person who acts; raise Impossible for bots and for those who were deactivated."""
    person = workspace.person(reference)
    if person.deactivated:
        raise Impossible(f"{person.real_name} is deactivated and cannot act.", 403)
    if person.bot or person.name == "slackbot":
        raise Impossible("Only people can act here, not bots.", 403)
    return person


def present(workspace: Workspace, person: Person, reference: object) -> Channel:
    """Find the channel where the person acts; raise Impossible unless they are in it."""
    channel = workspace.channel(reference)
    if person.id in channel.members:
        return channel
    if channel.im_with or channel.private:
        raise Impossible(f"{person.real_name} cannot see that channel.", 403)
    invited = person.guest or person.external
    way_in = f"Let a member type /invite @{person.name} there first." if invited else "Join it first."
    raise Impossible(f"{person.real_name} is not in #{channel.name}. {way_in}", 403)
