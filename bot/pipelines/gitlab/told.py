"""A pipeline as GitLab tells it: whether it has ended and how, how far its jobs are."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from bot.pipelines.said import readable

Told = Mapping[str, Any]
"""A pipeline or a job, as GitLab tells it."""

ENDED: Final = ("success", "failed", "canceled", "skipped")
"""How a pipeline ends; of all other words of GitLab, none says that nothing more will run."""
MANUAL: Final = "manual"
"""How a pipeline stands in which nothing runs until somebody at GitLab plays a job."""

_ID: Final = re.compile(r"/pipelines/(?P<id>[0-9]+)")
_MARKS: Final = {"success": "✓", "skipped": "–", "running": "▶", "failed": "✗", "canceled": "✗"}


def id_in(link: str) -> str:
    """Return the id that GitLab has given a pipeline, from its address. Raises ValueError for another one."""
    found = _ID.search(link)
    if found is None:
        raise ValueError(f"{link!r} leads to no pipeline.")
    return found["id"]


def why_failed(pipeline: Told, jobs: Iterable[Told]) -> Iterator[str]:
    """Yield how a pipeline ended, and then each job that failed where that counts, with the reason."""
    yield f"At GitLab it ended as {_word(pipeline['status'])}."
    for job in _in_order(jobs):
        if job["status"] == "failed" and not job.get("allow_failure"):
            yield ": ".join(filter(None, [job["name"], _word(job.get("failure_reason") or "")]))


def progress(jobs: Iterable[Told]) -> Iterator[str]:
    """Yield a line for each job: its stage, how it stands, and when it ran."""
    for job in _in_order(jobs):
        times = " to ".join(_time(job[key]) for key in ("started_at", "finished_at") if job.get(key))
        ran = f" · {times} UTC" if times else ""
        mark = _MARKS.get(job["status"], "☐")
        yield readable(f"{mark} {job['stage']}: {job['name']}{ran}").replace("\n", " ")


def _in_order(jobs: Iterable[Told]) -> Iterable[Told]:
    """GitLab lists the newest first; a stage has its jobs before those of the next."""
    return sorted(jobs, key=lambda job: int(job["id"]))


def _word(written: str) -> str:
    return written.replace("_", " ")


def _time(written: str) -> str:
    return f"{datetime.fromisoformat(written).astimezone(UTC):%H:%M:%S}"
