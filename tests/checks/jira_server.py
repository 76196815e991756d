"""A server that behaves like Jira where Rollcall reads tickets of it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from tests.pipelines.faulty import Faulty, listening

TOKEN = "a-token-of-jira"
MISSING = "Issue does not exist or you do not have permission to see it."


class Jira(Faulty):
    """Jira with some tickets, each in a state. `auth` is what it takes for a user."""

    def __init__(self, tickets: Mapping[str, str]) -> None:
        super().__init__()
        self.tickets = dict(tickets)
        self.auth = f"Bearer {TOKEN}"

    async def _routed(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != self.auth:
            return web.Response(status=401, text="Client must be authenticated to access this resource.")
        match request.method, request.path.split("/"):
            case "GET", ["", "jira", "rest", "api", "2", "issue", key] if state := self.tickets.get(key):
                return web.json_response(_told(key, state, request.query["fields"]))
            case _:
                return refused(404, MISSING)


def _told(key: str, state: str, fields: str) -> Mapping[str, object]:
    told = {"status": {"id": "10001", "name": state, "statusCategory": {"key": "done", "name": "Done"}}}
    return {"id": "10230", "key": key, "fields": {field: told[field] for field in fields.split(",")}}


def refused(status: int, message: str, **headers: str) -> web.Response:
    """Return a refusal of Jira."""
    return web.json_response({"errorMessages": [message], "errors": {}}, status=status, headers=headers)


@asynccontextmanager
async def jira_there(tickets: Mapping[str, str]) -> AsyncIterator[Jira]:
    """Have a Jira listen on this machine, below the path `/jira`."""
    jira = Jira(tickets)
    async with listening(jira):
        jira.url += "/jira"
        yield jira
