"""The settings, read from the environment and from a file `.env`, here and nowhere else."""

import os
from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Final

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_FILE: Final = ".env"


class Transport(StrEnum):
    """How Slack's requests come in."""

    SOCKET = "socket"
    HTTP = "http"


class Level(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Misconfigured(Exception):
    """The settings do not suffice to start; the message says what is missing."""


class Settings(BaseSettings):
    """What can be set. Each field's description is its line in the docs."""

    model_config = SettingsConfigDict(env_file=ENV_FILE, extra="ignore", frozen=True)

    slack_bot_token: SecretStr = Field(SecretStr(""), description="The app's bot token, `xoxb-…`.")
    slack_app_token: SecretStr = Field(
        SecretStr(""), description="The app-level token, `xapp-…`: with it Rollcall connects by Socket Mode."
    )
    slack_signing_secret: SecretStr = Field(
        SecretStr(""),
        description="The app's signing secret: with it, and no app token, Rollcall serves HTTP.",
    )
    slack_api_url: str = Field(
        "https://slack.com/api/", description="Where Slack's Web API is; the practice Slack has its own."
    )
    database_url: str = Field(
        "sqlite:///rollcall.db",
        description="The ledger's database: `sqlite:///file` or `postgresql+psycopg://user:password@host/name`.",
    )
    host: str = Field("127.0.0.1", description="The address to listen on, in HTTP mode and for health.")
    port: int | None = Field(
        None,
        ge=0,
        le=65_535,
        description="The port to listen on: 8080, or 3000 for the practice Slack, where nothing is set.",
    )
    rollcall_runbooks: Path = Field(Path("runbooks"), description="The folder with the runbooks.")
    rollcall_command: str = Field(
        "/release", pattern=r"^/[a-z0-9_-]{1,31}$", description="The slash command, as it is installed."
    )
    rollcall_commands: Path | None = Field(
        None, description="The folder with the commands that runbooks may run; without it, none may be run."
    )
    rollcall_checkouts: Path | None = Field(
        None,
        description="The folder with a git repository for each service, named by its key, in which it is read"
        " what is in a version.",
    )
    rollcall_authors: Path | None = Field(
        None,
        description="The file that says which addresses and logins belong to whom in Slack, such as"
        " `people.yaml`.",
    )
    rollcall_command_env: str = Field(
        "",
        description="The names of environment variables that commands get besides `PATH`, `HOME` and so on,"
        " parted by commas. Their values are hidden where output is shown.",
    )
    rollcall_runs: Path = Field(
        Path("runs"), description="The folder in which what was run, and its output, is kept."
    )
    rollcall_poll: float = Field(
        1.0, gt=0, description="Seconds between two looks at a command that is under way."
    )
    github_token: SecretStr = Field(
        SecretStr(""),
        description="A token with which workflows of GitHub Actions are run, and versions and commits are"
        " read.",
    )
    github_app_id: str = Field(
        "",
        description="The id of a GitHub App that does so instead, where it is installed, and whose rule"
        " deployments wait for.",
    )
    github_app_key_file: Path | None = Field(
        None, description="The file with the private key of that app, as GitHub gives it (PEM)."
    )
    github_webhook_secret: SecretStr = Field(
        SecretStr(""),
        description="The secret of a webhook, which is then served at `/github`: so the end of a workflow is"
        " seen at once, and deployments can wait for Rollcall.",
    )
    github_url: str = Field(
        "https://api.github.com",
        pattern="^https?://",
        description="Where the API of GitHub is; that of GitHub Enterprise Server ends with `/api/v3`.",
    )
    github_poll: float = Field(
        15.0, gt=0, description="Seconds between two looks at a workflow that is under way."
    )
    gitlab_token: SecretStr = Field(
        SecretStr(""),
        description="A token with which pipelines of GitLab are run, and versions and commits are read.",
    )
    gitlab_approver_token: SecretStr = Field(
        SecretStr(""),
        description="A token of a user of GitLab whose approval protected environments need: with it,"
        " deployments there wait for Rollcall.",
    )
    gitlab_webhook_secret: SecretStr = Field(
        SecretStr(""),
        description="The signing token or the secret token of a webhook, which is then served at `/gitlab`:"
        " so the end of a pipeline is seen at once, and what is blocked.",
    )
    gitlab_url: str = Field(
        "https://gitlab.com/api/v4",
        pattern="^https?://",
        description="Where the API of GitLab is; that of one's own ends with `/api/v4`, too.",
    )
    gitlab_poll: float = Field(
        15.0, gt=0, description="Seconds between two looks at a pipeline that is under way."
    )
    jira_url: str = Field(
        "",
        pattern="^(https?://|$)",
        description="Where Jira is, such as `https://acme.atlassian.net`, of whose tickets checks read the"
        " state.",
    )
    jira_user: str = Field(
        "",
        description="The address of the user whose token it is, for Jira Cloud; Jira Data Center needs none.",
    )
    jira_token: SecretStr = Field(SecretStr(""), description="A token with which tickets are read.")
    rollcall_webhook_secret: SecretStr = Field(
        SecretStr(""),
        description="The key, `whsec_…`, with which runs are asked for elsewhere, and reported at `/runs`.",
    )
    rollcall_api_token: SecretStr = Field(
        SecretStr(""),
        description="The token with which pipelines read how releases stand, and the password of the page of"
        " deliveries; without it, there is neither.",
    )
    rollcall_url: str = Field(
        "",
        description="Where `rollcall wait`, and what is run elsewhere, finds Rollcall, such as"
        " `https://rollcall.example.com`.",
    )
    rollcall_subscribers: Path | None = Field(
        None, description="The file that names who is told of every event; without it, nobody is."
    )
    rollcall_inside: str = Field(
        "",
        description="Networks that may be called though they are not public, such as `10.0.0.0/8`, parted by"
        " commas.",
    )
    rollcall_settle: float = Field(
        45.0,
        ge=0,
        description="How long Slack may take to store a message after its answer was lost, in seconds.",
    )
    rollcall_gap: float = Field(
        1.0,
        ge=0,
        description="The least time in seconds between two updates of one release in Slack; between two of"
        " one person's Home tab it is three times that.",
    )
    rollcall_pace: float = Field(
        1.0,
        gt=0,
        description="How often Slack is called to show releases, as a multiple of its published limits.",
    )
    rollcall_tick: float = Field(5.0, gt=0, description="Seconds between two looks at what is due.")
    rollcall_log: str = Field(
        "info", description="The least level that is logged: debug, info, warning or error."
    )

    @property
    def transport(self) -> Transport:
        """How requests come in. Raises Misconfigured, naming what is missing."""
        if not self.slack_bot_token.get_secret_value():
            raise Misconfigured(
                "SLACK_BOT_TOKEN is not set. `rollcall manifest` prints the app to install; its page has the"
                " token. Without a workspace, `rollcall practice` starts a practice Slack."
            )
        if self.slack_app_token.get_secret_value():
            return Transport.SOCKET
        if self.slack_signing_secret.get_secret_value():
            return Transport.HTTP
        raise Misconfigured(
            "SLACK_APP_TOKEN (for Socket Mode) or SLACK_SIGNING_SECRET (for HTTP) is not set. Rollcall serves"
            " no HTTP without a signing secret, because anybody could press anybody's buttons."
        )


def read_settings() -> Settings:
    """Return the settings. Raises Misconfigured for a value that does not fit or a name that is misspelt."""
    if misspelt := list(_misspelt({*os.environ, *dotenv_values(ENV_FILE)})):
        raise Misconfigured("\n".join(misspelt))
    try:
        return Settings()  # type: ignore[call-arg]  # Every field has a default.
    except ValidationError as error:
        lines = [f"{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors()]
        raise Misconfigured("\n".join(lines)) from None


def _misspelt(names: Iterable[str]) -> Iterable[str]:
    known = [name.upper() for name in Settings.model_fields]
    for name in sorted(names):
        if name in known or name.startswith("ROLLCALL_TEST_"):
            continue
        ours = name.startswith("ROLLCALL_")
        near = get_close_matches(name, known, n=1, cutoff=0.6 if ours else 0.85)
        if ours or near:
            yield f"{name} is not a setting." + (f" Did you mean {near[0]}?" if near else "")
