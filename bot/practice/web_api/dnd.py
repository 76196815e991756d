"""The dnd.* methods: who has paused their notifications, and until when."""

from bot.practice.cast import BOT_USER
from bot.practice.shapes import Json, Refusal
from bot.practice.to_app.payloads import dnd_status
from bot.practice.web_api.call import Call

USERS = 50


def info(call: Call) -> Json:
    """Tell about one person, or about the app itself when no `user` is named."""
    user = call.get("user") or BOT_USER
    if user not in call.workspace.people:
        raise Refusal("user_not_found")
    return {"ok": True, **_of(call, user)}


def team_info(call: Call) -> Json:
    """Tell about up to fifty people, named in a comma-separated list.

    Slack documents that limit but no error for it, so more of them are answered as any wrong argument is.
    """
    users = [user.strip() for user in (call.get("users") or "").split(",") if user.strip()]
    if not users:
        raise Refusal("no_users_provided")
    if len(users) > USERS:
        messages = [f"[ERROR] no more than {USERS} items allowed [json-pointer:/users]"]
        raise Refusal("invalid_arguments", response_metadata={"messages": messages})
    return {"ok": True, "users": {user: _of(call, user) for user in users}}


def _of(call: Call, user: str) -> Json:
    person = call.workspace.people.get(user)
    if person is None or call.workspace.is_stranger(person):
        raise Refusal("user_not_visible")
    return dnd_status(person, call.workspace.now())
