"""The states of a release and, as data, the moves between them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a release stands."""

    AWAITING_APPROVAL = "awaiting_approval"
    READY = "ready"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more can happen to the release."""
        return self in ENDED


ENDED: Final = frozenset({State.COMPLETED, State.CANCELLED})

MOVES: Final[Mapping[str, Mapping[State | None, State]]] = {
    "Started": {None: State.AWAITING_APPROVAL},
    "GatesMet": {State.AWAITING_APPROVAL: State.READY},
    "GatesLapsed": {State.READY: State.AWAITING_APPROVAL},
    "StageBegan": {State.READY: State.IN_PROGRESS},
    "StageDone": {State.IN_PROGRESS: State.AWAITING_APPROVAL},
    "Completed": {State.IN_PROGRESS: State.COMPLETED},
    "Cancelled": {
        State.AWAITING_APPROVAL: State.CANCELLED,
        State.READY: State.CANCELLED,
        State.IN_PROGRESS: State.CANCELLED,
    },
}
"""Event name -> state before -> state after. An event that is not listed leaves the state as it is."""


class IllegalMove(Exception):
    """An event does not fit the state of its release: the ledger is damaged, or a rule is wrong."""


def state_after(state: State | None, event: str) -> State:
    """Return the state that `event` leads to from `state`.

    Raises IllegalMove when the table has no such move, or when an ended release would change.
    """
    moves = MOVES.get(event)
    after = state if moves is None else moves.get(state)
    if after is None or (state is not None and state.ended):
        raise IllegalMove(f"{event} cannot happen to a release that is {state or 'not started'}.")
    return after
