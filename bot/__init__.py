"""Rollcall: releases run from Slack, as one state machine over one auditable ledger."""
