"""Waiting for what happens in its own time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


async def eventually(found: Callable[[], Awaitable[Any] | Any]) -> Any:
    """Wait until `found` gives something true, for three seconds at most, and return it."""
    for _ in range(150):
        result = found()
        if isinstance(result, Awaitable):
            result = await result
        if result:
            return result
        await asyncio.sleep(0.02)
    raise AssertionError("It did not happen within three seconds.")
