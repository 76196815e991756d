"""Faults to order: what can go wrong between the app and Slack, made to happen."""

from dataclasses import asdict, dataclass

from bot.practice.shapes import Impossible, Json

ANY = "*"
NONE = "none"


@dataclass(slots=True, kw_only=True)
class Fault:
    """Something to go wrong the next `times` calls of `method`; times in seconds.

    Kinds: none, for calls that go well before the next fault; ratelimited, server_error, server_error_after,
    timeout, slow, lost_answer, late_store; any other kind is answered as the error of that name.
    """

    method: str
    kind: str
    times: int = 1
    retry_after: int = 1
    delay_s: float = 1.0


class Faults:
    """Keep the faults that are still to come, in the order in which they were ordered."""

    def __init__(self) -> None:
        self._coming: list[Fault] = []

    def order(self, wish: Json) -> Fault:
        """Add a fault; raise Impossible when method or kind is missing or a number is none."""
        try:
            fault = Fault(
                method=str(wish["method"]),
                kind=str(wish["kind"]),
                times=int(wish.get("times", 1)),
                retry_after=int(wish.get("retry_after", 1)),
                delay_s=float(wish.get("delay_s", 1.0)),
            )
        except (KeyError, TypeError, ValueError) as trouble:
            example = '{"method": "chat.postMessage", "kind": "timeout", "times": 1}'
            raise Impossible(f"A fault looks like {example}.") from trouble
        self._coming.append(fault)
        return fault

    def take(self, method: str) -> Fault | None:
        """Return the fault that this call of the method meets, if any, and count it down."""
        for fault in self._coming:
            if fault.method in (method, ANY) and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def coming(self) -> list[Json]:
        """List the faults that are still to come."""
        return [asdict(fault) for fault in self._coming if fault.times > 0]
