"""A small service to practise with: its versions in git, and the commands that deploy and test it."""

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

COMMANDS: Final = "commands"
CHECKOUTS: Final = "checkouts"
"""The folders of the commands and of the repository, below the one in which the sample is laid out."""
NAMES: Final = ("Ana Ortiz", "Bea Lang", "Dan Hughes")

_SETTINGS: Final = {
    "settings/staging.conf": "pages = 2\n",
    "settings/rehearsal.conf": "pages = 2\n",
    "settings/production.conf": "pages = 40\n",
}
_CHECK: Final = """\
#!/bin/sh
# Whether this version can be served in an environment.
cd "$(dirname "$0")"
if [ ! -e "settings/$1.conf" ]; then
    echo "storefront: settings/$1.conf: No such file" >&2
    exit 1
fi
echo "$(cat VERSION) answers with $(grep -o '[0-9]*$' "settings/$1.conf") pages."
"""
_ANA, _BEA, _DAN = (f"{name} <{name.split()[0].lower()}@practice.example>" for name in NAMES)
VERSIONS: Final[Mapping[str, tuple[str, str, Mapping[str, str]]]] = {
    "1.0.0": (_ANA, "Sell books", _SETTINGS),
    "1.1.0": (_DAN, "Sell maps, too", _SETTINGS | {"settings/production.conf": "pages = 52\n"}),
    "1.2.0": (
        "Robin Gray <robin@contractor.example>",
        "Tidy up the settings",
        {"settings/staging.conf": "pages = 2\n"},
    ),
    "1.3.0": (
        _BEA,
        "Bring the settings of production back",
        _SETTINGS | {"settings/staging.conf": "pages = 3\n"},
    ),
}
"""Each version with its author, message and settings. 1.2.0 works in staging, and not in production."""


def lay_out(folder: Path) -> bool:
    """Put the sample service and its commands into a folder; False where there is no git to do it with."""
    commands = shutil.copytree(Path(__file__).parent / COMMANDS, folder / COMMANDS, dirs_exist_ok=True)
    for command in commands.iterdir():
        command.chmod(0o755)
    repository = folder / CHECKOUTS / "storefront"
    if repository.exists():
        return True
    git = shutil.which("git")
    if git is None:
        return False
    fresh = folder / CHECKOUTS / "storefront.new"
    fresh.parent.mkdir(exist_ok=True)
    shutil.rmtree(fresh, ignore_errors=True)
    subprocess.run([git, "init", "--quiet", "--bare", "--initial-branch=main", fresh], check=True)  # noqa: S603
    history = "".join(_history()).encode()
    subprocess.run([git, "-C", fresh, "fast-import", "--quiet"], input=history, check=True)  # noqa: S603
    fresh.rename(repository)
    return True


def _history() -> Iterable[str]:
    """Yield the versions as git's fast-import reads them, one commit and tag for each."""
    for number, (version, (author, message, settings)) in enumerate(VERSIONS.items()):
        at = f"{author} {1_760_000_000 + number * 86_400} +0000"
        yield f"commit refs/heads/main\nauthor {at}\ncommitter {at}\n{_data(message)}"
        yield "deleteall\n"
        for path, text in {"VERSION": f"storefront {version}\n", "check": _CHECK, **settings}.items():
            mode = "100755" if path == "check" else "100644"
            yield f"M {mode} inline {path}\n{_data(text)}"
        yield f"\nreset refs/tags/{version}\nfrom refs/heads/main\n\n"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"
