"""Where Slack's requests enter: each is translated into a command, handled, and then acknowledged.

Bolt runs the listeners before it responds, so what a person is told is durable by then. Every listener is
guarded: an exception must neither undo an acknowledgement nor leave a person without an answer.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import aiohttp
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import OperationalError

from bot.coordinator import Answer, Noted
from bot.ledger.own import chain_of
from bot.ledger.progress.answers import Delivery
from bot.release.ids import ChannelId, UserId, WorkspaceId
from bot.release.people.absence import ComeBack, GoAway
from bot.release.people.leaving import JoinChannel, LeaveChannel
from bot.release.people.own_hours import SetHours
from bot.release.refusal import Refused
from bot.release.telling.snooze import Snooze
from bot.slack import subcommands
from bot.slack.buttons import MEANT, Action, Target
from bot.slack.delivery.worker import DeliveryWorker
from bot.slack.desk import Call, Desk, Reply, first_word, typed
from bot.slack.digest.later import LATER
from bot.slack.digest.put_off import put_off
from bot.slack.forms import FORMS
from bot.slack.forms.form import Form, Submission, filled
from bot.slack.home.tabs import HomeTabs
from bot.slack.incoming.asking import asks_back
from bot.slack.incoming.mentions import answer_mention
from bot.slack.incoming.opening import opened, opens
from bot.slack.incoming.replies import Body, Replies, is_at_home, is_direct
from bot.slack.incoming.shortcuts import SHORTCUTS, chosen, shown
from bot.slack.tasks import Tasks
from bot.slack.writing.blocks import Block
from bot.slack.writing.words import plain_refusal, refusal

log = logging.getLogger(__name__)

BUSY: Final = "Rollcall cannot write to its database just now, so nothing was changed. Try again in a moment."
BROKEN: Final = (
    "Something went wrong in Rollcall. See whether it counted before you try again; its log says more."
)
COUNTED: Final = "Thank you. It is recorded, and the message of the gate shows it."
UNREADABLE: Final = "This button can no longer be read. The newest messages of the release have others."
HOME_OPENED: Final = "app_home_opened"
CHANNEL_EVENTS: Final = (
    "app_mention",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "channel_unarchive",
    "group_unarchive",
)
PEOPLE_EVENTS: Final = (
    "dnd_updated_user",
    "subteam_created",
    "subteam_members_changed",
    "subteam_updated",
    "user_change",
)
ELSEWHERE: Final = "This Rollcall serves another workspace, so nothing was changed."
ANYTHING: Final = re.compile(".*", re.DOTALL)


class Listeners:
    """Answer Slack's requests. What must call Slack runs in `tasks`, after the response."""

    def __init__(
        self,
        desk: Desk,
        client: AsyncWebClient,
        tasks: Tasks,
        people_changed: Callable[[], None],
        delivery: DeliveryWorker,
        homes: HomeTabs,
    ) -> None:
        self._desk = desk
        self._delivery = delivery
        self._people_changed = people_changed
        self._client = client
        self._tasks = tasks
        self._homes = homes
        self._replies = Replies(client, tasks, homes)

    def register(self, app: AsyncApp) -> None:
        """Register every listener; the catch-alls last, because Bolt takes the first that matches."""
        app.command(self._desk.command)(self._typed)
        for action in Action:
            app.action(action.value)(self._pressed)
        for shortcut in SHORTCUTS:
            app.shortcut(shortcut.callback)(self._chosen)
        for form in FORMS:
            app.view(form.callback)(self._submission_of(form))
        app.event(HOME_OPENED)(self._home_opened)
        for event in PEOPLE_EVENTS:
            app.event(event)(self._people_event)
        app.event("message")(self._said)
        app.event("app_mention")(self._mentioned)
        app.event("member_left_channel")(self._left)
        app.event("member_joined_channel")(self._joined)
        app.event("channel_unarchive")(self._reopened)
        app.event("group_unarchive")(self._reopened)
        # An unmatched request would be answered 404, and over a socket not at all.
        for register in (app.event, app.action, app.view, app.view_closed, app.shortcut, app.command):
            register(ANYTHING)(_acknowledged)

    async def _typed(self, ack: AsyncAck, body: Body) -> None:
        reply = await _guarded(self._answer_typed(body))
        self._replies.open(reply, body)
        text = "\n".join(filter(None, [reply.text, self._delivery.trouble()]))
        await ack(text=text, response_type="ephemeral") if text else await ack()

    async def _answer_typed(self, body: Body) -> Reply:
        word, rest = first_word(typed(body.get("text") or ""))
        _, raw = first_word(body.get("text") or "")
        if body["team_id"] != self._desk.workspace:
            return Reply(text=ELSEWHERE)
        channel = ChannelId(body["channel_id"])
        call = Call(
            workspace=self._desk.workspace,
            user=UserId(body["user_id"]),
            channel=channel,
            about=await self._desk.releases.about(self._desk.workspace, channel),
            text=rest,
            raw=raw,
            delivery=Delivery(f"command:{body['trigger_id']}"),
        )
        return await subcommands.answer(self._desk, word, call)

    async def _pressed(self, ack: AsyncAck, body: Body) -> None:
        reply = await _guarded(self._answer_pressed(body))
        self._replies.open(reply, body)
        if body["container"].get("is_ephemeral"):
            self._tasks.run(self._replies.put_in_place(body, reply.text or COUNTED))
        elif reply.text:
            self._tasks.run(self._replies.tell(body, reply.text))
        if is_at_home(body):
            # A press that came too late goes away with what it was about.
            self._homes.look(UserId(body["user"]["id"]))
        if is_direct(body):
            self._delivery.look_at(chain_of(_workspace(body), UserId(body["user"]["id"])))
        await ack()

    async def _answer_pressed(self, body: Body) -> Reply:
        pressed = body["actions"][0]
        try:
            action, target = Action(pressed["action_id"]), Target.read(pressed.get("value") or "")
        except ValueError:
            return Reply(text=UNREADABLE)
        if _workspace(body) != self._desk.workspace:
            return Reply(text=ELSEWHERE)
        user = UserId(body["user"]["id"])
        place = body["container"].get("message_ts") or body["container"].get("view_id", "")
        if opens(action, target, user):
            return await opened(self._desk, action, target, _workspace(body), user)
        if action is Action.COME_BACK:
            noted = await self._desk.note(ComeBack(workspace=_workspace(body), by=user))
            return Reply(text=refusal(noted)) if isinstance(noted, Refused) else Reply()
        if action in LATER:
            return await put_off(self._desk, action, _workspace(body), user)
        delivery = Delivery(f"press:{user}:{place}:{action}:{pressed['action_ts']}")
        command = replace(MEANT[action](target, _workspace(body), user), bound=target.bound)
        answer = await self._desk.coordinator.handle(command, delivery)
        # A press that counted shows in the messages themselves; only a refusal needs words.
        return Reply(text=refusal(answer)) if isinstance(answer, Refused) else Reply()

    async def _chosen(self, ack: AsyncAck, body: Body) -> None:
        # The form is opened beside the response, as the trigger lives for three seconds only.
        self._tasks.run(self._replies.open_in_time(self._form_of(body), body))
        await ack()

    async def _form_of(self, body: Body) -> Block:
        reply = await _guarded(self._answer_chosen(body))
        return reply.form or shown(reply)

    async def _answer_chosen(self, body: Body) -> Reply:
        if _workspace(body) != self._desk.workspace:
            return Reply(text=ELSEWHERE)
        return Reply(form=await chosen(self._desk, body, await self._link(body)))

    async def _link(self, body: Body) -> str:
        """Return the address of the message that a shortcut was chosen at, where Slack tells it."""
        if "message" not in body:
            return ""
        place = {"channel": body["channel"]["id"], "message_ts": body["message"]["ts"]}
        try:
            return str((await self._client.chat_getPermalink(**place))["permalink"])
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as fault:
            log.info("A message has no address: %s", fault)
            return ""

    def _submission_of(self, form: Form) -> Callable[[AsyncAck, Body], Awaitable[None]]:
        async def submitted(ack: AsyncAck, body: Body) -> None:
            await self._submitted(form, ack, body)

        return submitted

    async def _submitted(self, form: Form, ack: AsyncAck, body: Body) -> None:
        view = body["view"]
        submission = Submission(
            workspace=_workspace(body),
            user=UserId(body["user"]["id"]),
            at=self._desk.clock.now(),
            remembered=view["private_metadata"],
            values=filled(view),
        )
        delivery = Delivery(f"submit:{view['id']}:{body['trigger_id']}")
        refused = await _guarded(self._answer_submitted(form, submission, delivery))
        if refused.text:
            field = refused.field or next(iter(submission.values))
            await ack(response_action="errors", errors={field: refused.text})
        else:
            await ack()

    async def _answer_submitted(self, form: Form, submission: Submission, delivery: Delivery) -> Reply:
        match form.means(submission):
            case Refused() as refused:
                answer: Answer | Noted = refused
            case GoAway() | ComeBack() | SetHours() | Snooze() as own:
                answer = await self._desk.note(own)
            case command:
                answer = await self._desk.coordinator.handle(command, delivery)
        if not isinstance(answer, Refused):
            return Reply()
        return Reply(text=plain_refusal(answer), field=form.field_of(answer))

    async def _home_opened(self, ack: AsyncAck, body: Body) -> None:
        event = body["event"]
        if event.get("tab") == "home":
            shown = event.get("view") or {}
            self._homes.opened(UserId(event["user"]), shown.get("hash", ""))
        await ack()

    async def _said(self, ack: AsyncAck, body: Body) -> None:
        event = body["event"]
        if body.get("team_id") == self._desk.workspace:
            question = await _guarded(asks_back(self._desk, event))
            # What went wrong is in the log: who only wrote a message has asked Rollcall for nothing.
            if question.blocks:
                self._tasks.run(self._replies.whisper(event, question))
        await ack()

    async def _mentioned(self, ack: AsyncAck, body: Body) -> None:
        if body.get("team_id") == self._desk.workspace:
            me = body["authorizations"][0]["user_id"]
            reply = await _guarded(answer_mention(self._desk, body["event"], me))
            if reply.text:
                self._tasks.run(self._replies.answer_in_thread(body["event"], reply.text))
        await ack()

    async def _people_event(self, ack: AsyncAck) -> None:
        self._people_changed()
        await ack()

    async def _left(self, ack: AsyncAck, body: Body) -> None:
        await self._moved(LeaveChannel, body)
        await ack()

    async def _joined(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        if body["event"]["user"] == context.bot_user_id:
            self._delivery.wake_all()
        await self._moved(JoinChannel, body)
        await ack()

    async def _reopened(self, ack: AsyncAck) -> None:
        self._delivery.wake_all()
        await ack()

    async def _moved(self, means: type[LeaveChannel | JoinChannel], body: Body) -> None:
        """Note on each open release of a channel that a person has left it, or come in."""
        event, workspace = body["event"], self._desk.workspace
        person = UserId(event["user"])
        for row in await self._desk.releases.open_in(workspace, ChannelId(event["channel"])):
            await self._desk.coordinator.handle(means(workspace=workspace, release=row.id.key, by=person))


def _workspace(body: Body) -> WorkspaceId:
    # For somebody of another workspace, `team` is theirs; where the app is installed stands in the view.
    if installed := (body.get("view") or {}).get("app_installed_team_id"):
        return WorkspaceId(installed)
    # An installation for a whole organization leaves `team` empty.
    return WorkspaceId((body.get("team") or {}).get("id") or body["user"]["team_id"])


async def _guarded(answer: Awaitable[Reply]) -> Reply:
    try:
        return await answer
    except OperationalError:
        log.exception("The database did not take a command.")
        return Reply(text=BUSY)
    except Exception:
        log.exception("A request could not be answered.")
        return Reply(text=BROKEN)


async def _acknowledged(ack: AsyncAck) -> None:
    await ack()
