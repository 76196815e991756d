"""Connecting to Slack: the client, who we are there, and Bolt around the listeners."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.release.ids import WorkspaceId
from bot.slack.errors import REFUSED, TokenRefused, error_of
from bot.slack.incoming.listeners import Listeners

log = logging.getLogger(__name__)

CALL_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
"""How long one call to Slack may take. It is the session's: the SDK applies its own only without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who Rollcall is in its workspace."""

    workspace: WorkspaceId
    name: str
    url: str
    user: str
    bot: str
    token: str


def web_client(token: str, api_url: str, session: aiohttp.ClientSession) -> AsyncWebClient:
    """Return a client that sends each call once: the SDK's own retries double messages."""
    return AsyncWebClient(token=token, base_url=api_url, session=session, retry_handlers=[])


async def identify(client: AsyncWebClient) -> Identity:
    """Ask Slack who we are, and go on asking while it cannot be reached.

    Raises TokenRefused when Slack does not accept the token.
    """
    wait = 1.0
    while True:
        try:
            answer = await client.auth_test()
        except SlackApiError as fault:
            if error_of(fault) in REFUSED:
                raise TokenRefused("Slack does not accept SLACK_BOT_TOKEN.") from fault
            log.warning("Slack answered auth.test with %s.", error_of(fault))
        except (aiohttp.ClientError, TimeoutError) as fault:
            log.warning("Slack cannot be reached (%s). Next try in %.0f s.", fault, wait)
        else:
            return Identity(
                workspace=WorkspaceId(str(answer["team_id"])),
                name=str(answer["team"]),
                url=str(answer["url"]),
                user=str(answer["user_id"]),
                bot=str(answer["bot_id"]),
                token=str(client.token),
            )
        await asyncio.sleep(wait)
        wait = min(60.0, wait * 2)


def bolt(client: AsyncWebClient, identity: Identity, signing_secret: str, listeners: Listeners) -> AsyncApp:
    """Return Bolt with every listener registered.

    It runs them before it responds: that is durable, and quicker than its default, which polls every 10 ms.
    Requests are authorized from what is known, without a call to Slack.
    """
    known = AuthorizeResult(
        enterprise_id=None,
        team_id=identity.workspace,
        bot_id=identity.bot,
        bot_user_id=identity.user,
        bot_token=identity.token,
    )

    async def authorize() -> AuthorizeResult:
        return known

    # Bolt would warn that a token goes unused, because the client has one and `authorize` is given too.
    quiet = logging.getLogger("slack_bolt.quiet")
    quiet.setLevel(logging.ERROR)
    app = AsyncApp(
        logger=quiet,
        client=client,
        authorize=authorize,
        signing_secret=signing_secret,
        process_before_response=True,
    )
    listeners.register(app)
    return app
