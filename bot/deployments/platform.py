"""Where pipelines run whose deployments wait at Rollcall."""

from typing import Final, Protocol

from bot.ledger.progress.deployments import Deployment

LONGEST: Final = 1_024
"""Characters that a deployment can be told (docs.github.com, creating custom deployment protection rules)."""
MOST: Final = 10
"""How often a deployment can be told something while it waits (the same page)."""


class Platform(Protocol):
    """Somewhere deployments wait. Whatever goes wrong there is tried again later."""

    def has(self, deployment: Deployment) -> bool:
        """Return whether a deployment waits here."""
        ...

    async def answer(self, deployment: Deployment, *, go: bool, because: str) -> None:
        """Let a deployment go on, or reject it. One that waits no longer is left alone."""
        ...

    async def turn_away(self, deployment: Deployment, because: str) -> bool:
        """Say that nothing here decides on a deployment. Return whether that rejects it; else it waits for
        others."""
        ...

    async def tell(self, deployment: Deployment, because: str) -> None:
        """Tell a deployment on what it waits."""
        ...

    async def waits(self, deployment: Deployment) -> bool:
        """Return whether a deployment still waits for something."""
        ...
