"""A git repository to test with, made by git itself."""

import os
import subprocess
from pathlib import Path


class Repository:
    """A repository of a service, in which people commit and tag."""

    def __init__(self, folder: Path, service: str = "shop") -> None:
        self.path = folder / "checkouts" / service
        self.path.mkdir(parents=True)
        self._at = 1_767_225_600
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, **environment: str) -> str:
        """Run git in it, and return what it says."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        return subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            check=True,
            capture_output=True,
            text=True,
            env={**clean, **environment},
        ).stdout.strip()

    def commits(self, author: str, summary: str, **files: str | None) -> str:
        """Commit some files as somebody, `None` for one that goes, and return the commit's id."""
        for name, text in files.items():
            path = self.path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        name, mail = f"{author.title()} Name", f"{author}@practice.example"
        self._at += 60
        dates = {f"GIT_{who}_DATE": f"{self._at} +0000" for who in ("AUTHOR", "COMMITTER")}
        person = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", name), ("EMAIL", mail))
        }
        self.git("commit", "--quiet", "--allow-empty", f"--message={summary}", **person, **dates)
        return self.git("rev-parse", "HEAD")

    def tags(self, version: str) -> None:
        """Tag what was committed last."""
        self.git("tag", version)
