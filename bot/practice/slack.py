"""The parts of the practice Slack in one hand, for the code that needs several of them."""

from dataclasses import dataclass

from bot.practice.cast import APP_ID, BOT_ID, BOT_USER, SLACKBOT, TEAM_ID, SlashCommand
from bot.practice.deliver import Delivery
from bot.practice.handles import ResponseUrls, Triggers
from bot.practice.shapes import Json
from bot.practice.traffic import Traffic
from bot.practice.workspace import Channel, Workspace


@dataclass(slots=True, kw_only=True)
class Slack:
    """Everything there is; `url` is the address without a slash at its end."""

    workspace: Workspace
    delivery: Delivery
    traffic: Traffic
    triggers: Triggers
    response_urls: ResponseUrls
    scopes: frozenset[str]
    commands: tuple[SlashCommand, ...]
    url: str = ""

    def post_as_app(self, channel: Channel, content: Json) -> Json:
        """Store a message of the app; in a direct message the app hears of it, as in Slack."""
        author = {"user": BOT_USER, "bot_id": BOT_ID, "app_id": APP_ID, "team": TEAM_ID}
        stored = self.workspace.post(channel, {**author, **content})
        if channel.im_with and "ephemeral_for" not in stored:
            place = {"channel": channel.id, "channel_type": "im", "event_ts": stored["ts"]}
            self.delivery.event(stored | place)
        return stored

    def whisper(self, channel: Channel, user: str, text: str) -> Json:
        """Show a line of Slackbot to one person."""
        line = {"user": SLACKBOT, "text": text, "is_ephemeral": True, "ephemeral_for": user}
        return self.workspace.post(channel, line)
