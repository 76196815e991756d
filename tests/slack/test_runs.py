"""Steps that are run: how a run looks in the thread, how it fails, is stopped, and goes the way back."""

import asyncio
from pathlib import Path
from typing import Any

from inline_snapshot import snapshot

from bot.release.state import State
from tests.slack.given import ROLES, open_form, shown, standing, world_with
from tests.world import PATIENCE_S

RUNBOOK = (
    ROLES
    + """\
stages:
  - name: production
    owner: on-call
    production: true
    steps:
      - do: Deploy
        run: {command: [deploy, "{environment}", "{version}"], within: 15m}
      - do: Watch the dashboards
rollback:
  steps:
    - do: Deploy the version before
      run: {command: [deploy, "{environment}", "{before}"]}
"""
)
DEPLOY = """\
#!/bin/sh
echo "Deploying $2 to $1."
while [ -e "$0.wait" ]; do sleep 0.05; done
if [ -e "$0.broken" ]; then echo "The pods do not start." >&2; exit 3; fi
echo "$2" > "$0.$1"
echo "$2 is there."
"""


def command(folder: Path, text: str = DEPLOY) -> Path:
    """Write the command that deploys, and return where it is."""
    path = folder / "commands" / "deploy"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def with_commands(folder: Path) -> dict[str, Any]:
    """Return the settings with which commands are run."""
    return {"rollcall_commands": folder / "commands", "rollcall_runs": folder / "runs", "rollcall_poll": 0.05}


async def test_a_step_is_run_and_then_the_next_one_is_for_a_person(tmp_path: Path) -> None:
    deploy = command(tmp_path)
    wait = deploy.with_suffix(".wait")
    wait.touch()
    async with world_with(tmp_path, RUNBOOK, **with_commands(tmp_path)) as world:
        await world.ana.types("/release start shop 2.0")
        await world.until(lambda r: bool(r.runs and r.runs[0].began), "shop-1")
        assert await world.thread("shop-1") == snapshot("""\
shop 2.0 (shop-1)
*shop-1* is *in progress* with production (stage 1 of 1)
▶ production
*Waiting for*
• “Deploy” is being run, since <time>, until <time>
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…] [Roll back…]
---
*shop-1* (shop 2.0): *production* has begun
▶ Deploy: *being run* since <time>
☐ Watch the dashboards
It has until <time>; then it is stopped
[Stop it…] [Output]\
""")
        await world.dan.presses("Output", "shop-1", on="stage:0")
        assert await open_form(world, "dan") == snapshot("""\
Output [Close]
```Deploying 2.0 to production.```
shop-1 · run 1 · Deploy\
""")
        wait.unlink()
        await world.until(lambda r: bool(r.done), "shop-1")
        assert await shown(world, "shop-1", "stage:0") == snapshot("""\
*shop-1* (shop 2.0): *production* has begun
✓ Deploy: its run passed, <time>
☐ Watch the dashboards
Next is “Watch the dashboards”: @dan or @dee
[Done] [It failed…] [Output]\
""")
        await world.dan.presses("Done", "shop-1", on="stage:0")
        assert (await world.release("shop-1")).state is State.COMPLETED
    assert deploy.with_suffix(".production").read_text() == "2.0\n"


async def test_a_run_fails_is_retried_and_passes(tmp_path: Path) -> None:
    deploy = command(tmp_path)
    broken = deploy.with_suffix(".broken")
    broken.touch()
    async with world_with(tmp_path, RUNBOOK, **with_commands(tmp_path)) as world:
        await world.ana.types("/release start shop 2.0")
        await world.until(lambda r: r.state is State.FAILED, "shop-1")
        assert await world.thread("shop-1") == snapshot("""\
shop 2.0 (shop-1)
*shop-1* is *stopped by a failure* in production (stage 1 of 1)
✗ production
*Waiting for*
• @ana, @dan or @dee: “Deploy” has *failed*, <time>: choose what follows
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…] [Roll back…]
---
*shop-1* (shop 2.0): *production* has begun
✗ Deploy: *failed*, <time>
> It ended with exit code 3.
> Deploying 2.0 to production.
> The pods do not start.
☐ Watch the dashboards
@ana, @dan or @dee: retry it, skip it or roll back
[Retry] [Skip…] [Roll back…] [Output]
---
*shop-1* (shop 2.0): ✗ “Deploy” of *production* has *failed*, <time>
> It ended with exit code 3.
> Deploying 2.0 to production.
> The pods do not start.
@ana, choose what follows: retry it, skip it or roll back.
[Retry] [Skip…] [Roll back…] [Output]\
""")
        broken.unlink()
        await world.dan.presses("Retry", "shop-1", on="stage:0")
        await world.until(lambda r: bool(r.done), "shop-1")
        assert await shown(world, "shop-1", "stage:0") == snapshot("""\
*shop-1* (shop 2.0): *production* has begun
✓ Deploy: its run passed, <time>
☐ Watch the dashboards
Next is “Watch the dashboards”: @dan or @dee
[Done] [It failed…] [Output]\
""")


async def test_a_run_is_stopped_by_a_person_who_says_why(tmp_path: Path) -> None:
    deploy = command(tmp_path)
    deploy.with_suffix(".wait").touch()
    async with world_with(tmp_path, RUNBOOK, **with_commands(tmp_path)) as world:
        await world.ana.types("/release start shop 2.0")
        await world.until(lambda r: bool(r.runs and r.runs[0].began), "shop-1")
        await world.dan.presses("Stop it…", "shop-1", on="stage:0")
        await world.dan.submits(reason="It is the wrong cluster.")
        assert (await world.release("shop-1")).state is State.FAILED
        await has_ended(tmp_path)
        assert await shown(world, "shop-1", "stage:0") == snapshot("""\
*shop-1* (shop 2.0): *production* has begun
✗ Deploy: *failed*, says @dan, <time>
> It is the wrong cluster.
☐ Watch the dashboards
@ana, @dan or @dee: retry it, skip it or roll back
[Retry] [Skip…] [Roll back…] [Output]\
""")


async def test_where_no_version_was_before_the_form_says_what_is_not_run(tmp_path: Path) -> None:
    command(tmp_path)
    async with world_with(tmp_path, RUNBOOK, **with_commands(tmp_path)) as world:
        await world.ana.types("/release start shop 2.0")
        await world.until(lambda r: bool(r.done), "shop-1")
        await world.dan.presses("Roll back…", "shop-1", on="card")
        assert "so “Deploy the version before” is not run. Do it by hand, then skip it." in await open_form(
            world, "dan"
        )
        await world.dan.submits(key="shop-1", reason="Orders are lost.")
        thread = (await world.thread("shop-1")).split("---\n")[2:]
        assert "\n---\n".join(part.strip() for part in thread) == snapshot("""\
*shop-1* (shop 2.0): ↩ @dan *began to roll back*, <time>
> Orders are lost.
@ana, the steps of the way back are for @dan or @dee.
---
*shop-1* (shop 2.0): *rollback* has begun
✗ Deploy the version before: *failed*, <time>
> The version before is not known, so nothing was run.
@ana, @dan or @dee: retry it or skip it
[Retry] [Skip…]
---
*shop-1* (shop 2.0): ✗ “Deploy the version before” of *rollback* has *failed*, <time>
> The version before is not known, so nothing was run.
@ana, choose what follows: retry it or skip it.
[Retry] [Skip…]\
""")


async def test_the_way_back_is_run_with_the_version_before(tmp_path: Path) -> None:
    deploy = command(tmp_path)
    async with world_with(tmp_path, RUNBOOK, **with_commands(tmp_path)) as world:
        for version, key in (("2.0", "shop-1"), ("2.1", "shop-2")):
            await world.ana.types(f"/release start shop {version}")
            await world.until(lambda r: bool(r.done), key)
            await world.dan.presses("Done", key, on="stage:0")
        await world.dan.presses("Roll back…", "shop-2", on="card")
        await world.dan.submits(key="shop-2", reason="Orders are lost.")
        await world.until(lambda r: r.state is State.ROLLED_BACK, "shop-2")
        assert await standing(world, "shop-2") == snapshot("""\
*shop-2* is *rolled back by @dan*, <time>
> Orders are lost.
↩ production
*Waiting for*
• @ana, @dan or @dee: the lock on the service is to be lifted, since <time>\
""")
    assert deploy.with_suffix(".production").read_text() == "2.0\n"


async def test_what_is_not_allowed_is_not_run(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.until(lambda r: r.state is State.FAILED, "shop-1")
        assert await shown(world, "shop-1", "stage:0") == snapshot("""\
*shop-1* (shop 2.0): *production* has begun
✗ Deploy: *failed*, <time>
> No command is allowed. Whoever runs Rollcall names a folder with them in ROLLCALL_COMMANDS.
☐ Watch the dashboards
@ana, @dan or @dee: retry it, skip it or roll back
[Retry] [Skip…] [Roll back…] [Output]\
""")


async def has_ended(folder: Path) -> None:
    """Wait until the first command has ended."""
    async with asyncio.timeout(PATIENCE_S):
        while not list((folder / "runs" / "T0PRACTICE" / "shop-1").glob("1-*/ended.json")):
            await asyncio.sleep(0.02)


async def test_what_has_passed_while_it_is_held_is_done_when_the_hold_is_lifted(tmp_path: Path) -> None:
    wait = command(tmp_path).with_suffix(".wait")
    wait.touch()
    async with world_with(tmp_path, RUNBOOK, **with_commands(tmp_path)) as world:
        await world.ana.types("/release start shop 2.0")
        await world.until(lambda r: bool(r.runs and r.runs[0].began), "shop-1")
        await world.ana.types("/release hold shop-1 Look first")
        wait.unlink()
        await world.until(lambda r: r.runs[0].passed, "shop-1")
        assert await shown(world, "shop-1", "stage:0") == snapshot("""\
*shop-1* (shop 2.0): *production* has begun
▶ Deploy: its run passed, <time>; it is done when nothing holds it any more
☐ Watch the dashboards
It is *on hold*, so nothing is ticked
[Output]\
""")
        await world.ana.presses("Lift", "shop-1", on="hold:1")
        assert (await world.release("shop-1")).done


STUBBORN = """\
#!/bin/sh
if [ "$2" = 2.0 ]; then trap 'while [ ! -e "$0.over" ]; do sleep 0.05; done; exit 1' TERM; fi
if [ "$2" = 2.0 ]; then while :; do sleep 0.05; done; fi
echo "$2 is there."
"""


async def test_where_an_older_run_does_not_stop_the_captain_is_told_what_keeps_the_way_back(
    tmp_path: Path,
) -> None:
    deploy = command(tmp_path, STUBBORN)
    async with world_with(tmp_path, RUNBOOK, **with_commands(tmp_path)) as world:
        await world.ana.types("/release start shop 1.0")
        await world.until(lambda r: bool(r.done), "shop-1")
        await world.dan.presses("Done", "shop-1", on="stage:0")
        await world.ana.types("/release start shop 2.0")
        await world.until(lambda r: bool(r.runs and r.runs[0].began), "shop-2")
        await world.dan.presses("Roll back…", "shop-2", on="card")
        await world.dan.submits(reason="It hangs.", key="shop-2")
        await world.until(lambda r: len(r.runs) == 2, "shop-2")
        await world.passes(seconds=31)
        await world.until(lambda r: bool(r.runs[1].held_up_by), "shop-2")
        assert await shown(world, "shop-2", "stage:1") == snapshot("""\
*shop-2* (shop 2.0): *rollback* has begun
▶ Deploy the version before: *waits* since <time> for run 1 of shop-2, which does not stop
@ana: end that run where it runs; this one waits until <time>
[Stop it…] [Output]\
""")
        assert (await standing(world, "shop-2")).split("\n")[3:5] == snapshot(
            [
                "*Waiting for*",
                "• @ana: “Deploy the version before” waits since <time> for run 1 of shop-2, which does not stop; end that first",
            ]
        )
        deploy.with_suffix(".over").touch()
        await world.until(lambda r: r.state is State.ROLLED_BACK, "shop-2")
        assert await shown(world, "shop-2", "stage:1") == snapshot("""\
*shop-2* (shop 2.0): *rollback* is *done*
✓ Deploy the version before: its run passed, <time>
[Output]\
""")
