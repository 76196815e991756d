"""Whether a condition of the runbook applies to a release as it is."""

from bot.release.release import Release
from bot.runbook.gates.gate import When, path_matches


def applies(when: When | None, release: Release, stage: int) -> bool:
    """Return whether every key of `when` matches the release at the stage with the index `stage`."""
    if when is None:
        return True
    manifest = release.manifest
    return all(
        (
            not when.kind or release.runbook.kind in when.kind,
            not when.environment or release.stage_at(stage).where in when.environment,
            not when.labels or bool({*when.labels} & {*manifest.labels}),
            not when.risk or manifest.risk in when.risk,
            # What could not be read may have changed anything.
            not when.paths
            or bool(manifest.unread)
            or any(path_matches(glob, path) for glob in when.paths for path in manifest.paths),
        )
    )
