"""The Web API as a table: every method, the scope it needs and how often it may be called."""

from dataclasses import dataclass

from bot.practice.web_api import channels, chat, conversations, dnd, people, views
from bot.practice.web_api.call import Run
from bot.practice.web_api.limits import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method; where the scope depends on the kind of channel, `run` asks for it."""

    run: Run
    tier: Tier
    scope: str | None = None
    app_token: bool = False


METHODS: dict[str, Method] = {
    "api.test": Method(run=people.api_test, tier=Tier.FOUR),
    "apps.connections.open": Method(run=people.open_connection, tier=Tier.ONE, app_token=True),
    "auth.test": Method(run=people.auth_test, tier=Tier.SPECIAL),
    "bots.info": Method(run=people.bot_info, tier=Tier.THREE, scope="users:read"),
    "chat.delete": Method(run=chat.delete, tier=Tier.THREE, scope="chat:write"),
    "chat.getPermalink": Method(run=chat.get_permalink, tier=Tier.SPECIAL),
    "chat.postEphemeral": Method(run=chat.post_ephemeral, tier=Tier.FOUR, scope="chat:write"),
    "chat.postMessage": Method(run=chat.post_message, tier=Tier.SPECIAL, scope="chat:write"),
    "chat.update": Method(run=chat.update, tier=Tier.THREE, scope="chat:write"),
    "conversations.archive": Method(run=channels.archive, tier=Tier.TWO),
    "conversations.create": Method(run=channels.create, tier=Tier.TWO),
    "conversations.history": Method(run=conversations.history, tier=Tier.THREE),
    "conversations.info": Method(run=conversations.info, tier=Tier.THREE),
    "conversations.invite": Method(run=channels.invite, tier=Tier.THREE),
    "conversations.join": Method(run=conversations.join, tier=Tier.THREE, scope="channels:join"),
    "conversations.list": Method(run=conversations.list_all, tier=Tier.TWO),
    "conversations.members": Method(run=conversations.members, tier=Tier.FOUR),
    "conversations.open": Method(run=conversations.open_dm, tier=Tier.THREE, scope="im:write"),
    "conversations.replies": Method(run=conversations.replies, tier=Tier.THREE),
    "conversations.setTopic": Method(run=channels.set_topic, tier=Tier.TWO),
    "conversations.unarchive": Method(run=channels.unarchive, tier=Tier.TWO),
    "dnd.info": Method(run=dnd.info, tier=Tier.THREE, scope="dnd:read"),
    "dnd.teamInfo": Method(run=dnd.team_info, tier=Tier.TWO, scope="dnd:read"),
    "team.info": Method(run=people.team_info, tier=Tier.THREE, scope="team:read"),
    "usergroups.list": Method(run=people.groups, tier=Tier.TWO, scope="usergroups:read"),
    "usergroups.users.list": Method(run=people.group_users, tier=Tier.TWO, scope="usergroups:read"),
    "users.conversations": Method(run=conversations.of_user, tier=Tier.THREE),
    "users.info": Method(run=people.user_info, tier=Tier.FOUR, scope="users:read"),
    "users.list": Method(run=people.users, tier=Tier.TWO, scope="users:read"),
    "views.open": Method(run=views.open_view, tier=Tier.FOUR),
    "views.publish": Method(run=views.publish, tier=Tier.FOUR),
    "views.push": Method(run=views.push, tier=Tier.FOUR),
    "views.update": Method(run=views.update, tier=Tier.FOUR),
}
