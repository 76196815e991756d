"""All commands and events there are. A new idea adds its own here."""

from typing import Final

from bot.release.attention import Attend
from bot.release.command import Command
from bot.release.event import Event
from bot.release.gates.answers import (
    Abstain,
    Abstained,
    Approve,
    Approved,
    Reject,
    Rejected,
    Withdraw,
    Withdrawn,
)
from bot.release.gates.checks import CheckReported, ReportCheck
from bot.release.gates.evidence import AttachEvidence, EvidenceAttached
from bot.release.gates.expiry import ApprovalExpired, CheckExpired
from bot.release.gates.override import Overridden, Override
from bot.release.gates.readings import CheckRead, ReportReading
from bot.release.gates.review import ReviewOpened, ReviewReminded, ReviewSigned, SignReview
from bot.release.gates.seat import SeatTaken, TakeSeat
from bot.release.gates.settle import RejectionResolved, ResolveRejection
from bot.release.people.absence import CameBackEarly, ComeBack, GoAway, WentAway
from bot.release.people.handoff import (
    AcceptDuty,
    DeclineDuty,
    DutyAccepted,
    DutyDeclined,
    DutyOffered,
    LeadTaken,
    OfferDuty,
    OfferLapsed,
    TakeLead,
)
from bot.release.people.leaving import CameBack, JoinChannel, LeaveChannel, LeftWithDuty
from bot.release.people.own import OwnCommand, OwnEvent
from bot.release.people.own_hours import HoursSet, SetHours
from bot.release.people.roles import MembersRead
from bot.release.people.shift import ShiftAsked, ShiftMissed, ShiftReminded
from bot.release.stages.cancel import Cancel, Cancelled
from bot.release.stages.drill import StartDrill
from bot.release.stages.failure import (
    FailStep,
    RetryStep,
    SkipStep,
    StepFailed,
    StepRetried,
    StepSkipped,
)
from bot.release.stages.going_back import (
    RollbackCalledOff,
    RollbackPlanned,
    RollbackVetoed,
    VetoRollback,
)
from bot.release.stages.holds import (
    HoldKept,
    HoldLifted,
    HoldPlaced,
    HoldQuestioned,
    KeepHold,
    LiftHold,
    PlaceHold,
)
from bot.release.stages.lock import LiftLock, LockLifted
from bot.release.stages.revision import ChangeManifest, ManifestChanged
from bot.release.stages.rollback import Rollback, RollbackBegan, RolledBack
from bot.release.stages.runs import (
    ReportRunBegan,
    ReportRunEnded,
    ReportRunHeldUp,
    RunAsked,
    RunBegan,
    RunEnded,
    RunHeldUp,
)
from bot.release.stages.stage import BeginStage, Completed, GatesLapsed, GatesMet, StageBegan, StageDone
from bot.release.stages.start import DutiesRelaxed, Start, Started
from bot.release.stages.steps import FinishStep, StepDone
from bot.release.telling.reminders import Reminded, RemindersPostponed
from bot.release.telling.snooze import Snooze, Snoozed, SnoozesRead
from bot.release.telling.summary import Summarized

COMMANDS: Final[tuple[type[Command] | type[Start] | type[StartDrill], ...]] = (
    Start,
    StartDrill,
    ChangeManifest,
    Approve,
    Reject,
    Abstain,
    Withdraw,
    TakeSeat,
    ResolveRejection,
    ReportCheck,
    ReportReading,
    AttachEvidence,
    Override,
    SignReview,
    PlaceHold,
    KeepHold,
    LiftHold,
    BeginStage,
    FinishStep,
    FailStep,
    RetryStep,
    SkipStep,
    ReportRunHeldUp,
    ReportRunBegan,
    ReportRunEnded,
    Cancel,
    Rollback,
    VetoRollback,
    LiftLock,
    OfferDuty,
    AcceptDuty,
    DeclineDuty,
    TakeLead,
    LeaveChannel,
    JoinChannel,
    Attend,
)

EVENTS: Final[tuple[type[Event], ...]] = (
    Started,
    DutiesRelaxed,
    MembersRead,
    ManifestChanged,
    Approved,
    Rejected,
    Abstained,
    Withdrawn,
    SeatTaken,
    RejectionResolved,
    ApprovalExpired,
    CheckReported,
    CheckRead,
    CheckExpired,
    EvidenceAttached,
    Overridden,
    ReviewOpened,
    ReviewSigned,
    ReviewReminded,
    GatesMet,
    GatesLapsed,
    HoldPlaced,
    HoldQuestioned,
    HoldKept,
    HoldLifted,
    StageBegan,
    RunAsked,
    RunHeldUp,
    RunBegan,
    RunEnded,
    StepDone,
    StepFailed,
    StepRetried,
    StepSkipped,
    StageDone,
    Completed,
    Cancelled,
    RollbackPlanned,
    RollbackVetoed,
    RollbackCalledOff,
    RollbackBegan,
    RolledBack,
    LockLifted,
    DutyOffered,
    DutyAccepted,
    DutyDeclined,
    OfferLapsed,
    ShiftAsked,
    ShiftReminded,
    ShiftMissed,
    LeadTaken,
    LeftWithDuty,
    CameBack,
    Reminded,
    RemindersPostponed,
    SnoozesRead,
    Summarized,
)

OWN_COMMANDS: Final[tuple[type[OwnCommand], ...]] = (GoAway, ComeBack, SetHours, Snooze)
OWN_EVENTS: Final[tuple[type[OwnEvent], ...]] = (WentAway, CameBackEarly, HoursSet, Snoozed)
"""What a person does about themselves, on all releases."""
