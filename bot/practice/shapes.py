"""The few shapes that every part of the practice Slack passes around."""

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


class Refusal(Exception):
    """Slack refuses the call; carries Slack's name for the error and whatever else its answer holds."""

    def __init__(self, error: str, **more: object) -> None:
        super().__init__(error)
        self.error = error
        self.more = more

    def answer(self) -> Json:
        return {"ok": False, "error": self.error, **self.more}


class Impossible(Exception):
    """No person could do this in Slack; the message says why, and what to do instead."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status
