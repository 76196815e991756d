"""`rollcall doctor` names what would stand in the way, and what to do about it."""

import asyncio
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from pydantic import SecretStr

from bot.clock import Clock, MovableClock
from bot.doctor import doctor
from bot.ledger.progress import tellings
from bot.ledger.progress.tellings import Claim, Failure
from bot.release.ids import ReleaseId, ReleaseKey
from bot.settings import Transport
from tests.world import WORKSPACE, World, settings_for


async def says(world: World, clock: Clock | None = None, **other: object) -> tuple[int, str]:
    """Return what the doctor says of a world, and its exit code."""
    out = StringIO()
    settings = settings_for(
        world.practice, world.database.url.render_as_string(), Transport.SOCKET
    ).model_copy(update=other)
    code = await asyncio.to_thread(doctor, settings, clock or MovableClock(), out)
    return code, out.getvalue()


async def test_all_is_well(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    assert await says(world) == snapshot(
        (
            0,
            """\
well   The database has the schema of this version.
well   The token is accepted, by Practice as @rollcall.
well   All scopes of the manifest are granted.
well   The clock is 0 s off Slack's.
well   #releases can be written to and read.
""",
        )
    )


async def test_a_channel_that_cannot_be_read_or_written_to_is_named_with_what_follows(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0", channel="random")
    assert await says(world) == snapshot(
        (
            1,
            """\
well   The database has the schema of this version.
well   The token is accepted, by Practice as @rollcall.
well   All scopes of the manifest are granted.
well   The clock is 0 s off Slack's.
wrong  #random cannot be read (not_in_channel). Where nobody can tell whether a message is there, a reminder is not sent again, and everything else is, so that it may stand twice. Type `/invite @Rollcall` in it.
""",
        )
    )
    await world.control("archive", user="ana", channel="random", archived=True)
    assert (await says(world))[1].splitlines()[-1] == snapshot(
        "wrong  #random is archived. Take it out of the archive."
    )


async def test_a_private_channel_without_rollcall_is_named(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0", channel="war-room", settle=False)
    assert (await says(world))[1].splitlines()[-1] == snapshot(
        "wrong  The channel C0WARROOM of an open release is not seen (channel_not_found). Type `/invite @Rollcall` in it."
    )


async def test_scopes_that_are_missing_are_named(world: World) -> None:
    slack = world.practice.slack
    slack.scopes = slack.scopes - {"im:history", "groups:history"}
    code, text = await says(world)
    assert (code, text.splitlines()[2]) == snapshot(
        (
            1,
            "wrong  Scopes are missing: groups:history, im:history. Paste what `rollcall manifest` prints into the app's page, and install it again.",
        )
    )


@pytest.mark.parametrize(("off", "well"), [(timedelta(seconds=50), True), (timedelta(seconds=70), False)])
async def test_a_clock_that_is_off_is_named(world: World, off: timedelta, well: bool) -> None:
    code, text = await says(world, MovableClock(off))
    assert (code == 0, text.splitlines()[3].startswith("well")) == (well, well)


async def test_a_token_that_is_refused_and_a_slack_out_of_reach_are_named(world: World) -> None:
    assert (await says(world, slack_bot_token=SecretStr("xoxb-another")))[1].splitlines()[1:] == snapshot(
        ["wrong  Slack answers invalid_auth. Set SLACK_BOT_TOKEN anew."]
    )
    out_of_reach = await says(world, slack_api_url="http://127.0.0.1:1/api/")
    assert out_of_reach[1].splitlines()[1].startswith("wrong  Slack is not reached")


async def test_who_is_told_is_named_and_who_takes_nothing_for_long(world: World, tmp_path: Path) -> None:
    file = tmp_path / "subscribers.yaml"
    file.write_text("subscribers: {log: {url: 'https://log.example', secret_file: secret}}")
    assert (await says(world, rollcall_subscribers=file))[1].splitlines()[1].replace(
        str(tmp_path), "…"
    ) == snapshot(
        "wrong  ROLLCALL_SUBSCRIBERS cannot be used. …/subscribers.yaml: subscribers.log: …/secret cannot be read: No such file or directory"
    )
    (tmp_path / "secret").write_text(f"whsec_{'A' * 43}=")
    now = world.clock.now()
    for name in ("log", "old"):
        await world.database.write(lambda c, name=name: tellings.enter(c, WORKSPACE, [name], now))  # type: ignore[misc]
    await world.ana.types("/release start checkout 1.4.0")
    mine = Claim(
        subscriber="log",
        release=ReleaseId(WORKSPACE, ReleaseKey("checkout-1")),
        until=now + timedelta(seconds=30),
    )
    failure = Failure(told=0, since=now, failures=9, next_at=None, said="It answers 500")
    await world.database.write(lambda c: tellings.claim(c, mine, now))
    await world.database.write(lambda c: tellings.note_failed(c, mine, failure))
    await world.database.write(lambda c: tellings.stop(c, WORKSPACE, "old", "It answers 410", now))
    world.clock.advance(timedelta(minutes=59))
    _, text = await says(world, world.clock, rollcall_subscribers=file)
    assert text.splitlines()[1:3] == snapshot(
        [
            "well   Told of events: log.",
            "wrong  old is sent no events since 2026-11-24 10:00 UTC. It answers 410. Have it go on at /deliveries.",
        ]
    )
    world.clock.advance(timedelta(minutes=1))
    _, text = await says(world, world.clock, rollcall_subscribers=file)
    assert text.splitlines()[1:3] == snapshot(
        [
            "well   Told of events: log.",
            "wrong  log does not take the events of a release since 2026-11-24 10:00 UTC; 1 given up. Look at /deliveries.",
        ]
    )


async def test_a_database_is_looked_at_and_left_as_it_is(world: World, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.db"
    assert (await says(world, database_url=f"sqlite:///{fresh}"))[1].splitlines()[0] == snapshot(
        "well   The database lacks 10 migrations. The next start applies them."
    )
    assert not fresh.exists()
    wrong = await says(world, database_url="postgres://nowhere")
    assert (wrong[0], wrong[1].splitlines()[0]) == snapshot(
        (
            1,
            "wrong  DATABASE_URL is no address of a database that Rollcall can use. Write sqlite:///file or postgresql+psycopg://user:password@host/name.",
        )
    )


async def test_a_folder_of_runs_that_cannot_be_written_to_is_named(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    async def of(folder: str) -> tuple[int, str]:
        code, said = await says(world, rollcall_commands=tmp_path, rollcall_runs=tmp_path / folder)
        return code, said.splitlines()[1].replace(str(tmp_path), "…")

    assert await of("runs") == (0, "well   The folder of runs can be written to.")
    assert [*(tmp_path / "runs").iterdir()] == []
    assert await of("file") == snapshot(
        (
            1,
            "wrong  The folder of ROLLCALL_RUNS, …/file, cannot be written to: File exists. Whoever runs Rollcall makes room in it, or lets Rollcall write there.",
        )
    )


async def test_who_is_named_as_an_author_and_is_not_in_slack_is_told(world: World, tmp_path: Path) -> None:
    people = tmp_path / "people.yaml"
    people.write_text("people: {U0BEN: {github: [ben]}, Dan@practice.example: {gitlab: [dan]}}\n")
    code, told = await says(world, rollcall_authors=people)
    assert (code, told.splitlines()[4]) == snapshot(
        (0, "well   ROLLCALL_AUTHORS names 2 people, all of whom are in Slack.")
    )
    people.write_text(
        "people: {U0BEN: {github: [ben]}, U0NOBODY: {github: [no]}, no@x.example: {github: [n]}}\n"
    )
    code, told = await says(world, rollcall_authors=people)
    assert (code, told.splitlines()[4:]) == snapshot(
        (
            1,
            [
                "wrong  In ROLLCALL_AUTHORS, U0NOBODY is nobody in this workspace, so what they write is taken for a stranger's. Mend it there.",
                "wrong  In ROLLCALL_AUTHORS, no@x.example is nobody in this workspace, so what they write is taken for a stranger's. Mend it there.",
            ],
        )
    )
    people.write_text("people: {U0BEN: {github: ben, mails: [me]}}\n")
    code, told = await says(world, rollcall_authors=people)
    assert (code, told.replace(str(tmp_path), "").splitlines()[4:]) == snapshot(
        (
            1,
            [
                'wrong  The file of ROLLCALL_AUTHORS: /people.yaml:1:26: people.U0BEN.github: expected a list, found "ben"',
                'wrong  The file of ROLLCALL_AUTHORS: /people.yaml:1:39: people.U0BEN.mails.0: expected an address such as ana@acme.example, found "me"',
            ],
        )
    )
