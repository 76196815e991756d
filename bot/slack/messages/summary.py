"""The handoff summary: where a release stood, what had changed, and what comes next."""

from collections.abc import Iterable

from bot.release.release import Release
from bot.release.telling.summary import News, Occasion, Summarized
from bot.slack.messages.message import Message, entry
from bot.slack.messages.text import escape, moment, people, person
from bot.slack.messages.words import waits


def summaries(release: Release) -> Iterable[Message]:
    """Return the message of each handoff summary."""
    for number, summary in enumerate(release.summaries):
        yield entry(release, f"summary:{number}", summary.at, _lines(release, summary))


def _lines(release: Release, summary: Summarized) -> Iterable[str]:
    stage = escape(release.stage_name(summary.stage))
    yield _opening(release, summary, stage)
    last = max((past.at for past in release.summaries if past.at < summary.at), default=None)
    since = f"since the last summary, {moment(last)}" if last else "since the start"
    yield f"*What happened* {since}" if summary.news else f"Nothing has happened {since}."
    yield from (f"• {_news(news)}" for news in summary.news)
    yield "*Waiting for*"
    yield from (f"• {waits(waiting)}" for waiting in summary.waiting)


def _opening(release: Release, summary: Summarized, stage: str) -> str:
    to = people(summary.to, "and")
    if summary.occasion is Occasion.STAGE:
        return f"{to}, the stage *{stage}* passes to you"
    return f"{to}, this is where the stage *{stage}* stands, {moment(summary.at)}"


def _news(news: News) -> str:
    return f"{person(news.by)} {news.what} “{escape(news.name)}”, {moment(news.at)}"
