"""The views.* methods: modals and Home tabs."""

from bot.practice.shapes import Json, Refusal
from bot.practice.views import checked
from bot.practice.web_api.call import Call


def open_view(call: Call) -> Json:
    """Open a modal for the person whose act gave the trigger."""
    checked(call.need("view"), "modal")
    user = call.slack.triggers.exchange(call.need("trigger_id")).user
    view = call.workspace.views.open(user, call.get("view"))
    call.workspace.changed("view", user=user)
    return {"ok": True, "view": view}


def push(call: Call) -> Json:
    """Lay a modal over the one in which the trigger was given."""
    checked(call.need("view"), "modal")
    trigger = call.slack.triggers.exchange(call.need("trigger_id"))
    if not trigger.in_modal:
        raise Refusal("not_found")
    view = call.workspace.views.push(trigger.user, call.get("view"))
    call.workspace.changed("view", user=trigger.user)
    return {"ok": True, "view": view}


def update(call: Call) -> Json:
    """Change an open modal."""
    given, views = call.need("view"), call.workspace.views
    if call.get("view_id") is None and call.get("external_id") is None:
        call.need("view_id")
    view = views.update(
        given, view_id=call.get("view_id"), external_id=call.get("external_id"), known_hash=call.get("hash")
    )
    call.workspace.changed("view", user=views.holder(view["id"]))
    return {"ok": True, "view": view}


def publish(call: Call) -> Json:
    """Set a person's Home tab."""
    user, given = call.need("user_id"), call.need("view")
    if user not in call.workspace.people:
        raise Refusal("invalid_arguments", response_metadata={"messages": ["invalid `user_id`"]})
    if not call.slack.home_tab:
        raise Refusal("not_enabled")
    view = call.workspace.views.publish(user, given, call.get("hash"))
    call.workspace.changed("home", user=user)
    return {"ok": True, "view": view}
