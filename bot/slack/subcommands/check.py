"""`check`: say how a check went."""

from bot.release.gates.checks import ReportCheck
from bot.slack.desk import Call, Desk, Reply, answered
from bot.slack.incoming.picking import pick
from bot.slack.subcommands.subcommand import Subcommand
from bot.slack.writing.text import escape
from bot.slack.writing.words import mention

OUTCOMES = {"passed": True, "failed": False}


async def answer(desk: Desk, call: Call) -> Reply:
    """Report the check that was named as passed or failed, with what follows as the comment."""
    found = await pick(desk, call)
    if isinstance(found, Reply):
        return found
    release, rest = found
    # A check may be called like its service, which is then no word about whose release is meant.
    known = tuple(f"{check.name} ".lower() for check in release.runbook.checks)
    words = (call.text if call.text.lower().startswith(known) else rest).split()
    at = next((n for n, word in enumerate(words) if word.lower() in OUTCOMES), 0)
    if at == 0:
        checks = ", ".join(check.name for check in release.runbook.checks) or "none"
        how = "Say which check passed or failed, such as: check smoke-tests passed."
        return Reply(text=f"{how} Checks: {escape(checks)}.")
    report = ReportCheck(
        workspace=call.workspace,
        release=release.key,
        by=call.user,
        check=" ".join(words[:at]),
        passed=OUTCOMES[words[at].lower()],
        comment=" ".join(words[at + 1 :]),
    )
    decided = await desk.coordinator.handle(report, call.delivery)
    return answered(decided, f"It is recorded at {mention(release)}.")


CHECK = Subcommand(
    name="check",
    usage="check [key] name passed|failed [comment]",
    summary="say how a check went",
    answer=answer,
)
