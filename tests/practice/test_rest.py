"""Not being disturbed: a person's status and the pause of their notifications."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import MovableClock
from bot.practice import BOT_TOKEN, Practice
from bot.practice.cast import SCOPES
from tests.practice.conftest import Connect
from tests.practice.eventually import eventually

Body = dict[str, Any]
NEVER = {"dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1}
NO_STATUS = ("", "", 0)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(datetime(2026, 11, 24, 10, 0, tzinfo=UTC) - datetime.now(UTC))


def in_an_hour(clock: MovableClock) -> int:
    return int((clock.now() + timedelta(hours=1)).timestamp())


async def status(client: AsyncWebClient, user: str = "U0BEN") -> tuple[str, str, int]:
    profile = (await client.users_info(user=user))["user"]["profile"]
    return profile["status_text"], profile["status_emoji"], profile["status_expiration"]


async def window(client: AsyncWebClient, user: str = "U0BEN") -> Body:
    return dict((await client.dnd_teamInfo(users=user))["users"][user])


async def refused(client: AsyncWebClient, method: str, **args: str) -> str:
    with pytest.raises(SlackApiError) as refusal:
        await client.api_call(method, params=args)
    return str(refusal.value.response["error"])


def hearing(app: AsyncApp, kind: str) -> list[Body]:
    heard: list[Body] = []

    @app.event(kind)
    async def hear(event: Body) -> None:
        heard.append(event)

    return heard


async def test_a_status_is_told_in_the_profile_until_it_expires(
    client: AsyncWebClient, hands: Any, clock: MovableClock
) -> None:
    assert await status(client) == NO_STATUS
    until = in_an_hour(clock)
    await hands.do("status", user="ben", text="Vacationing", emoji=":palm_tree:", expiration=until)
    assert await status(client) == ("Vacationing", ":palm_tree:", until)
    listed = {one["id"]: one["profile"] for one in (await client.users_list())["members"]}
    assert (listed["U0BEN"]["status_emoji"], listed["U0BEA"]["status_emoji"]) == (":palm_tree:", "")
    clock.advance(timedelta(minutes=59))
    assert await status(client) == ("Vacationing", ":palm_tree:", until)
    clock.advance(timedelta(minutes=1))
    assert await status(client) == NO_STATUS


async def test_a_status_that_does_not_expire_stays_until_it_is_cleared(
    client: AsyncWebClient, hands: Any, clock: MovableClock
) -> None:
    await hands.do("status", user="ben", text="At a customer's")
    clock.advance(timedelta(days=400))
    assert await status(client) == ("At a customer's", ":speech_balloon:", 0)
    await hands.do("status", user="ben")
    assert await status(client) == NO_STATUS


async def test_the_app_hears_of_a_status(app: AsyncApp, over_socket: Connect, hands: Any) -> None:
    heard = hearing(app, "user_change")
    await over_socket(app)
    await hands.do("status", user="ben", text="Out sick", emoji=":face_with_thermometer:")
    await eventually(lambda: heard)
    user = heard[0]["user"]
    assert (user["id"], user["profile"]["status_text"]) == ("U0BEN", "Out sick")


async def test_a_pause_is_a_window_until_it_is_over(
    client: AsyncWebClient, hands: Any, clock: MovableClock
) -> None:
    assert await window(client) == NEVER
    now, until = int(clock.now().timestamp()), in_an_hour(clock)
    await hands.do("pause", user="ben", until=until)
    paused = await window(client)
    assert paused["next_dnd_start_ts"] in (now, now + 1)
    assert (paused["dnd_enabled"], paused["next_dnd_end_ts"]) == (True, until)
    told = (await client.dnd_info(user="U0BEN")).data
    assert told == {"ok": True, **paused}
    clock.advance(timedelta(hours=1))
    assert await window(client) == NEVER


async def test_a_pause_can_be_to_come_and_be_taken_back(
    client: AsyncWebClient, hands: Any, clock: MovableClock
) -> None:
    start = in_an_hour(clock)
    await hands.do("pause", user="ben", **{"from": start}, until=start + 600)
    assert await window(client) == {
        "dnd_enabled": True,
        "next_dnd_start_ts": start,
        "next_dnd_end_ts": start + 600,
    }
    assert (await hands.do("pause", user="ben", until=0))["dnd_status"] == NEVER
    assert await window(client) == NEVER


async def test_the_app_hears_of_a_pause_and_of_its_end_before_time(
    app: AsyncApp, over_socket: Connect, hands: Any, clock: MovableClock
) -> None:
    heard = hearing(app, "dnd_updated_user")
    await over_socket(app)
    until = in_an_hour(clock)
    await hands.do("pause", user="ben", until=until)
    await eventually(lambda: heard)
    await hands.do("pause", user="ben", until=0)
    await eventually(lambda: len(heard) == 2)
    ends = [one["dnd_status"]["next_dnd_end_ts"] for one in heard]
    assert ([one["user"] for one in heard], ends) == (["U0BEN", "U0BEN"], [until, 1])


async def test_fifty_people_are_told_of_at_once_and_nobody_who_is_unknown(
    client: AsyncWebClient, hands: Any
) -> None:
    told = (await client.dnd_teamInfo(users="U0ANA, U0BEN,"))["users"]
    assert told == {"U0ANA": NEVER, "U0BEN": NEVER}
    await client.dnd_teamInfo(users=["U0ANA"] * 50)
    assert await refused(client, "dnd.teamInfo", users=",".join(["U0ANA"] * 51)) == "invalid_arguments"
    assert await refused(client, "dnd.teamInfo") == "no_users_provided"
    assert await refused(client, "dnd.teamInfo", users=" , ") == "no_users_provided"
    assert await refused(client, "dnd.teamInfo", users="U0ANA,U0ZOE") == "user_not_visible"
    assert await refused(client, "dnd.info", user="U0ZOE") == "user_not_found"
    assert (await client.dnd_info()).data == {"ok": True, **NEVER}


async def test_of_strangers_nothing_is_told(client: AsyncWebClient, hands: Any) -> None:
    assert await window(client, "U0SOL") == NEVER
    await hands.do("leave", user="sol", channel="releases")
    assert await refused(client, "dnd.teamInfo", users="U0SOL") == "user_not_visible"
    assert await refused(client, "dnd.info", user="U0SOL") == "user_not_visible"


@pytest.fixture
async def without_dnd(clock: MovableClock) -> AsyncIterator[Practice]:
    """A workspace that granted the app everything but `dnd:read`."""
    practice = Practice(clock, scopes=SCOPES - {"dnd:read"})
    async with practice.serving(port=0):
        yield practice


async def test_without_its_scope_nothing_is_told(without_dnd: Practice) -> None:
    client = AsyncWebClient(BOT_TOKEN, base_url=without_dnd.api_url)
    assert await refused(client, "dnd.teamInfo", users="U0BEN") == "missing_scope"
    assert await refused(client, "dnd.info", user="U0BEN") == "missing_scope"


@pytest.mark.parametrize(
    ("what", "body", "sentence"),
    [
        (
            "status",
            {"user": "ben", "text": "x" * 101},
            "That status is too long; 100 characters are the most.",
        ),
        ("status", {"user": "ben", "emoji": "palm_tree"}, "'palm_tree' is no emoji; one looks like"),
        ("status", {"user": "ben", "text": "x", "expiration": 1}, "expiration is over already;"),
        ("status", {"user": "ben", "text": "x", "expiration": "soon"}, "expiration must be a Unix second"),
        ("status", {"user": "rollcall", "text": "x"}, "Only people can act here"),
        ("pause", {"user": "ben", "until": 1}, "until is over already;"),
        ("pause", {"user": "ben", "until": 4e9}, "until must be a Unix second"),
        (
            "pause",
            {"user": "ben", "from": 4_000_000_000, "until": 4_000_000_000},
            "A pause must begin before",
        ),
        ("pause", {"user": "pipeline", "until": 4_000_000_000}, "Only people can act here"),
    ],
)
async def test_what_nobody_could_set_is_refused(hands: Any, what: str, body: Body, sentence: str) -> None:
    answer = await hands.do(what, **body)
    assert (answer["ok"], answer["error"][: len(sentence)]) == (False, sentence)
