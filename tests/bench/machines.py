"""The same transition in two libraries for state machines: from awaiting approval to ready, with a guard.

They only move a state when a guard says so. What Rollcall decides besides (who may, who sits where, what
follows, which reminder is due) is not in them, so the ratio says what all of that costs.
"""

from collections.abc import Callable, Mapping

from statemachine import State, StateMachine
from transitions import Machine


class Moves(StateMachine):
    """The states of a release up to ready, in python-statemachine."""

    awaiting_approval = State(initial=True)
    ready = State()
    gates_met = awaiting_approval.to(ready, cond="every_gate_is_met")
    gates_lapsed = ready.to(awaiting_approval)

    def every_gate_is_met(self) -> bool:
        """Let the transition through."""
        return True


class Release:
    """What carries the state in transitions."""

    gates_met: Callable[[], bool]
    gates_lapsed: Callable[[], bool]

    def every_gate_is_met(self) -> bool:
        """Let the transition through."""
        return True


def there_and_back() -> Mapping[str, Callable[[], object]]:
    """Return, for each library, what fires the transition and the one back: two transitions a call."""
    moves, release = Moves(), Release()
    Machine(
        release,
        states=["awaiting_approval", "ready"],
        initial="awaiting_approval",
        transitions=[
            {
                "trigger": "gates_met",
                "source": "awaiting_approval",
                "dest": "ready",
                "conditions": "every_gate_is_met",
            },
            {"trigger": "gates_lapsed", "source": "ready", "dest": "awaiting_approval"},
        ],
    )
    return {
        "python-statemachine": lambda: (moves.send("gates_met"), moves.send("gates_lapsed")),
        "transitions": lambda: (release.gates_met(), release.gates_lapsed()),
    }
