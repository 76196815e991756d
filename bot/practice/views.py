"""Modals and Home tabs: the stack that each person has open, and the rules for changing it."""

import json
import secrets
import time

from bot.practice.blockkit import view_problems
from bot.practice.cast import APP_ID, BOT_ID, TEAM_ID
from bot.practice.elements import states, with_ids
from bot.practice.shapes import Json, Refusal

VIEW_BYTES = 250_000
STACK = 3
GIVEN = ("type", "title", "submit", "close", "blocks", "private_metadata", "callback_id", "external_id")


class Views:
    """Hold the open modals, newest on top, and the published Home tabs; both by the person's id."""

    def __init__(self) -> None:
        self.stacks: dict[str, list[Json]] = {}
        self.homes: dict[str, Json] = {}

    def top(self, user: str) -> Json | None:
        """Return the modal that the person sees."""
        stack = self.stacks.get(user)
        return stack[-1] if stack else None

    def holder(self, view_id: object) -> str | None:
        """Return the person who has the view open."""
        for user, stack in self.stacks.items():
            if any(view["id"] == view_id for view in stack):
                return user
        return None

    def open(self, user: str, given: object) -> Json:
        """Show a new modal in place of whatever is open."""
        view = self._made(given, kind="modal")
        view["root_view_id"] = view["id"]
        self.stacks[user] = [view]
        return view

    def push(self, user: str, given: object) -> Json:
        """Lay a modal over the one that is open; at most three lie on each other."""
        stack = self.stacks.get(user, [])
        if not stack:
            raise Refusal("not_found")
        if len(stack) >= STACK:
            raise Refusal("push_limit_reached")
        view = self._made(given, kind="modal")
        view |= {"root_view_id": stack[0]["id"], "previous_view_id": stack[-1]["id"]}
        stack.append(view)
        return view

    def update(self, given: object, *, view_id: object, external_id: object, known_hash: object) -> Json:
        """Change an open modal; inputs keep what they hold where block_id and action_id stay the same."""
        stack, place = self._find(view_id, external_id)
        old = stack[place]
        if known_hash and known_hash != old["hash"]:
            raise Refusal("hash_conflict")
        stack[place] = self._made(given, kind="modal", replaces=old)
        return stack[place]

    def hold(self, user: str, view: Json) -> None:
        """Put a person's open modal or Home tab in place of the one with the same id."""
        if view["type"] == "home":
            self.homes[user] = view
            return
        stack = self.stacks[user]
        stack[[one["id"] for one in stack].index(view["id"])] = view

    def publish(self, user: str, given: object, known_hash: object) -> Json:
        """Set the person's Home tab."""
        old = self.homes.get(user)
        if old is not None and known_hash and known_hash != old["hash"]:
            raise Refusal("hash_conflict")
        self.homes[user] = self._made(given, kind="home", replaces=old)
        return self.homes[user]

    def close_top(self, user: str) -> Json | None:
        """Take the top modal away and return it."""
        stack = self.stacks.get(user)
        return stack.pop() if stack else None

    def clear(self, user: str) -> list[Json]:
        """Take all modals of the person away and return them, top first."""
        return list(reversed(self.stacks.pop(user, [])))

    def _find(self, view_id: object, external_id: object) -> tuple[list[Json], int]:
        for stack in self.stacks.values():
            for place, view in enumerate(stack):
                if view_id == view["id"] or (external_id and external_id == view["external_id"]):
                    return stack, place
        raise Refusal("not_found")

    def _made(self, given: object, *, kind: str, replaces: Json | None = None) -> Json:
        view = checked(given, kind)
        self._refuse_taken_external_id(view.get("external_id"), replaces)
        view_id = replaces["id"] if replaces else "V" + secrets.token_hex(5).upper()
        held = replaces["state"]["values"] if replaces else None
        return {
            "id": view_id,
            "team_id": TEAM_ID,
            "app_id": APP_ID,
            "app_installed_team_id": TEAM_ID,
            "bot_id": BOT_ID,
            **{key: view.get(key, None if key in ("submit", "close") else "") for key in GIVEN},
            "blocks": view["blocks"],
            "title": view.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
            "clear_on_close": bool(view.get("clear_on_close")),
            "notify_on_close": bool(view.get("notify_on_close")),
            "root_view_id": replaces["root_view_id"] if replaces else view_id,
            "previous_view_id": replaces["previous_view_id"] if replaces else None,
            "hash": f"{int(time.time())}.{secrets.token_hex(4)}",
            "state": {"values": states(view["blocks"], held)},
        }

    def _refuse_taken_external_id(self, external_id: object, replaces: Json | None) -> None:
        others = [view for stack in self.stacks.values() for view in stack if view is not replaces]
        if external_id and any(view["external_id"] == external_id for view in others):
            raise Refusal("duplicate_external_id")


def checked(given: object, kind: str) -> Json:
    """Return the view with all ids filled in; raise Refusal as Slack does when it is not valid."""
    if not isinstance(given, dict):
        raise invalid_view(["must be a view object [json-pointer:/view]"])
    if given.get("type") != kind:
        raise invalid_view([f"must be {kind!r} [json-pointer:/view/type]"])
    if len(json.dumps(given, ensure_ascii=False).encode()) > VIEW_BYTES:
        raise Refusal("view_too_large")
    if problems := view_problems(given):
        raise invalid_view(problems)
    return {**given, "blocks": with_ids(given["blocks"])}


def invalid_view(messages: list[str]) -> Refusal:
    """Make Slack's refusal of a view; each message says what is wrong where."""
    marked = [f"[ERROR] {one}" for one in messages]
    return Refusal("invalid_arguments", response_metadata={"messages": marked})
