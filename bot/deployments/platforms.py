"""All platforms as one: each deployment is answered where it waits."""

from bot.deployments.platform import Platform
from bot.ledger.progress.deployments import Deployment


class Nowhere(Exception):
    """A deployment is at no platform that Rollcall knows. See GITHUB_URL and GITLAB_URL."""


class Platforms:
    """Pass each deployment on to its own platform."""

    def __init__(self, *platforms: Platform) -> None:
        self._platforms = platforms

    def has(self, deployment: Deployment) -> bool:
        """Return whether a deployment is at one of them."""
        return any(platform.has(deployment) for platform in self._platforms)

    async def answer(self, deployment: Deployment, *, go: bool, because: str) -> None:
        """Let a deployment go on, or reject it."""
        await self._of(deployment).answer(deployment, go=go, because=because)

    async def turn_away(self, deployment: Deployment, because: str) -> bool:
        """Say that nothing here decides on a deployment; return whether that rejects it."""
        return await self._of(deployment).turn_away(deployment, because)

    async def tell(self, deployment: Deployment, because: str) -> None:
        """Tell a deployment on what it waits."""
        await self._of(deployment).tell(deployment, because)

    async def waits(self, deployment: Deployment) -> bool:
        """Return whether a deployment still waits for something."""
        return await self._of(deployment).waits(deployment)

    def _of(self, deployment: Deployment) -> Platform:
        """Return the platform of a deployment. Raises Nowhere."""
        for platform in self._platforms:
            if platform.has(deployment):
                return platform
        raise Nowhere(f"{deployment.repository} is at no GitHub or GitLab of the settings.")
