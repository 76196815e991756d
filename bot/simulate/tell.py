"""A played release as plain text: its timeline, how it ended, where it waited, and what would help."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from bot.release.decide import apply
from bot.release.event import Event
from bot.release.gates.answers import Abstained, Approved, Rejected, Withdrawn
from bot.release.gates.checks import CheckReported
from bot.release.gates.expiry import ApprovalExpired, CheckExpired
from bot.release.gates.readings import CheckRead
from bot.release.gates.review import ReviewOpened
from bot.release.gates.settle import RejectionResolved
from bot.release.outlook.why import why
from bot.release.people.duties import leads
from bot.release.people.handoff import DutyAccepted, LeadTaken
from bot.release.people.roles import MembersRead
from bot.release.people.shift import ShiftAsked, ShiftMissed, ShiftReminded
from bot.release.refusal import sentences
from bot.release.release import Release
from bot.release.stages.failure import StepFailed, StepRetried
from bot.release.stages.holds import HoldLifted, HoldPlaced
from bot.release.stages.runs import RunAsked, RunEnded
from bot.release.stages.stage import Completed, GatesLapsed, GatesMet, StageBegan, StageDone
from bot.release.stages.start import DutiesRelaxed, Started
from bot.release.stages.steps import StepDone
from bot.release.telling.reminders import Reminded, Way
from bot.release.telling.summary import Occasion, Summarized
from bot.release.waiting import Awaited, Waiting
from bot.simulate.play import TURNS_LIMIT, Plan, Play, Turn, able, of_a_check
from bot.simulate.waits import LONG, Cause, Stall, better, outlook, stalls, waits

ASKS: Final[Mapping[Awaited, str]] = {
    Awaited.APPROVAL: "approve {name}",
    Awaited.PEOPLE: "find {count} more for {name} in {role}",
    Awaited.CHECK: "report the check {name}",
    Awaited.READING: "await the check {name}, which Rollcall reads; here it is taken to pass",
    Awaited.SOAK: "await the check {name}, until it has passed for long enough",
    Awaited.REJECTION: "take the rejection of {name} back, or settle it",
    Awaited.GO: "let {name} begin",
    Awaited.STEP: "do “{name}”",
    Awaited.RUN: "await the run of “{name}”",
    Awaited.HELD_UP: "end the run that keeps “{name}” from beginning",
    Awaited.CHOICE: "choose what follows “{name}”",
    Awaited.HOLD: "lift hold {count}",
    Awaited.QUESTION: "say whether hold {count} is still needed",
    Awaited.CAPTAIN: "take the lead",
    Awaited.REVIEW: "sign the review",
    Awaited.LOCK: "lift the lock",
}
"""What is asked of those whom a release waits for."""
NOBODY: Final = "find somebody in {role} who reports the check {name}"
HELPS: Final[Mapping[Cause, str]] = {
    Cause.TOO_FEW: "{count} more in {role} who may approve it",
    Cause.UNREPORTED: "somebody in {role}, who reports it",
    Cause.REJECTED: "{who} takes it back, or {lead} settles it, with a reason",
    Cause.HELD: "{who} lifts it, or {lead} does, with a reason",
    Cause.ASLEEP: "somebody to ask who is at work then; {who} is from {wakes}",
    Cause.UNANSWERED: "more people to ask, or reminders that come sooner",
}
"""What would help where a release has stalled."""
OVERRIDABLE: Final = (Cause.TOO_FEW, Cause.UNREPORTED, Cause.REJECTED)


class Telling:
    """Tells of the plays of one plan, with names, and times in one zone."""

    def __init__(self, plan: Plan, zone: ZoneInfo) -> None:
        self._plan = plan
        self._zone = zone

    def timeline(self, played: Play) -> Iterable[str]:
        """Tell one play from its start to its end."""
        yield f"{self._title()}, seed {self._plan.seed}. Times are in {self._zone}."
        day = ""
        for before, turn in zip([None, *played.turns], played.turns, strict=False):
            time = f"{turn.at.astimezone(self._zone):%H:%M}"
            for line in self._turn(before, turn):
                if (today := f"{turn.at.astimezone(self._zone):%a %Y-%m-%d}") != day:
                    yield f"\n{today}"
                yield f"  {time:5}  {line}"
                day, time = today, ""
        yield f"\n{self._end(played)}"
        yield from _table(
            "Waited",
            ("for", "nobody at work"),
            {str(place): (span(wait.lasted), span(wait.asleep)) for place, wait in waits(played).items()},
        )
        yield from _listed("What would help", self._helps(played))

    def outlook(self, plays: Sequence[Play]) -> Iterable[str]:
        """Tell what many plays come to."""
        seeds = f"seeds {plays[0].plan.seed} to {plays[-1].plan.seed}"
        yield f"{self._title()}, {len(plays)} times, {seeds}. Times are in {self._zone}."
        if plays[0].refused:
            yield f"\n{self._end(plays[0])}"
            return
        it, never = outlook(plays), f"not within {self._plan.days}d"
        half, most = (never if time is None else f"within {span(time)}" for time in it.times)
        yield f"\nIt completed in {it.completed} of {it.runs}: half {half} (p50), nine in ten {most} (p90)."
        yield from _listed("Where it stalled", (f"{n} × {place}: {cause}" for place, cause, n in it.stalls))
        yield from _table(
            "Waited",
            ("p50", "p90"),
            {str(place): (span(half), span(most)) for place, (half, most) in it.waits.items()},
        )

    def _title(self) -> str:
        plan = self._plan
        kind = "" if plan.runbook.kind == "normal" else f" ({plan.runbook.kind})"
        what = f"{plan.runbook.title} {plan.version}{kind}"
        return f"{what}, from {self._moment(plan.at)} for at most {_many(plan.days, 'day')}"

    def _turn(self, before: Turn | None, turn: Turn) -> Iterable[str]:
        release = before.release if before else None
        for event in turn.events:
            yield self._happened(release, after := apply(release, event), event)
            release = after
        if turn.refused:
            yield f"{self._who([turn.by])} is refused: {turn.refused.because}"
        known = {(one.kind, one.name, one.role) for one in before.waiting} if before else set()
        for one in turn.waiting:
            if (one.kind, one.name, one.role) not in known:
                yield f"→ {self._asked(turn, one)}"

    def _asked(self, turn: Turn, waiting: Waiting) -> str:
        sought = waiting.kind is Awaited.PEOPLE and of_a_check(turn.release, waiting)
        form = NOBODY if sought else ASKS[waiting.kind]
        what = form.format(name=waiting.name, count=waiting.count, role=waiting.role)
        approvals = waiting.count if waiting.kind is Awaited.APPROVAL else 1
        everybody = waiting.each or approvals >= len(waiting.on)
        count = f"{approvals} of " if approvals > 1 and not everybody else ""
        wakes = self._wakes(turn.release, waiting, turn.at)
        asleep = f" (at work from {self._moment(wakes[0])})" if wakes and wakes[0] > turn.at else ""
        who = self._who(waiting.on, "and" if everybody else "or")
        return f"{count}{who}: {what}{asleep}" if waiting.on else what

    def _happened(self, before: Release | None, after: Release, event: Event) -> str:
        by, stage = self._who([event.by]), after.current.name
        match event:
            case Started():
                return f"{by} starts {event.key}"
            case DutiesRelaxed():
                return f"starter and authors may approve, as duties are {event.duties}"
            case Approved():
                behalf = f" for {self._who([event.behalf])}" if event.behalf else ""
                return f"{by} approves {event.gate}{behalf}"
            case Rejected():
                return f"{by} rejects {event.gate}: {event.comment}"
            case Abstained():
                return f"{by} abstains at {event.gate}"
            case Withdrawn():
                return f"{by} takes it back at {event.gate}: {event.comment}"
            case CheckReported():
                return f"{by} reports that {event.check} {'passed' if event.passed else 'failed'}"
            case CheckRead():
                return f"{event.check} is read as {event.outcome}"
            case CheckExpired():
                return f"the report of {event.check} is too old"
            case RejectionResolved():
                return f"{by} settles {self._who([event.person])}’s rejection of {event.gate}: {event.reason}"
            case ApprovalExpired():
                return f"the approval of {event.gate} by {self._who([event.person])} is too old"
            case HoldPlaced():
                return f"{by} places hold {event.number}: {event.reason}"
            case HoldLifted():
                return f"{by} lifts hold {event.number}: {event.reason}"
            case GatesMet():
                return f"{stage}: every gate is met"
            case GatesLapsed():
                return f"{stage}: a gate is met no longer"
            case StageBegan():
                return f"{stage} begins" if event.by == "rollcall" else f"{by} lets {stage} begin"
            case RunAsked():
                return f"“{event.step}” is run: {event.order.text}"
            case RunEnded():
                return f"run {event.number} has {'passed' if event.passed else 'failed'}"
            case StepDone():
                return f"{by} ticks “{event.step}”"
            case StepFailed():
                return f"{by} says “{event.step}” failed: {event.reason}"
            case StepRetried():
                return f"{by} tries “{event.step}” again"
            case StageDone():
                return f"{before.current.name if before else stage} is done"
            case Completed():
                return "completed"
            case Reminded():
                return self._reminder(event)
            case Summarized(occasion=Occasion.STAGE):
                return f"handoff: {stage} passes to {self._who(event.to, 'and')}"
            case Summarized(occasion=Occasion.SHIFT):
                return f"shift of {' and '.join(event.roles)}: summary of {stage} to {self._shift(event)}"
            case ShiftAsked() | ShiftReminded():
                again = "" if isinstance(event, ShiftAsked) else ", asked once more"
                who, captain = self._who(event.people), self._who([after.captain])
                return f"→ {who}: take over from {captain}{again} (until {self._moment(event.until)})"
            case ShiftMissed():
                roles = " and ".join(event.roles)
                return f"nobody of {roles} has taken over; it stays with {self._who([after.captain])}"
            case DutyAccepted():
                return f"{by} is {event.duty} from now on"
            case LeadTaken():
                return f"{by} takes the lead"
            case Summarized():
                return f"summary of {stage} to {self._who(event.to, 'and')}"
            case MembersRead():
                return self._read(before, event)
            case ReviewOpened():
                return f"a review is due by {self._moment(event.due)}"
            case _:
                return type(event).__name__

    def _reminder(self, event: Reminded) -> str:
        who = self._who(event.people, "and") or "those asked, who are not at work"
        helpers = self._who(event.helpers, "and")
        match event.way:
            case Way.PRIVATE:
                return f"{event.gate}: {who} reminded privately"
            case Way.THREAD:
                return f"{event.gate}: {who} reminded in the thread"
            case Way.BACKUP:
                return f"{event.gate}: {helpers} asked to help with {who}"
            case Way.CHANNEL:
                led = f", and {helpers}," if helpers else ""
                return f"{event.gate}: the channel told{led} that it waits for {who}"
            case _:
                assert_never(event.way)

    def _shift(self, event: Summarized) -> str:
        return self._who(event.to, "and") or "nobody, as nobody of it is there"

    def _read(self, before: Release | None, event: MembersRead) -> str:
        old = before.members if before else {}
        roles = [
            f"{role} is {self._who(those, 'and')}"
            for role, those in event.members.items()
            if those != old.get(role)
        ]
        stand_in = [
            f"{self._who([away.deputy])} stands in for {self._who([p])}" for p, away in event.deputies.items()
        ]
        return f"the roles are read anew: {'; '.join([*roles, *stand_in]) or 'all are back'}"

    def _end(self, played: Play) -> str:
        if played.refused:
            return sentences("It cannot be started.", played.refused.because, played.refused.instead)
        if played.took is not None:
            return f"Completed on {self._moment(played.until)}, after {span(played.took)}."
        if played.cut_short:
            return f"Stopped after {TURNS_LIMIT:,} turns: it goes round and round."
        return f"Stalled: after {_many(self._plan.days, 'day')} it is not completed."

    def _helps(self, played: Play) -> Iterable[str]:
        for stall in stalls(played):
            yield f"{stall.place}, {stall.cause}: {self._help(played, stall)}"
        if played.took is not None:
            for place, wait in waits(played).items():
                if wait.asleep >= LONG:
                    yield f"{place}: somebody to ask who is at work then; for {span(wait.asleep)} nobody was"
        slow = played.took is None or any(wait.asleep >= LONG for wait in waits(played).values())
        if played.turns and slow and (other := better(played)):
            assert other.took is not None
            yield f"started on {self._moment(other.plan.at)}, it would take {span(other.took)}"

    def _help(self, played: Play, stall: Stall) -> str:
        last, waiting = played.turns[-1].release, stall.waiting
        wakes = self._wakes(last, waiting, played.until)
        # Of a rejection, its giver comes first, who takes it back.
        asked = waiting.on[:1] if stall.cause is Cause.REJECTED else waiting.on
        first = [wakes[1]] if wakes and stall.cause is Cause.ASLEEP else asked
        help_ = HELPS[stall.cause].format(
            count=waiting.count,
            role=waiting.role,
            who=self._who(first),
            lead=self._who(leads(last)),
            wakes=self._moment(wakes[0]) if wakes else "",
        )
        if stall.cause not in OVERRIDABLE:
            return help_
        may = self._who(why(last).override)
        return f"{help_}; {f'else it needs an override, by {may}' if may else 'nobody may override it'}"

    def _wakes(self, release: Release, waiting: Waiting, at: datetime) -> tuple[datetime, str] | None:
        """Return when one of those who are asked is at work next, and who."""
        people = self._plan.people.people
        return min(((people[p].shift(at)[0], p) for p in able(release, waiting)), default=None)

    def _who(self, people: Sequence[str], last: str = "or") -> str:
        names = [self._plan.people.name(person) for person in people]
        return f" {last} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))

    def _moment(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%a %Y-%m-%d %H:%M}"


def span(time: timedelta) -> str:
    """Return a duration in days, hours and minutes, such as `2d 17h 5m`."""
    minutes = round(time / timedelta(minutes=1))
    parts = zip((minutes // 1440, minutes // 60 % 24, minutes % 60), "dhm", strict=True)
    return " ".join(f"{number}{unit}" for number, unit in parts if number) or "0m"


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _listed(title: str, lines: Iterable[str]) -> Iterable[str]:
    if listed := [f"- {line}" for line in lines]:
        yield from (f"\n{title}", *listed)


def _table(title: str, head: tuple[str, str], rows: Mapping[str, tuple[str, str]]) -> Iterable[str]:
    if not rows:
        return
    width = max(map(len, (title, *rows))) + 2
    yield ""
    for name, (first, second) in {title: head, **rows}.items():
        yield f"{name:{width}}{first:>12}{second:>16}"
