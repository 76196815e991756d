"""What is in a release: in short on its card, and whole in a modal."""

from collections.abc import Iterable
from typing import Final

from bot.release.changes import TICKETS_LIMIT
from bot.release.manifest import Commit, Manifest, Pull
from bot.release.release import Release
from bot.release.stages.withdrawn import going_out_again
from bot.slack.buttons import Action, Target
from bot.slack.writing.blocks import Block, button, context, plain, sections
from bot.slack.writing.text import MOST_NAMED, enumerated, escape, person, shorten, within
from bot.slack.writing.words import title

FEW: Final = 3
"""Commits on the card; the modal has all."""
FEW_TICKETS: Final = 5
"""Tickets on the card; the modal has all."""
FEW_REVIEWERS: Final = 4
"""Who reviewed a pull request, as it is told in a line."""
ID_DIGITS: Final = 7
LONGEST_SUMMARY: Final = 72
LONGEST_NAME: Final = 40
LONGEST_LIST: Final = 3_500
"""Characters of the commits, and of the paths, in the modal."""


def in_short(release: Release) -> str:
    """Return how much is in a release, of whom, and the newest of it; nothing where it was not read."""
    manifest = release.manifest
    if not manifest.commit:
        return _unread(manifest)
    lines = [f"*What is in it*: {_amount(release)}", *_by(manifest)]
    newest = [_pull(one) for one in manifest.pulls] or [_commit(release, one) for one in manifest.commits]
    lines += [f"• {one}" for one in newest[:FEW]]
    return "\n".join(filter(None, [*lines, *_for(release, FEW_TICKETS), _unread(manifest)]))


def changes_button(release: Release) -> Block:
    """Return the button that shows everything that is in a release."""
    value = Target(release.key).value()
    return button("Changes", Action.CHANGES, value, label=f"All that is in {release.key}")


def changes_of(release: Release) -> Block:
    """Return the modal with all that is in a release: commits, tickets, pull requests and changed paths."""
    manifest = release.manifest
    lines = [f"*{escape(title(release))}*: {_amount(release)}", *_by(manifest)]
    lines += within([f"• {_commit(release, one)}" for one in manifest.commits], LONGEST_LIST)
    if manifest.more:
        lines.append(f"… and {manifest.more:,} before these")
    lines += _for(release, TICKETS_LIMIT)
    pulls = within([f"• {_pull(one)}{_reviewed(one)}" for one in manifest.pulls], LONGEST_LIST)
    paths = within([f"• {escape(path)}" for path in manifest.paths], LONGEST_LIST)
    blocks = sections("\n".join(lines))
    if manifest.untold:
        pulls.append(f"There may be more of them: {escape(manifest.untold)}")
    blocks += sections("\n".join(["*Pull requests*", *pulls])) if pulls else []
    heading = "*Changed paths*" if manifest.since else "*Paths*"
    blocks += sections("\n".join([heading, *paths])) if paths else []
    small = f"commit {manifest.commit}" if manifest.commit else "nothing was read from a repository"
    whole = [*blocks, context(f"{release.key} · {small}")]
    return {"type": "modal", "title": plain("Changes", 24), "close": plain("Close", 24), "blocks": whole}


def _amount(release: Release) -> str:
    manifest = release.manifest
    count = len(manifest.commits) + manifest.more
    if not manifest.since and manifest.unread and not count:
        return f"commit {_link(release, manifest.commit)}"
    if not manifest.since:
        return f"the first release that is known, at commit {_link(release, manifest.commit)}"
    if not count and manifest.paths:
        return f"no commit that {escape(manifest.since)} has not: changes of it are taken back"
    if not count:
        return f"the same commit as {escape(manifest.since)}"
    commits = "1 commit" if count == 1 else f"{count:,} commits"
    paths = "1 path" if len(manifest.paths) == 1 else f"{len(manifest.paths):,} paths"
    return f"{commits} since {escape(manifest.since)}, in {paths}"


def _by(manifest: Manifest) -> Iterable[str]:
    who = [person(author) for author in manifest.authors]
    who += [f"{escape(shorten(name, LONGEST_NAME))} (not known in Slack)" for name in manifest.strangers]
    if len(who) > MOST_NAMED:
        who = [*who[: MOST_NAMED - 1], f"{len(who) - MOST_NAMED + 1} more"]
    if who:
        yield f"Written by {enumerated(who, 'and')}"


def _for(release: Release, most: int) -> Iterable[str]:
    """Return the line with the tickets for which it was made."""
    tickets, written = release.manifest.tickets, release.runbook.tickets
    keys = [_linked(written.address(key) if written else "", key) for key in tickets[:most]]
    more = [f"{len(tickets) - most} more"] if len(tickets) > most else []
    if keys:
        yield f"For {enumerated(within([*keys, *more], LONGEST_LIST), 'and')}"


def _pull(pull: Pull) -> str:
    # GitLab calls them merge requests, and writes them with another sign.
    sign = "!" if "/merge_requests/" in pull.link else "#"
    return f"{_linked(pull.link, f'{sign}{pull.number}')} {escape(shorten(pull.title, LONGEST_SUMMARY))}"


def _reviewed(pull: Pull) -> str:
    who = [*map(person, pull.reviewers), *(escape(shorten(name, LONGEST_NAME)) for name in pull.strangers)]
    if len(who) > FEW_REVIEWERS:
        who = [*who[: FEW_REVIEWERS - 1], f"{len(who) - FEW_REVIEWERS + 1} more"]
    return f", approved by {enumerated(who, 'and')}" if who else ""


def _linked(link: str, text: str) -> str:
    return f"<{link}|{escape(text)}>" if link else escape(text)


def _commit(release: Release, commit: Commit) -> str:
    before = next((one.key for one, again in going_out_again(release) if commit in again), "")
    withdrawn = f" (withdrawn with {before})" if before else ""
    return f"{_link(release, commit.id)} {escape(shorten(commit.summary, LONGEST_SUMMARY))}{withdrawn}"


def _link(release: Release, id_: str) -> str:
    short, repository = id_[:ID_DIGITS], release.runbook.repository
    return f"<{repository.rstrip('/')}/commit/{id_}|{short}>" if repository else short


def _unread(manifest: Manifest) -> str:
    return f"⚠ Not all that is in it is known: {escape(manifest.unread)}" if manifest.unread else ""
