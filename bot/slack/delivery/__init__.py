"""Making Slack show what each release should show: post what is missing, update what differs.

`worker` says when a release is looked at, `showing` what is to be done then, `calls` makes the calls and
reads what became of them, `pace` keeps Slack's limits.
"""
