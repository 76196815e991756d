"""The composition root: every part is made here, and handed what it needs."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import aiohttp

from bot.checks.ci import Ci
from bot.checks.drills import Drills
from bot.checks.fetch import TIMEOUT
from bot.checks.github import AtGitHub
from bot.checks.gitlab import AtGitLab
from bot.checks.health import Health
from bot.checks.jira import Jira
from bot.checks.prometheus import Prometheus
from bot.checks.reader import CheckReader
from bot.checks.source import Source
from bot.clock import Clock
from bot.coordinator import Coordinator
from bot.credentials import github_access, github_app, jira_access, networks_inside, subscribers, webhook_key
from bot.deployments.finding import Finding
from bot.deployments.follower import Follower
from bot.deployments.github import Rules, Unanswerable, read
from bot.deployments.gitlab import Approvals, Blocked
from bot.deployments.platforms import Platforms
from bot.deployments.redelivery import Redelivery
from bot.github.access import GitHub
from bot.gitlab.access import GitLab
from bot.jobs.attend import attend_due
from bot.jobs.people import PeopleWatch
from bot.jobs.ticks import Ticks
from bot.ledger.database import Database
from bot.ledger.ledger import Ledger
from bot.ledger.reader import Reader
from bot.ledger.schema import upgrade
from bot.outgoing import outgoing
from bot.pipelines.commands.commands import Commands
from bot.pipelines.github.workflows import Workflows
from bot.pipelines.gitlab.pipelines import Pipelines
from bot.pipelines.providers import Providers
from bot.pipelines.runner import Runner
from bot.pipelines.webhook.reports import Reports
from bot.pipelines.webhook.webhooks import REPORTS, Webhooks
from bot.release.ids import ReleaseId
from bot.runbook.files.read import Runbooks
from bot.runbook.runs import Provider
from bot.settings import Misconfigured, Settings, Transport
from bot.slack.asked.reading import Asked
from bot.slack.connection.connect import CALL_TIMEOUT, bolt, identify, web_client
from bot.slack.connection.http import SlackOverHttp
from bot.slack.connection.socket import SlackOverSocket
from bot.slack.delivery.calls import Calls
from bot.slack.delivery.pace import Pace
from bot.slack.delivery.room_calls import RoomCalls
from bot.slack.delivery.rooms import Rooms
from bot.slack.delivery.showing import Showing
from bot.slack.delivery.worker import DeliveryWorker
from bot.slack.desk import Desk
from bot.slack.digest.digests import Digests
from bot.slack.home.tabs import HomeTabs
from bot.slack.incoming.listeners import Listeners
from bot.slack.people.directory import SlackDirectory
from bot.slack.tasks import Tasks
from bot.sources.git import Checkouts
from bot.sources.github import FromGitHub
from bot.sources.gitlab import FromGitLab
from bot.sources.people import PeopleFile
from bot.sources.sources import Sources
from bot.subscribers.tellers import Tellers
from bot.web.api import Api
from bot.web.deliveries import Deliveries, Named
from bot.web.github import GitHubWebhook
from bot.web.gitlab import GitLabWebhook
from bot.web.server import Handler, WebServer
from bot.web.token import Token as ApiToken

Check = Callable[[], Awaitable[bool]]

log = logging.getLogger(__name__)

PEOPLE_S = 600.0
"""Seconds after which people and groups are read again, in case an event about them was lost."""
DEPLOYMENTS_S = 60.0
"""Seconds after which the deployments that wait are read again, in case who was asked is gone."""
REDELIVERY_S = 300.0
"""Seconds after which GitHub is asked to send again what was lost."""
LOOKS = 4
"""A deployment can wait for days, so it is looked at this much less often than a run."""
DRAIN_S = 10.0
HOME_GAPS = 3
"""A Home tab is looked at less closely than a thread, so it follows at a third of the pace."""
PORT = 8080


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Rollcall while it runs. `address` is where its own HTTP server listens.

    `is_at_rest` tells whether Slack shows everything, the digests included.
    """

    address: str
    transport: Transport
    workspace: str
    is_at_rest: Callable[[], bool]


@asynccontextmanager
async def running(settings: Settings, clock: Clock) -> AsyncIterator[Running]:
    """Run Rollcall: bring the database up to date, connect to Slack, and answer until the block is left.

    What was opened last is closed first. Raises Misconfigured, UnusableDatabase or TokenRefused before
    anything is answered.
    """
    transport, told, inside = settings.transport, subscribers(settings), networks_inside(settings)
    await asyncio.to_thread(upgrade, settings.database_url)
    async with AsyncExitStack() as stack:
        database, ledger = Database(settings.database_url), Ledger()
        stack.push_async_callback(asyncio.to_thread, database.close)
        releases = Reader(database, ledger)

        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=CALL_TIMEOUT))
        client = web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, session)
        identity = await identify(client)
        directory = SlackDirectory(client, identity.workspace, clock)
        pace = Pace(settings.rollcall_pace)
        settle = timedelta(seconds=settings.rollcall_settle)
        rooms = Rooms(RoomCalls(client, pace, identity.user), database)
        showing = Showing(Calls(client, pace), rooms, database, clock, settle, identity.url)
        asked = Asked(releases, directory, identity.workspace, identity.url)
        digests = Digests(asked, identity.workspace, clock, settings.rollcall_command)
        delivery = DeliveryWorker(showing, digests, releases, pace, settings.rollcall_gap)

        homes = HomeTabs(
            client=client,
            asked=asked,
            workspace=identity.workspace,
            clock=clock,
            command=settings.rollcall_command,
            gap_s=HOME_GAPS * settings.rollcall_gap,
        )

        def changed(release: ReleaseId) -> None:
            delivery.wake(release)
            homes.wake(release)
            runner.wake(release)
            tellers.wake()
            deployments.wake(release)

        runbooks = _runbooks(settings)
        github = GitHub(session, settings.github_url, github_access(settings))
        gitlab = GitLab(session, settings.gitlab_url, settings.gitlab_token.get_secret_value())
        hubs = FromGitHub(github), FromGitLab(gitlab)
        for hub in hubs:
            stack.push_async_callback(hub.stop)
        sources = Sources([Checkouts(settings.rollcall_checkouts), *hubs], _authors(settings))
        coordinator = Coordinator(
            database,
            ledger,
            runbooks,
            directory,
            sources,
            clock,
            changed,
        )
        outside = await stack.enter_async_context(outgoing(inside, CALL_TIMEOUT))
        key = webhook_key(settings)
        providers = Providers(
            {
                Provider.COMMAND: _commands(settings),
                Provider.WORKFLOW: Workflows(github, settings.github_poll),
                Provider.PIPELINE: Pipelines(gitlab, settings.gitlab_poll),
                Provider.WEBHOOK: Webhooks(outside, settings.rollcall_url, key),
            }
        )
        runner = Runner(providers, coordinator, releases, database, clock)
        tellers = Tellers(told, inside, identity.workspace, releases, database, clock)
        stack.push_async_callback(tellers.stop)
        approver = settings.gitlab_approver_token.get_secret_value()
        approvals = Approvals(GitLab(session, settings.gitlab_url, approver))
        at_github = github_app(settings)
        known = at_github in (None, github.access)
        rules = Rules(github if known else GitHub(session, settings.github_url, at_github))
        finding = Finding(releases, runbooks, coordinator, identity.workspace)
        deployments = Follower(
            Platforms(rules, approvals),
            finding,
            database,
            identity.workspace,
            clock,
            LOOKS * min(settings.github_poll, settings.gitlab_poll),
        )
        outward = await stack.enter_async_context(outgoing(inside, TIMEOUT))
        read_in: dict[str, Source] = {
            "ci": Ci([AtGitHub(github), AtGitLab(gitlab)]),
            "url": Health(outward),
            "prometheus": Prometheus(outward),
            "ticket": Jira(session, settings.jira_url, jira_access(settings)),
            "drill": Drills(releases, identity.workspace, clock),
        }
        blocked = Blocked(approvals, finding, deployments.asked)
        checks = CheckReader(read_in, coordinator, releases, database, clock)
        people = PeopleWatch(directory, coordinator, releases, identity.workspace)

        def own_changed() -> None:
            people.own_changed()
            homes.look_at_all()

        desk = Desk(
            clock=clock,
            own_changed=own_changed,
            coordinator=coordinator,
            releases=releases,
            workspace=identity.workspace,
            runbooks=runbooks,
            output=runner.output,
            command=settings.rollcall_command,
        )
        tasks = Tasks()
        secret = settings.slack_signing_secret.get_secret_value()
        listeners = Listeners(desk, client, tasks, people.changed, delivery, homes)
        app = bolt(client, identity, secret, listeners)

        stack.push_async_callback(delivery.stop)
        delivery.start()
        stack.push_async_callback(homes.stop)
        homes.start()
        stack.push_async_callback(runner.stop)
        await runner.take_up()
        await tellers.start()
        stack.push_async_callback(deployments.stop)
        await deployments.take_up()
        stack.push_async_callback(checks.stop)
        stack.push_async_callback(tasks.finish, DRAIN_S)
        tasks.run(people.follow())

        ticks = Ticks()
        ticks.every(settings.rollcall_tick, lambda: attend_due(coordinator, releases, clock))
        ticks.every(settings.rollcall_tick, delivery.wake_digests)
        ticks.every(settings.rollcall_tick, people.follow)
        ticks.every(settings.rollcall_tick, checks.read_due)
        ticks.every(PEOPLE_S, _noted(people.changed))
        ticks.every(DEPLOYMENTS_S, deployments.take_up)
        if at_github:
            ticks.every(REDELIVERY_S, Redelivery(session, settings.github_url, at_github).ask)
        if approver:
            ticks.every(LOOKS * settings.gitlab_poll, blocked.look_at_all)
        stack.push_async_callback(ticks.stop)
        ticks.start()

        posts: dict[str, Handler] = {}
        connected, socket = _always, None
        if transport is Transport.HTTP:
            posts["/slack/events"] = SlackOverHttp(app, secret).answer
        else:
            socket = SlackOverSocket(app, settings.slack_app_token.get_secret_value())
            connected = socket.is_connected
        if webhook_secret := settings.github_webhook_secret.get_secret_value():
            hears = _asked(deployments, settings.github_url)
            posts["/github"] = GitHubWebhook(webhook_secret, runner.take_up, hears).answer
        if webhook_secret := settings.gitlab_webhook_secret.get_secret_value():
            looks = blocked.look_at if approver else None
            posts["/gitlab"] = _gitlab_webhook(webhook_secret, runner.take_up, looks).answer
        if key:
            posts[REPORTS] = Reports(coordinator, releases, database, identity.workspace, key).answer
        gets: dict[str, Handler] = {}
        if api_token := settings.rollcall_api_token.get_secret_value():
            token = ApiToken(api_token)
            named = {one.name: Named(where=one.where, kinds=one.kinds) for one in told}
            deliveries = Deliveries(
                database, releases, identity.workspace, token, clock, named, tellers.try_now
            )
            gets |= Api(releases, identity.workspace, token).routes()
            gets |= deliveries.gets()
            posts |= deliveries.posts()
        web = WebServer(_health(database, connected, delivery.is_running), posts, gets)
        stack.push_async_callback(web.stop)
        port = await web.start(settings.host, PORT if settings.port is None else settings.port)
        if socket is not None:
            stack.push_async_callback(socket.stop)
            await socket.start()
        yield Running(
            address=f"http://{settings.host}:{port}",
            transport=transport,
            workspace=identity.name,
            is_at_rest=delivery.is_at_rest,
        )


def _runbooks(settings: Settings) -> Runbooks:
    """Return the runbooks. One that is broken stops the starts of its own service, and nothing else."""
    runbooks = Runbooks(settings.rollcall_runbooks)
    runbooks.log_once(runbooks.check())
    return runbooks


def _authors(settings: Settings) -> PeopleFile:
    """Return who is known by which addresses and logins. A file that is not right stops what needs it."""
    people = PeopleFile(settings.rollcall_authors)
    for problem in people.problems():
        log.error("The file of ROLLCALL_AUTHORS cannot be used: %s", problem)
    return people


def _commands(settings: Settings) -> Commands:
    names = filter(None, map(str.strip, settings.rollcall_command_env.split(",")))
    passed_on = {name: os.environ[name] for name in names if name in os.environ}
    return Commands(settings.rollcall_commands, settings.rollcall_runs, passed_on, settings.rollcall_poll)


def _asked(deployments: Follower, api: str) -> Callable[[object], Awaitable[str]]:
    """Return how GitHub asks about a deployment."""

    async def asked(content: object) -> str:
        try:
            await deployments.asked(read(content, api))
        except Unanswerable as why:
            return str(why)
        return ""

    return asked


def _gitlab_webhook(
    secret: str, look: Callable[[], Awaitable[None]], blocked: Callable[[str], Awaitable[None]] | None = None
) -> GitLabWebhook:
    """Return what hears GitLab. Raises Misconfigured where the secret looks like a key, and is none."""
    try:
        return GitLabWebhook(secret, look, blocked)
    except ValueError as fault:
        raise Misconfigured(f"GITLAB_WEBHOOK_SECRET: {fault}") from None


def _health(
    database: Database, connected: Check, follows: Check
) -> Callable[[], Awaitable[Mapping[str, bool]]]:
    async def healthy() -> Mapping[str, bool]:
        return {"database": await database.answers(), "slack": await connected(), "delivery": await follows()}

    return healthy


def _noted(note: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    async def noted() -> None:
        note()

    return noted


async def _always() -> bool:
    return True
