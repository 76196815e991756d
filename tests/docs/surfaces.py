"""The pictures of docs/surfaces.md: each place at which somebody meets Rollcall, photographed by itself."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.async_api import Locator, Page, expect

from bot.release.state import State
from tests.world import World

DESK: Final = (1180, 1400)
PHONE: Final = (390, 844)
STEPS_BEFORE_WATCHING: Final = 3
MARGIN: Final = 14
"""Pixels around a form."""


@dataclass(frozen=True, slots=True)
class Camera:
    """The page of the practice Slack, and where its pictures go."""

    world: World
    page: Page
    folder: Path

    async def looks(self, person: str, thread: str = "") -> None:
        """Look at #releases as a person, and at the thread of a release if one is named."""
        ts = (await self.world.card(thread))["ts"] if thread else ""
        # What somebody is shown alone is there after a reload.
        await self.page.goto("about:blank")
        await self.page.goto(f"{self.world.practice.url}/#/{person}/releases/{ts}")
        there = (
            self.page.locator("#thread .message").nth(1) if thread else self.page.locator(".message").first
        )
        await expect(there).to_be_visible()

    async def takes(self, name: str, *parts: Locator, margin: int = 0) -> None:
        """Photograph the smallest part of the page that has all of `parts` in it, with pixels around it."""
        for part in parts:
            await part.scroll_into_view_if_needed()
        await self.page.wait_for_timeout(300)
        boxes = [box for part in parts if (box := await part.bounding_box())]
        left, top = min(box["x"] for box in boxes), min(box["y"] for box in boxes)
        right = max(box["x"] + box["width"] for box in boxes)
        bottom = max(box["y"] + box["height"] for box in boxes)
        await self.page.screenshot(
            path=self.folder / f"{name}.png",
            clip={
                "x": max(left - margin, 0),
                "y": max(top - margin, 0),
                "width": right - left + 2 * margin,
                "height": bottom - top + 2 * margin,
            },
        )

    def message(self, pane: str, text: str) -> Locator:
        """Return the newest message of a pane, `channel` or `thread`, that says `text`."""
        return self.page.locator(f"#{pane} .message", has_text=text).last

    async def takes_form(self, name: str) -> None:
        """Photograph the form that is open, with a little of what lies behind it."""
        await expect(self.form).to_be_visible()
        await self.takes(name, self.form, margin=MARGIN)

    @property
    def form(self) -> Locator:
        return self.page.locator("#modal")


async def take_surfaces(world: World, page: Page, folder: Path) -> None:
    """Live through a release that meets with everything, and photograph each surface on the way."""
    await page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    camera = Camera(world, page, folder)
    await _begins(camera)
    await _is_held(camera)
    await _is_handed_over(camera)
    await _is_approved(camera)
    await _fails(camera)
    await _is_rolled_back(camera)


async def take_runs(world: World, page: Page, folder: Path) -> None:
    """Release a service whose steps are run: the version before, and then one that fails in production."""
    await page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    camera = Camera(world, page, folder)
    await world.ana.types("/release start storefront 1.0.0")
    await _goes_to_production(camera, "storefront-1")
    await world.until(lambda release: len(release.done) == STEPS_BEFORE_WATCHING, "storefront-1")
    await world.dan.presses("Done", "storefront-1", on="stage:1")
    await world.ana.types("/release start storefront 1.2.0 Maps, and tidy settings")
    await world.ana.presses("Changes", "storefront-2", on="card")
    await camera.looks("ana")
    await camera.takes_form("changes")
    await world.control("close", user="ana")
    await _goes_to_production(camera, "storefront-2")
    await world.until(lambda release: release.state is State.FAILED, "storefront-2")
    await camera.looks("dan", "storefront-2")
    await camera.takes("failed-run", camera.message("thread", "has failed"))
    await world.dan.presses("Output", "storefront-2", on="stage:1")
    await camera.looks("dan", "storefront-2")
    await camera.takes_form("output")


async def _goes_to_production(camera: Camera, key: str) -> None:
    world = camera.world
    await world.until(lambda release: release.stage == 1, key)
    await world.ben.presses("Approve", key, on="gate:1:QA")
    await world.cleo.presses("Approve", key, on="gate:1:Go or no-go")
    await world.ana.presses("Begin production", key, on="stage:1")


async def _begins(camera: Camera) -> None:
    world, form = camera.world, camera.form
    await world.control(
        "message", user="ana", channel="releases", text="Invoices in euros are ready. Shall we?"
    )
    await world.ana.types("/release help")
    await camera.looks("ana")
    await camera.takes("help", camera.message("channel", "What you can type"))
    await world.ana.types("/release start payments")
    await camera.looks("ana")
    await form.get_by_label("Version").fill("2.0.0")
    await form.get_by_label("What goes out").fill("Invoices in euros")
    await camera.takes_form("start-form")
    await world.ana.submits(version="2.0.0", note="Invoices in euros", risk="medium")
    await world.ana.types("/release start checkout 1.4.0 The new basket")
    await world.passes(hours=1)
    await world.digest("bea", "2 things")
    await camera.page.goto(f"{world.practice.url}/#/bea/messages")
    await camera.takes("digest", camera.message("channel", "2 things wait for you"))
    await world.ana.types("/release cancel checkout-1 The basket is not ready")
    await world.ben.presses("Reject", "payments-1", on="gate:0:QA")
    await camera.looks("ben", "payments-1")
    await form.get_by_role("textbox").fill("…")
    await form.get_by_role("button", name="Reject").click()
    await expect(form.locator(".field-error")).to_contain_text("A reason is needed")
    await camera.takes_form("reject-form")
    await world.control("close", user="ben")


async def _is_held(camera: Camera) -> None:
    world = camera.world
    await world.cleo.types("/release hold 2h The new key is not in the vault yet")
    await camera.looks("ana")
    await camera.takes("hold", camera.message("channel", "hold 1 is to be lifted"))
    await world.ana.types("/release why")
    await camera.looks("ana")
    await camera.takes("why", camera.message("channel", "The shortest way on"))
    await world.cleo.presses("Lift", "payments-1", on="hold:1")


async def _is_handed_over(camera: Camera) -> None:
    world = camera.world
    await world.ana.types("/release handoff @dan I am on the train until four; Ben knows the invoices")
    offers = (await world.release("payments-1")).offers.values()
    slot = next(f"offer:{one.duty}:{one.at.timestamp():.6f}" for one in offers)
    await world.dan.presses("Read and accept…", "payments-1", on=slot)
    await camera.looks("dan", "payments-1")
    await camera.takes_form("accept-form")
    await world.control("close", user="dan")
    await world.dan.presses("Decline", "payments-1", on=slot)


async def _is_approved(camera: Camera) -> None:
    world, page = camera.world, camera.page
    await world.bea.writes("LGTM, the invoices add up", "payments-1")
    await world.whispered("bea")
    await camera.looks("bea", "payments-1")
    said, asked = camera.message("thread", "LGTM"), camera.message("thread", "Record this as your approval?")
    await camera.takes("question", said, asked)
    await world.bea.answers("Approve")
    await _is_proven(camera)
    await world.ben.presses("Approve", "payments-1", on="gate:0:QA")
    for _ in range(3):
        await world.passes(minutes=6)
        await world.ana.presses("Done", "payments-1", on="stage:0")
    await world.cleo.presses("Approve", "payments-1", on="gate:1:Security review")
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await camera.looks("bea", "payments-1")
    await camera.message("thread", "Go or no-go before canary").evaluate("it => it.scrollIntoView(true)")
    await page.wait_for_timeout(300)
    await page.screenshot(path=camera.folder / "phone.png")
    await page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    await world.dan.presses("More…", "payments-1", on="gate:1:Go or no-go")
    await world.dan.submits(answer="override", comment="Invoices fail for all of France; QA is asleep")
    await camera.looks("ana")
    await camera.takes("override", camera.message("channel", "overrode"))


async def _is_proven(camera: Camera) -> None:
    world = camera.world
    text = "Load test of payments 2.0.0: 10,000 invoices, 0 errors, the slowest in 180 ms."
    await world.control("message", user="dee", channel="releases", text=text)
    await camera.looks("bea")
    said = camera.message("channel", "Load test")
    await said.hover()
    await said.get_by_role("button", name="Shortcuts of this message").click()
    bar = said.locator(".hover-bar")
    await camera.takes("shortcuts", said, bar, bar.locator(".menu"), margin=10)


async def _fails(camera: Camera) -> None:
    world = camera.world
    await world.ana.presses("Begin canary", "payments-1", on="stage:1")
    await world.dan.presses("Done", "payments-1", on="stage:1")
    await world.passes(minutes=20)
    await world.dan.presses("It failed…", "payments-1", on="stage:1")
    await world.dan.submits(
        reason="One payment in fifty is declined; on the other servers, one in four hundred"
    )
    await camera.looks("ana", "payments-1")
    await camera.takes("failed-step", camera.message("thread", "choose what follows"))


async def _is_rolled_back(camera: Camera) -> None:
    world = camera.world
    await world.dan.presses("Roll back…", "payments-1", on="card")
    await camera.looks("dan", "payments-1")
    await camera.takes_form("rollback-form")
    await world.dan.submits(reason="Payments are declined", key="payments-1")
    for _ in range(2):
        await world.passes(minutes=5)
        await world.dan.presses("Done", "payments-1", on="stage:3")
    await camera.looks("ana", "payments-1")
    await camera.takes("closing", camera.message("thread", "The release is"))
