"""The connection to Slack: who Rollcall is there, over HTTP or over a socket."""
