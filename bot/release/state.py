"""The states of a release and, as data, the moves between them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a release stands."""

    AWAITING_APPROVAL = "awaiting_approval"
    READY = "ready"
    IN_PROGRESS = "in_progress"
    FAILED = "failed"
    ROLLING_BACK = "rolling_back"
    COMPLETED = "completed"
    ROLLED_BACK = "rolled_back"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether the release has come to its end."""
        return self in ENDED

    @property
    def words(self) -> str:
        """How it is said, such as `awaiting approval`."""
        return self.value.replace("_", " ")


ENDED: Final = frozenset({State.COMPLETED, State.ROLLED_BACK, State.CANCELLED})

_FORWARD: Final = (State.AWAITING_APPROVAL, State.READY, State.IN_PROGRESS, State.FAILED)

MOVES: Final[Mapping[str, Mapping[State | None, State]]] = {
    "Started": {None: State.AWAITING_APPROVAL},
    "GatesMet": {State.AWAITING_APPROVAL: State.READY},
    "GatesLapsed": {State.READY: State.AWAITING_APPROVAL},
    "StageBegan": {State.READY: State.IN_PROGRESS, State.ROLLING_BACK: State.ROLLING_BACK},
    "StepFailed": {State.IN_PROGRESS: State.FAILED, State.ROLLING_BACK: State.ROLLING_BACK},
    "StepRetried": {State.FAILED: State.IN_PROGRESS, State.ROLLING_BACK: State.ROLLING_BACK},
    "StepSkipped": {State.FAILED: State.IN_PROGRESS, State.ROLLING_BACK: State.ROLLING_BACK},
    "StageDone": {State.IN_PROGRESS: State.AWAITING_APPROVAL},
    "ManifestChanged": dict.fromkeys(_FORWARD, State.AWAITING_APPROVAL),
    "Completed": {State.IN_PROGRESS: State.COMPLETED},
    "RollbackBegan": dict.fromkeys((*_FORWARD, State.COMPLETED), State.ROLLING_BACK),
    "RolledBack": {State.ROLLING_BACK: State.ROLLED_BACK},
    "Cancelled": dict.fromkeys(_FORWARD, State.CANCELLED),
}
"""Event name -> state before -> state after. An event that is not listed leaves the state as it is."""

AFTERWARDS: Final = frozenset(
    {
        "MembersRead",
        "EvidenceAttached",
        "ReviewOpened",
        "ReviewSigned",
        "ReviewReminded",
        "LockLifted",
        "RollbackBegan",
    }
)
"""The events that can still happen to a release that has ended."""


class IllegalMove(Exception):
    """An event does not fit the state of its release: the ledger is damaged, or a rule is wrong."""


def state_after(state: State | None, event: str) -> State:
    """Return the state that `event` leads to from `state`.

    Raises IllegalMove when the table has no such move, or when an ended release would change.
    """
    moves = MOVES.get(event)
    after = state if moves is None else moves.get(state)
    if after is None or (state is not None and state.ended and event not in AFTERWARDS):
        raise IllegalMove(f"{event} cannot happen to a release that is {state or 'not started'}.")
    return after
