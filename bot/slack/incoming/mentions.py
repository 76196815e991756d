"""Mentions of Rollcall: what follows one is answered like a subcommand, in the thread where it was asked.

Slack has no slash commands in threads, and in the thread of a release a mention needs no key.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from bot.ledger.progress.answers import Delivery
from bot.release.ids import ChannelId, UserId
from bot.slack import subcommands
from bot.slack.desk import MENTIONED, Call, Desk, Reply, first_word, typed
from bot.slack.incoming.asking import says_yes

FORM: Final = (
    "That opens a form, and a mention cannot open one. Use the buttons of the release, type"
    " `{command} {word}` in the channel, or add here what is missing, such as the key and a reason."
)
HELP: Final = (
    "After `{mention}`, write what you would type after `{command}`: `{mention} status`, `{mention} why`,"
    " `{mention} hold the smoke tests fail`. In its thread or its own channel, the key of a release may be"
    " left out. `{command} help`, typed in the channel, lists all there is."
)
STRANGER: Final = "Only people of the workspace that I am installed in can ask me. Ask one of them to."
ONCE: Final = timedelta(days=1)
"""For how long a mention that Slack sends again is known; it gives up within two hours."""


async def answer_mention(desk: Desk, event: Mapping[str, Any], me: str) -> Reply:
    """Answer what a person has written after the mention of `me`; a yes is asked about, and not answered."""
    _, _, raw = event["text"].partition(f"<@{me}>")
    if "bot_id" in event or says_yes(raw):
        return Reply()
    place = f"mention:{event['channel']}:{event['ts']}"
    reply = await _answer(desk, event, raw.lstrip(" ,:;.!?"), Delivery(place))
    first = await desk.coordinator.first(desk.workspace, Delivery(f"{place}:answer"), ONCE)
    return reply if first else Reply()


async def _answer(desk: Desk, event: Mapping[str, Any], raw: str, delivery: Delivery) -> Reply:
    if event.get("user_team", desk.workspace) != desk.workspace:
        return Reply(text=STRANGER)
    channel, thread = ChannelId(event["channel"]), event.get("thread_ts")
    about = await desk.releases.about(desk.workspace, channel, thread)
    word, rest = first_word(typed(raw))
    word = word.strip(".,:;!?").lower() or ("status" if about else "help")
    if word == "help":
        return Reply(text=HELP.format(mention=MENTIONED, command=desk.command))
    call = Call(
        workspace=desk.workspace,
        user=UserId(event["user"]),
        channel=channel,
        text=rest,
        raw=first_word(raw)[1],
        delivery=delivery,
        about=about,
        public=True,
    )
    reply = await subcommands.answer(replace(desk, command=MENTIONED), word, call)
    return Reply(text=FORM.format(command=desk.command, word=word)) if reply.form else reply
