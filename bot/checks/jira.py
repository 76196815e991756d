"""Tickets at Jira: whether they are in a state in which they may be released
(developer.atlassian.com, Jira REST API version 2, get issue)."""

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from yarl import URL

from bot.checks.fetch import LARGEST, answered, fetched
from bot.checks.source import Asked, Reading, Unreadable, listed, with_values
from bot.outgoing import read
from bot.release.gates.checks import Outcome
from bot.runbook.checks import ALL, TICKET
from bot.runbook.runs import filled

MOST: Final = 20
"""Tickets that are asked for, one by one."""
WITHIN_S: Final = 30.0
"""Seconds that all of them may take together."""
LIMITED_S: Final = 60.0
"""How long Jira is left alone when it limits and does not say for how long."""
LONGEST_REST_S: Final = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How Rollcall gets to Jira: with the token of a user, or one that stands for itself."""

    token: str = field(repr=False)
    user: str = ""

    @property
    def header(self) -> str:
        """What is said for it: Jira Cloud wants a user, Jira Data Center none."""
        if not self.user:
            return f"Bearer {self.token}"
        return f"Basic {b64encode(f'{self.user}:{self.token}'.encode()).decode()}"


class Jira:
    """Read tickets. `address` is where people see Jira."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        address: str,
        access: Access | None,
        within_s: float = WITHIN_S,
    ) -> None:
        self._session = session
        self._address = address.rstrip("/")
        self._access = access
        self._within_s = within_s
        self._rests_until = 0.0

    async def read(self, asked: Asked) -> Reading:
        """Return whether each ticket that is asked for is in one of the states of the runbook."""
        keys, good = _keys(asked), {state.casefold() for state in asked.read.states}
        states = await self._states(keys)
        if others := [f"{key} is {state}" for key, state in states.items() if state.casefold() not in good]:
            return Reading(outcome=Outcome.FAILED, said=listed(others))
        if asked.read.ticket == ALL and asked.untold:
            raise Unreadable(f"there may be more tickets: {asked.untold}")
        return Reading(outcome=Outcome.PASSED)

    async def _states(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Return how each stands. Raises Unreadable."""
        if not self._address or self._access is None:
            raise Unreadable("Rollcall has no access to Jira. Whoever runs it sets JIRA_URL and JIRA_TOKEN")
        headers = {"Authorization": self._access.header, "Accept": "application/json"}
        try:
            async with asyncio.timeout(self._within_s):
                return {key: await self._state(key, headers) for key in keys}
        except TimeoutError:
            raise Unreadable(f"Jira took more than {self._within_s:g} seconds") from None

    async def _state(self, key: str, headers: Mapping[str, str]) -> str:
        if _now() < self._rests_until:
            raise Unreadable("Jira has asked to be left alone for a while")
        url = URL(f"{self._address}/rest/api/2/issue/{key}").with_query(fields="status")
        async with fetched(self._session, url, headers) as response:
            if response.status != 200:
                self._heed(response)
                raise Unreadable(_refused(key, response))
            return _state_in(await read(response, LARGEST))

    def _heed(self, response: aiohttp.ClientResponse) -> None:
        """Note how long Jira asks to be left alone."""
        if response.status == 429:
            after = response.headers.get("Retry-After", "")
            rest = min(float(after), LONGEST_REST_S) if after.isdecimal() else LIMITED_S
            self._rests_until = _now() + rest


def _keys(asked: Asked) -> Sequence[str]:
    """Return the keys of the tickets that are asked for, at least one. Raises Unreadable."""
    assert asked.read.ticket is not None
    if asked.read.ticket != ALL:
        keys: Sequence[str] = (with_values(filled, asked.read.ticket, asked.values),)
    else:
        keys = asked.tickets
    if not keys:
        why = f": {asked.untold}" if asked.untold else ""
        raise Unreadable(f"no ticket of this release is known{why}")
    if len(keys) > MOST:
        raise Unreadable(f"this release has {len(keys)} tickets, and no more than {MOST} are asked for")
    if odd := [key for key in keys if re.fullmatch(TICKET, key) is None]:
        raise Unreadable(f"{listed(odd[:1])} is no key of Jira, such as SHOP-123")
    return keys


def _state_in(body: bytes) -> str:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("what Jira answers is not JSON") from None
    match told:
        case {"fields": {"status": {"name": str() as state}}}:
            return state
        case _:
            raise Unreadable("what Jira answers cannot be understood")


def _refused(key: str, response: aiohttp.ClientResponse) -> str:
    match response.status:
        case 401:
            return "Jira does not take JIRA_TOKEN. Whoever runs Rollcall renews it"
        case 404:
            return f"Jira shows no ticket {key} to Rollcall"
        case _:
            return f"Jira {answered(response)}, asked for {key}"


def _now() -> float:
    return asyncio.get_running_loop().time()
