"""The handoff summary: where a release stood, what had changed, what comes next; and the same on demand."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.release.event import News
from bot.release.outlook.ahead import biggest_risk, next_act
from bot.release.release import DoneStep, Release
from bot.release.telling.summary import Occasion, Summarized
from bot.release.waiting import Waiting, waiting_on
from bot.slack.messages.message import Message, entry
from bot.slack.messages.shift import shift_begins, take_over
from bot.slack.messages.why import said
from bot.slack.writing.text import escape, moment, people, person, shorten
from bot.slack.writing.words import mention, next_steps, standing, waits

MOST: Final = 12
LONGEST_NAME: Final = 60
"""Characters of a name, or of a reason in its place."""
LONGEST_REASON: Final = 80
"""Characters of a reason beside a name: with MOST of both, there is room left for what is waited for."""


def summaries(release: Release) -> Iterable[Message]:
    """Return the message of each handoff summary."""
    for number, summary in enumerate(release.summaries):
        lines, buttons = _lines(release, summary), take_over(release, summary)
        yield entry(release, f"summary:{number}", summary.at, lines, buttons)


def summary_text(release: Release) -> str:
    """Return what a summary would tell now, as text for somebody who has asked."""
    last = max((past.at for past in release.summaries), default=None)
    # Nobody expects news of what has ended.
    news = happened(release.news, last) if release.news or not release.state.ended else ()
    waiting = _waited("*Waiting for*", waiting_on(release))
    return "\n".join([f"{mention(release)} is {standing(release)}", *_ahead(release), *news, *waiting])


def _lines(release: Release, summary: Summarized) -> Iterable[str]:
    stage = escape(release.stage_name(summary.stage))
    # Of older ones nobody needs to know whether it waits for the same again.
    fresh = summary is release.summaries[-1] and summary.waiting == waiting_on(release)
    yield from _opening(release, summary, stage)
    yield from _ahead(release) if fresh else ()
    last = max((past.at for past in release.summaries if past.at < summary.at), default=None)
    yield from happened(summary.news, last)
    if not fresh:
        yield from _waited("*It waited then for*", summary.waiting)
        return
    asked = [one for one in summary.waiting if set(one.on) & set(summary.to)]
    yield from next_steps(asked) if summary.to else ()
    yield from _waited("*Waiting for others*", [one for one in summary.waiting if one not in asked])


def _ahead(release: Release) -> Iterable[str]:
    """Return what comes next and what is most likely to go wrong, a line each, with long reasons cut."""
    if act := next_act(release):
        yield f"*Next act:* {said(replace(act, name=shorten(act.name, LONGEST_NAME)), release)}"
    # What comes next says so already, where it is the risk itself.
    if (risk := biggest_risk(release)) and risk not in waiting_on(release)[:1]:
        yield f"*Biggest risk:* {_risk(risk, release)}"


def _risk(risk: Waiting | DoneStep, release: Release) -> str:
    if isinstance(risk, Waiting):
        return waits(replace(risk, name=shorten(risk.name, LONGEST_NAME)))
    step, stage = escape(shorten(risk.step, LONGEST_NAME)), escape(release.stage_name(risk.stage))
    return f"“{step}” of {stage} was skipped by {person(risk.by)}, {moment(risk.at)}{_why(risk.skipped)}"


def _waited(title: str, waiting: Sequence[Waiting]) -> Iterable[str]:
    if waiting:
        yield title
        yield from (f"• {waits(one)}" for one in waiting)


def happened(news: Sequence[News], last: datetime | None) -> Iterable[str]:
    """Return what has happened since the summary at `last`, a line each; of many, the newest."""
    since = f"since the last summary, {moment(last)}" if last else "since the start"
    yield f"*What happened* {since}" if news else f"Nothing has happened {since}."
    if len(news) > MOST:
        yield f"• {len(news) - MOST} things before these"
    yield from (f"• {_news(one)}" for one in news[-MOST:])


def _opening(release: Release, summary: Summarized, stage: str) -> Iterable[str]:
    to = people(summary.to, "and")
    match summary.occasion:
        case Occasion.STAGE:
            yield f"{to}, the stage *{stage}* passes to you"
        case Occasion.SCHEDULE:
            yield f"{to}, this is where the stage *{stage}* stands, {moment(summary.at)}"
        case Occasion.SHIFT:
            yield from shift_begins(release, summary, stage)


def _news(news: News) -> str:
    name = f" “{escape(shorten(news.name, LONGEST_NAME))}”" if news.name else ""
    return f"{person(news.by)} {news.what}{name}, {moment(news.at)}{_why(news.reason)}"


def _why(reason: str) -> str:
    """Return a reason as the end of a line. What a run has said has several of them."""
    line = " ".join(reason.split())
    return f": {escape(shorten(line, LONGEST_REASON))}" if line else ""
