"""Names for the things that are passed around, so that one is not taken for another."""

import re
from typing import Final, NamedTuple, NewType

WorkspaceId = NewType("WorkspaceId", str)
ChannelId = NewType("ChannelId", str)
UserId = NewType("UserId", str)
ReleaseKey = NewType("ReleaseKey", str)

KEY: Final = re.compile(r"[a-z][a-z0-9-]*-[0-9]+", re.ASCII)
"""What the key of a release looks like: its service and a number."""

ROLLCALL = UserId("rollcall")
"""The actor of what follows by rule or by the clock, and not from a person's act."""


class ReleaseId(NamedTuple):
    """Where a release is found: its workspace, then its readable key such as `checkout-42`."""

    workspace: WorkspaceId
    key: ReleaseKey
