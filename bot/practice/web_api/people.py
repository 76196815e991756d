"""The methods about the app itself, people, groups and the team."""

from bot.practice.cast import APP_ID, APP_NAME, BOT_ID, BOT_USER, TEAM_DOMAIN, TEAM_ID, TEAM_NAME
from bot.practice.shapes import Json, Refusal
from bot.practice.to_app.payloads import group_object
from bot.practice.web_api.call import Call


def auth_test(call: Call) -> Json:
    """Tell whose token it is."""
    return {
        "ok": True,
        "url": f"{call.slack.url}/",
        "team": TEAM_NAME,
        "user": APP_NAME,
        "team_id": TEAM_ID,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def api_test(call: Call) -> Json:
    """Answer with what was asked, or with the error that was wished for."""
    args = {key: value for key, value in call.args.items() if key != "token"}
    if call.get("error"):
        raise Refusal(str(call.get("error")), args=args)
    return {"ok": True, "args": args}


def open_connection(call: Call) -> Json:
    """Give the address of one Socket Mode connection."""
    address = call.slack.url.replace("http", "ws", 1)
    return {"ok": True, "url": f"{address}/socket/{call.slack.delivery.sockets.ticket()}"}


def user_info(call: Call) -> Json:
    """Tell about one person."""
    person = call.workspace.people.get(call.need("user", "user_not_found"))
    if person is None:
        raise Refusal("user_not_found")
    return {"ok": True, "user": call.slack.user_facts(person)}


def users(call: Call) -> Json:
    """List everybody, bots, the deactivated and people of other workspaces among them."""
    page, metadata = call.page(list(call.workspace.people.values()), default=1000)
    return {
        "ok": True,
        "members": [call.slack.user_facts(person) for person in page],
        "cache_ts": int(call.workspace.now().timestamp()),
        "response_metadata": metadata,
    }


def groups(call: Call) -> Json:
    """List the user groups."""
    now, with_users = call.workspace.now(), call.flag("include_users")
    found = call.workspace.groups.values()
    return {"ok": True, "usergroups": [group_object(one, now, with_users=with_users) for one in found]}


def group_users(call: Call) -> Json:
    """List the ids of a group's members."""
    group = call.workspace.groups.get(call.need("usergroup", "no_such_subteam"))
    if group is None:
        raise Refusal("no_such_subteam")
    return {"ok": True, "users": list(group.users)}


def bot_info(call: Call) -> Json:
    """Tell about the app's bot."""
    if call.get("bot") not in (None, BOT_ID):
        raise Refusal("bot_not_found")
    bot = {"id": BOT_ID, "app_id": APP_ID, "user_id": BOT_USER, "name": APP_NAME, "deleted": False}
    return {"ok": True, "bot": {**bot, "updated": 0, "icons": {}}}


def team_info(call: Call) -> Json:
    """Tell about the team."""
    team = {"id": TEAM_ID, "name": TEAM_NAME, "domain": TEAM_DOMAIN, "email_domain": "", "icon": {}}
    return {"ok": True, "team": {**team, "url": f"{call.slack.url}/"}}
