"""The table of a year: calls of Slack and reminders, against a naive bot and the least that there could be."""

from collections.abc import Iterator

from tests.year import count
from tests.year.count import Cost, Nag
from tests.year.year import Played


def of(played: Played) -> str:
    """Return the table as text."""
    return "\n".join(["", *_calls(played), "", *_reminders(played), "", *_by_kind(played)])


def _calls(played: Played) -> Iterator[str]:
    releases, acts, bursts = len(played.events), count.acts_of(played), count.bursts_of(played)
    ours, (theirs, theirs_for_acts, _) = count.rollcall(played), count.naive(played)
    days = (played.ends - played.begins).days
    yield f"{days} days from {played.begins:%F}, seed {played.seed}: {releases} releases, {acts} acts of people"
    yield f"{'Calls':34}{'posts':>8}{'updates':>8}{'deletes':>8}{'opens':>7}{'all':>8}{'a release':>10}{'an act':>8}"

    def row(name: str, cost: Cost) -> str:
        numbers = f"{cost.posts:>8}{cost.updates:>8}{cost.deletes:>8}{cost.opens:>7}{cost.calls:>8}"
        return f"{name:34}{numbers}{cost.calls / releases:>10.1f}{cost.calls / acts:>8.2f}"

    def bound(name: str, calls: int) -> str:
        return f"{name:34}{calls:>39}{calls / releases:>10.1f}{calls / acts:>8.2f}"

    yield row("Rollcall", ours)
    yield row("  of it, when people act", count.rollcall_for_acts(played))
    yield row("a naive bot", theirs)
    yield row("  of it, when people act", theirs_for_acts)
    yield bound("each burst of acts shown once", bursts)
    yield bound("messages that had to differ", needed := count.needed(played))
    shown = ours.calls - ours.opens
    yield (
        f"Rollcall: {ours.calls / bursts:.2f} times the bursts, {shown / needed:.3f} times what had to differ;"
        f" a naive bot: {theirs.calls / bursts:.2f} times the bursts"
    )


def _reminders(played: Played) -> Iterator[str]:
    decisions, (theirs, _, their_nags) = count.decisions_of(played), count.naive(played)
    yield f"{'Reminders':34}{'posts':>8}{'notices':>9}{'all notices':>13}{'reminders a decision':>22}"

    def row(name: str, nags: Nag, cost: Cost) -> str:
        return f"{name:34}{nags.posts:>8}{nags.notices:>9}{cost.notices:>13}{nags.posts / decisions:>22.2f}"

    yield row("Rollcall", count.nags_of_rollcall(played), count.rollcall(played))
    yield row("a naive bot", their_nags, theirs)
    yield f"{decisions} decisions; a notice is a post to one person, or each person whom a post names"


def _by_kind(played: Played) -> Iterator[str]:
    needless = [*count.needless(played)]
    yield f"{'Rollcall, by message':34}{'posts':>8}{'updates':>8}{'deletes':>8}{'by the clock':>14}{'needless':>10}"
    for kind, cost, by_clock in count.by_kind(played):
        numbers = f"{cost.posts:>8}{cost.updates:>8}{cost.deletes:>8}{by_clock:>14}"
        yield f"{kind:34}{numbers}{sum(one.kind == kind for one in needless):>10}"
