"""The practice Slack: a local, throwaway workspace for trying and testing Rollcall, as strict as Slack."""

from bot.practice.cast import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from bot.practice.server import Practice

__all__ = ["APP_TOKEN", "BOT_TOKEN", "SIGNING_SECRET", "Practice"]
