"""The parts of the practice Slack in one hand, for the code that needs several of them."""

from dataclasses import dataclass

from bot.practice.cast import (
    APP_ID,
    BOT_ID,
    BOT_USER,
    SHORTCUTS,
    SLACKBOT,
    TEAM_ID,
    Person,
    Shortcut,
    SlashCommand,
)
from bot.practice.handles import ResponseUrls, Triggers
from bot.practice.shapes import Json
from bot.practice.to_app.deliver import Delivery
from bot.practice.to_app.payloads import user_object
from bot.practice.to_app.traffic import Traffic
from bot.practice.workspace import Channel, Workspace, with_root


@dataclass(slots=True, kw_only=True)
class Slack:
    """Everything there is; `home_tab` is whether the app's is enabled, `url` has no slash at its end."""

    workspace: Workspace
    delivery: Delivery
    traffic: Traffic
    triggers: Triggers
    response_urls: ResponseUrls
    scopes: frozenset[str]
    commands: tuple[SlashCommand, ...]
    home_tab: bool = True
    shortcuts: tuple[Shortcut, ...] = SHORTCUTS
    url: str = ""

    def tell(self, event: Json, channel: Channel | None = None) -> None:
        """Send an event to the app; what happened in a channel goes by that channel's scope."""
        event = {"event_ts": f"{self.workspace.now().timestamp():.6f}", **event}
        private = channel is not None and channel.private
        shared = channel is not None and self.workspace.is_shared(channel)
        self.delivery.event(event, private=private, shared=shared)

    def user_facts(self, person: Person) -> Json:
        """Return Slack's user object, as much of it as the app's scopes and the person's workspace allow."""
        return user_object(
            person,
            self.workspace.now(),
            with_email="users:read.email" in self.scopes,
            stranger=self.workspace.is_stranger(person),
        )

    def change_person(self, person: Person, **changes: str | bool | int) -> Json:
        """Change a person's facts, of which the app hears; return Slack's user object."""
        facts = self.user_facts(self.workspace.change_person(person.id, **changes))
        self.tell({"type": "user_change", "user": facts})
        return facts

    def tell_of_message(self, channel: Channel, message: Json) -> None:
        """Send a message, or what became of one, to the app where it is in the channel: its own, too."""
        if BOT_USER in channel.members or channel.im_with:
            self.tell({"event_ts": message["ts"], **message, **_place(channel)}, channel)

    def post_as_app(self, channel: Channel, content: Json) -> Json:
        """Store a message of the app; the app hears of it, as in Slack."""
        author = {"user": BOT_USER, "bot_id": BOT_ID, "app_id": APP_ID, "team": TEAM_ID}
        stored = self.workspace.post(channel, {**author, **content})
        if "ephemeral_for" not in stored:
            self.tell_of_message(channel, with_root(channel, stored))
        return stored

    def edit_as_app(self, channel: Channel, ts: str, changes: Json) -> Json:
        """Put changes over a message of the app; the app hears what it was and what it is."""
        before = channel.messages[ts]
        stored = self.workspace.edit(channel, ts, changes)
        if "ephemeral_for" not in stored:
            self._tell_of_change(channel, "message_changed", {"message": stored, "previous_message": before})
        return stored

    def remove_as_app(self, channel: Channel, ts: str) -> None:
        """Delete a message of the app; the app hears what it was."""
        before = channel.messages[ts]
        self.workspace.remove(channel, ts)
        if "ephemeral_for" not in before:
            self._tell_of_change(channel, "message_deleted", {"deleted_ts": ts, "previous_message": before})

    def _tell_of_change(self, channel: Channel, subtype: str, content: Json) -> None:
        # The change has a ts of its own, and its author stands in the message inside, not beside it.
        ts = f"{self.workspace.now().timestamp():.6f}"
        change = {"type": "message", "subtype": subtype, "hidden": True, "ts": ts, **content}
        self.tell_of_message(channel, change)

    def whisper(self, channel: Channel, user: str, text: str) -> Json:
        """Show a line of Slackbot to one person."""
        line = {"user": SLACKBOT, "text": text, "is_ephemeral": True, "ephemeral_for": user}
        return self.workspace.post(channel, line)

    # Who is in a channel

    def bring_in(self, channel: Channel, person: Person, inviter: Person | None = None) -> None:
        """Put somebody into a channel; the app hears of it where it is in, also when it is the app itself."""
        by = {"inviter": inviter.id} if inviter else {}
        channel.members.append(person.id)
        line = {"subtype": "channel_join", "user": person.id, **by}
        self.workspace.post(channel, {**line, "text": f"<@{person.id}> has joined the channel"})
        self._tell_of_member("member_joined_channel", channel, person, by)

    def take_out(self, channel: Channel, person: Person, actor: Person) -> None:
        """Take somebody out of a channel.

        The app hears `member_left_channel` of others alone. Of its own going it hears `channel_left`, or
        `group_left` for a private channel (measured: node-slack-sdk #931, open-managed-agents #24).
        """
        channel.members.remove(person.id)
        line = {"subtype": "channel_leave", "user": person.id}
        self.workspace.post(channel, {**line, "text": f"<@{person.id}> has left the channel"})
        self.workspace.changed("members")
        if person.id == BOT_USER:
            gone = "group_left" if channel.private else "channel_left"
            self.tell({"type": gone, "channel": channel.id, "actor_id": actor.id}, channel)
        else:
            self._tell_of_member("member_left_channel", channel, person, {})

    def _tell_of_member(self, kind: str, channel: Channel, person: Person, more: Json) -> None:
        if BOT_USER in channel.members:
            # The letter is C for every channel made since March 2021, private ones included.
            place = {"channel": channel.id, "channel_type": "C", "team": person.team}
            self.tell({"type": kind, "user": person.id, **place, **more}, channel)


def _place(channel: Channel) -> Json:
    kind = "im" if channel.im_with else "group" if channel.private else "channel"
    return {"channel": channel.id, "channel_type": kind}
