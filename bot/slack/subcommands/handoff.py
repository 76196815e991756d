"""`handoff` and `lead`: hand the lead over, and take it when the captain has gone."""

from bot.release.ids import UserId
from bot.release.people.handoff import Duty, OfferDuty, TakeLead
from bot.release.release import Release
from bot.slack.desk import Call, Desk, Reply, answered, mentioned
from bot.slack.forms.handoff import offer_form
from bot.slack.incoming.picking import pick
from bot.slack.subcommands.subcommand import Subcommand
from bot.slack.writing.hours import not_at_work
from bot.slack.writing.text import person
from bot.slack.writing.words import mention


async def handoff(desk: Desk, call: Call) -> Reply:
    """Offer a duty to the person who was mentioned, or open the form when nobody was."""
    to, rest = mentioned(call.raw)
    found = await pick(desk, call.saying(rest))
    if isinstance(found, Reply):
        return found
    release, words = found
    if to is None:
        return Reply(form=offer_form(release.key))
    first, note = (*words.split(None, 1), "", "")[:2]
    duty = Duty(first.lower()) if first.lower() in tuple(Duty) else None
    offer = OfferDuty(
        workspace=call.workspace,
        release=release.key,
        by=call.user,
        duty=duty or Duty.CAPTAIN,
        to=to,
        note=note if duty else words,
    )
    decided = await desk.coordinator.handle(offer, call.delivery)
    asked = f"{person(to)} is asked, in a message of {mention(release)}."
    return answered(decided, " ".join(filter(None, [asked, await _not_at_work(desk, release, to)])))


async def _not_at_work(desk: Desk, release: Release, person: UserId) -> str:
    """Return that somebody is not at work just now, as far as it is known."""
    hours = (await desk.coordinator.facts(release)).directory.hours.get(person)
    return not_at_work(hours, desk.clock.now(), release.runbook.holidays) if hours else ""


async def lead(desk: Desk, call: Call) -> Reply:
    """Take the lead of a release whose captain has gone."""
    found = await pick(desk, call)
    if isinstance(found, Reply):
        return found
    take = TakeLead(workspace=call.workspace, release=found[0].key, by=call.user)
    decided = await desk.coordinator.handle(take, call.delivery)
    return answered(decided, f"You lead {mention(found[0])} now.")


HANDOFF = Subcommand(
    name="handoff",
    usage="handoff [key] @person [captain|deputy|shadow] [note]",
    summary="ask somebody to lead it, to be deputy, or to follow along",
    answer=handoff,
)
LEAD = Subcommand(name="lead", usage="lead [key]", summary="lead it, when its captain has gone", answer=lead)
