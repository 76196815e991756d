"""Keeping the workspace in a file, so that it is the same after a restart."""

import asyncio
import json
from dataclasses import asdict, fields
from datetime import timedelta
from pathlib import Path

from bot.practice.cast import Group, Person
from bot.practice.shapes import Json
from bot.practice.workspace import Change, Channel, Workspace

DEBOUNCE_SECONDS = 0.15


def snapshot(workspace: Workspace) -> Json:
    """Return everything that is to be kept, as JSON; open modals are not."""
    return {
        "offset_s": workspace.clock.offset.total_seconds(),
        "people": [asdict(person) for person in workspace.people.values()],
        "groups": [asdict(group) for group in workspace.groups.values()],
        "channels": [_as_it_is(channel) for channel in workspace.channels.values()],
        "read": workspace.read,
        "homes": workspace.views.homes,
        "version": workspace.version,
    }


def _as_it_is(channel: Channel) -> Json:
    """Return a channel's fields without copying its messages, which may be many."""
    return {field.name: getattr(channel, field.name) for field in fields(channel)}


def restore(workspace: Workspace, kept: Json) -> None:
    """Bring the workspace to what was kept, the clock's offset included."""
    workspace.clock.offset = timedelta(seconds=kept["offset_s"])
    workspace.people = {one["id"]: Person(**one) for one in kept["people"]}
    groups = [Group(**{**one, "users": tuple(one["users"])}) for one in kept["groups"]]
    workspace.groups = {group.id: group for group in groups}
    workspace.channels = {one["id"]: Channel(**one) for one in kept["channels"]}
    workspace.read.update(kept["read"])
    workspace.views.homes = kept["homes"]
    workspace.version = kept["version"]


class Keeper:
    """Write the workspace to its file shortly after each change, and whole or not at all."""

    def __init__(self, workspace: Workspace, path: Path) -> None:
        self._workspace = workspace
        self._path = path
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Read the file if there is one, and follow the changes from now on.

        Raises ValueError, naming the file, when it cannot be understood.
        """
        if self._path.exists():
            try:
                restore(self._workspace, json.loads(self._path.read_text("utf-8")))
            except (ValueError, KeyError, TypeError) as trouble:
                sentence = f"{self._path} holds no practice workspace; delete it to start afresh."
                raise ValueError(sentence) from trouble
        self._workspace.listeners.append(self._changed)

    def stop(self) -> None:
        """Write what is not written yet."""
        if self._changed in self._workspace.listeners:
            self._workspace.listeners.remove(self._changed)
            self._write()

    def _changed(self, _: Change) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DEBOUNCE_SECONDS, self._write)

    def _write(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(self._path.name + ".new")
        draft.write_text(json.dumps(snapshot(self._workspace)), "utf-8")
        draft.replace(self._path)
