"""A run of a workflow as GitHub tells it: which of a release it is, how it ended, how far its jobs are."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from bot.pipelines.said import readable

Told = Mapping[str, Any]
"""A run, a job or a step, as GitHub tells it."""

_ID: Final = re.compile(r"/actions/runs/(?P<id>[0-9]+)")
_WORD: Final = r"(?<![\w/-]){}(?![\w/-])"
_ANY_NAME: Final = re.compile(_WORD.format("[a-z][a-z0-9-]*-[0-9]+/[0-9]+"))
_NO_FAULT: Final = ("success", "skipped", "neutral", None)
_MARKS: Final = {"success": "✓", "skipped": "–", "neutral": "–"}


def id_in(link: str) -> str:
    """Return the id that GitHub has given a run, from its address. Raises ValueError for another address."""
    found = _ID.search(link)
    if found is None:
        raise ValueError(f"{link!r} leads to no run of a workflow.")
    return found["id"]


def is_named(run: Told, name: str) -> bool:
    """Return whether the title of a run has a name such as `shop-1/1` in it, as a whole word."""
    return re.search(_WORD.format(re.escape(name)), _title(run)) is not None


def has_a_name(run: Told) -> bool:
    """Return whether the title of a run says which run of which release it is."""
    return _ANY_NAME.search(_title(run)) is not None


def why_failed(run: Told, jobs: Iterable[Told]) -> Iterator[str]:
    """Yield how a run ended, and then each job that did not pass, with those of its steps that did not."""
    yield f"At GitHub it ended as {run['conclusion'].replace('_', ' ')}."
    for job in jobs:
        if job["conclusion"] not in _NO_FAULT:
            steps = [step["name"] for step in job.get("steps") or () if step["conclusion"] not in _NO_FAULT]
            yield ": ".join([job["name"], *filter(None, [", ".join(steps)])])


def progress(jobs: Iterable[Told]) -> Iterator[str]:
    """Yield a line for each job and each of its steps: how it stands, and when it ran."""
    for job in jobs:
        yield _line(job)
        for step in job.get("steps") or ():
            yield f"  {_line(step)}"


def _title(run: Told) -> str:
    return f"{run.get('display_title') or ''}\n{run.get('name') or ''}"


def _line(one: Told) -> str:
    times = " to ".join(_time(one[key]) for key in ("started_at", "completed_at") if one.get(key))
    return readable(f"{_mark(one)} {one['name']}{f' · {times} UTC' if times else ''}").replace("\n", " ")


def _mark(one: Told) -> str:
    if one["status"] == "completed":
        return _MARKS.get(one["conclusion"], "✗")
    return "▶" if one["status"] == "in_progress" else "☐"


def _time(written: str) -> str:
    return f"{datetime.fromisoformat(written).astimezone(UTC):%H:%M:%S}"
