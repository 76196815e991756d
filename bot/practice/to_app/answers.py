"""What came back from the app when Slack called it."""

import time
from dataclasses import dataclass

ACK_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The app's answer; `status` is 0 when none came, and `failure` then has Slack's word for why."""

    status: int
    ms: float
    body: object = ""
    failure: str = ""
    may_retry: bool = True

    @property
    def acknowledged(self) -> bool:
        return not self.failure

    @classmethod
    def given(cls, status: int, body: object, started: float) -> "Answer":
        """Make an acknowledgement; `started` is a `perf_counter` reading."""
        return cls(status=status, body=body, ms=_since(started))

    @classmethod
    def failed(
        cls, failure: str, started: float, *, status: int = 0, body: object = "", may_retry: bool = True
    ) -> "Answer":
        """Make a failure; `started` is a `perf_counter` reading."""
        return cls(status=status, body=body, ms=_since(started), failure=failure, may_retry=may_retry)


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)
