"""All commands and events there are. A new idea adds its own here."""

from typing import Final

from bot.release.approval import Approve, Approved, Reject, Rejected, Withdrawn
from bot.release.attention import Attend
from bot.release.cancel import Cancel, Cancelled
from bot.release.command import Command
from bot.release.event import Event
from bot.release.handoff import Summarized
from bot.release.members import MembersRead
from bot.release.reminders import Reminded
from bot.release.stage import BeginStage, Completed, GatesLapsed, GatesMet, StageBegan, StageDone
from bot.release.start import Start, Started
from bot.release.steps import FinishStep, StepDone

COMMANDS: Final[tuple[type[Command] | type[Start], ...]] = (
    Start,
    Approve,
    Reject,
    BeginStage,
    FinishStep,
    Cancel,
    Attend,
)

EVENTS: Final[tuple[type[Event], ...]] = (
    Started,
    MembersRead,
    Approved,
    Rejected,
    Withdrawn,
    GatesMet,
    GatesLapsed,
    StageBegan,
    StepDone,
    StageDone,
    Completed,
    Cancelled,
    Reminded,
    Summarized,
)
