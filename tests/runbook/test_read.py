"""Runbooks are read from files, extended, and refused with the place and the allowed values."""

import json
import os
from datetime import time, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.runbook.checks import Read
from bot.runbook.files.read import Runbooks, read_runbook
from bot.runbook.gates.gate import CheckPassed, Gate, Of, Seats
from bot.runbook.model import Begin, Check, Rollback, Runbook, Stage, Step
from bot.runbook.problems import Problem, RunbookError, UnknownService
from bot.runbook.roles.role import Role
from bot.runbook.runs import Input, Run
from tests.runbook.given import APPROVED, GATE, HEAD, RUN, SHIPPED, STAGE, Write, refusals, said

SHIFT = '{begins: "09:00", timezone: UTC, role: qa}'


def test_a_runbook_is_read_as_it_is_written(write: Write) -> None:
    runbook = read_runbook(
        write("""\
title: Checkout
service: checkout
repository: https://github.com/example/checkout
roles:
  captain: {starter: true}
  on: {group: S0QA}
  pair: {users: [U0BEN, U0BEA]}
reminders: {after: 90s, limit: 7}
handoffs: {at: [09:00, "17:30"], timezone: Europe/Berlin}
stages:
  - name: 1.10
    owner: captain
    production: true
    begin: captain
    gates:
      - name: QA
        approvals: {on: 2, pair: 1}
        remind: {every: 2d}
    steps:
      - do: Deploy {version}, then 100 % & <done>
""")
    )
    assert runbook.roles[1:] == (Role(name="on", group="S0QA"), Role(name="pair", users=("U0BEN", "U0BEA")))
    assert runbook.reminders.after == timedelta(seconds=90)
    assert runbook.reminders.every == timedelta(hours=4)
    assert runbook.handoffs is not None
    assert runbook.handoffs.at == (time(9, 0), time(17, 30))
    (stage,) = runbook.stages
    assert (stage.name, stage.production, stage.begin) == ("1.10", True, Begin.CAPTAIN)
    assert stage.steps[0].do == "Deploy {version}, then 100 % & <done>"
    (gate,) = stage.gates
    assert gate.needs == Of(parts=(Seats(role="on", count=2), Seats(role="pair", count=1)))


def test_reminders_of_a_gate_take_the_rest_from_the_runbook(write: Write) -> None:
    text = APPROVED + "        remind: {every: 30m}\nreminders: {after: 2h, every: 3h, limit: 9}\n"
    remind = read_runbook(write(text)).stages[0].gates[0].remind
    assert remind is not None
    assert (remind.after, remind.every, remind.limit) == (timedelta(hours=2), timedelta(minutes=30), 9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            STAGE + "titel: x\n",
            "9:1: titel: expected one of the keys title, extends, service, repository, tickets, channel, kinds, "
            'duties, roles, checks, lead, overrides, review, offers, reminders, handoffs, own_channel, holidays, rollback, stages; found "titel"; did you mean "title"?',
        ),
        (STAGE.replace("title: Standard\n", ""), "1:1: title: is missing"),
        (STAGE.replace("Standard", '" "'), "1:8: title: expected text, found nothing"),
        (STAGE.replace("Standard", "x" * 61), "1:8: title: expected at most 60 characters, found 61"),
        (
            STAGE.replace("Standard", '"a\\nb"'),
            '1:8: title: expected one line without control characters, found "a\\nb"',
        ),
        (
            STAGE.replace("Standard", '"a\\u202eb"'),
            '1:8: title: expected one line without control characters, found "a\\u202eb"',
        ),
        (STAGE.replace("Standard", '"\\ud800"'), '1:8: title: expected text, found "\\ud800"'),
        (
            STAGE + "    begin: '{x} %s'\n",
            '9:12: stages.0.begin: expected "automatic" or "captain", found "{x} %s"',
        ),
        (STAGE.replace("Standard", "[x]"), "1:1: title: expected text, found a list"),
        (
            STAGE + "service: Check Out\n",
            '9:10: service: expected a key such as "checkout-api": at most 40 '
            'small letters, digits and hyphens, found "Check Out"',
        ),
        (
            STAGE + f"service: {'x' * 41}\n",
            '9:10: service: expected a key such as "checkout-api": at most 40 '
            f'small letters, digits and hyphens, found "{"x" * 41}"',
        ),
        (
            STAGE + "channel: releases\n",
            '9:10: channel: expected the id of a channel such as "C02ABCDEF", found "releases"',
        ),
        (
            STAGE + "repository: git@github.com:x/y\n",
            "9:13: repository: expected an address that begins with "
            'https:// and names no user, found "git@github.com:x/y"',
        ),
        (
            STAGE.replace("{group: qa}", "{}"),
            "4:3: roles.qa: expected exactly one of group, users, starter, authors, reviewers, codeowners, "
            "rotation and first_of, found none",
        ),
        (
            STAGE.replace("{group: qa}", "{group: qa, users: [U0BEN]}"),
            "4:3: roles.qa: expected exactly one of group, users, starter, authors, reviewers, codeowners, "
            "rotation and first_of, found 2",
        ),
        (
            STAGE.replace("{group: qa}", "{groups: qa}"),
            "4:8: roles.qa.groups: expected one of the keys group, users, "
            'starter, authors, reviewers, codeowners, rotation, first_of, admits; found "groups"; did you mean "group"?',
        ),
        (
            STAGE.replace("{group: qa}", "{group: qa, name: QA}"),
            '4:25: roles.qa.name: the key above it is the role\'s name: "qa"; leave this line out',
        ),
        (
            STAGE.replace("{group: qa}", '{group: "@qa"}'),
            '4:15: roles.qa.group: expected a user group\'s handle without @, or its id, found "@qa"',
        ),
        (STAGE.replace("{group: qa}", "qa"), '4:7: roles.qa: expected a mapping, found "qa"'),
        (
            STAGE.replace("{starter: true}", "{starter: yes}"),
            '3:22: roles.captain.starter: expected "true" or "false", found "yes"',
        ),
        (
            STAGE.replace("U0BEA", "bea"),
            '5:25: roles.pair.users.1: expected a user id such as "U02ABCDEF", found "bea"',
        ),
        (
            STAGE.replace("U0BEA", "U0BEN"),
            '5:25: roles.pair.users.1: expected each only once, found "U0BEN" again',
        ),
        (STAGE.replace("  pair:", "  QA:"), '5:3: roles.QA: expected each only once, found "QA" again'),
        (
            STAGE.replace("  pair:", '  "p\\ta":'),
            '5:3: roles.p\\ta: expected one line without control characters, found "p\\ta"',
        ),
        (HEAD + "  []\n", "6:1: stages: expected at least one, found none"),
        (HEAD + "  {}\n", "6:1: stages: expected a list, found a mapping"),
        (HEAD + "  - staging\n", '7:5: stages.0: expected a mapping, found "staging"'),
        (HEAD + "  - owner: captain\n", "7:5: stages.0.name: is missing"),
        (
            HEAD + "".join(f"  - {{name: s{n}, owner: qa}}\n" for n in range(21)),
            "6:1: stages: expected at most 20, found 21",
        ),
        (
            STAGE + "  - {name: Staging, owner: qa}\n",
            '9:12: stages.1.name: expected each only once, found "Staging" again',
        ),
        (
            STAGE.replace("owner: captain", "owner: captian"),
            "8:12: stages.0.owner: expected a role of this "
            'runbook (captain, qa, pair), found "captian"; did you mean "captain"?',
        ),
        (
            STAGE + "    begin: captian\n",
            '9:12: stages.0.begin: expected "automatic" or "captain", '
            'found "captian"; did you mean "captain"?',
        ),
        (
            STAGE + "    begin: [captain]\n",
            '9:5: stages.0.begin: expected "automatic" or "captain", found a list',
        ),
        (STAGE + "    production: on\n", '9:17: stages.0.production: expected "true" or "false", found "on"'),
        (STAGE + "    steps: Deploy\n", '9:12: stages.0.steps: expected a list, found "Deploy"'),
        (STAGE + "    steps: [Deploy]\n", '9:13: stages.0.steps.0: expected a mapping, found "Deploy"'),
        (
            STAGE + f"    steps: [do: {'x' * 301}]\n",
            "9:17: stages.0.steps.0.do: expected at most 300 characters, found 301",
        ),
        (
            STAGE + "    steps: [do: Deploy, do: deploy]\n",
            '9:29: stages.0.steps.1.do: expected each only once, found "deploy" again',
        ),
        (
            STAGE + "    steps: [{do: Deploy, run: deploy}]\n",
            '9:31: stages.0.steps.0.run: expected a mapping, found "deploy"',
        ),
        (
            STAGE + "    steps: [{do: Deploy, run: {}}]\n",
            "9:26: stages.0.steps.0.run: expected exactly one of command, workflow, pipeline and webhook, found none",
        ),
        (
            RUN + "{command: [deploy], workflow: deploy.yml, ref: main}}]\n",
            "9:26: stages.0.steps.0.run: expected exactly one of command, workflow, pipeline and webhook, found"
            " command and workflow",
        ),
        (
            RUN + "{command: [deploy], ref: main}}]\n",
            "9:56: stages.0.steps.0.run.ref: is for a workflow, and not for a command",
        ),
        (
            RUN + "{command: [deploy], inputs: {to: all}}}]\n",
            "9:51: stages.0.steps.0.run.inputs: is for a workflow, a pipeline or a webhook, and not for a command",
        ),
        (RUN + "{workflow: deploy.yml}}]\n", "9:26: stages.0.steps.0.run.ref: is missing"),
        (
            RUN + "{workflow: .github/workflows/deploy.yml, ref: main}}]\n",
            '9:42: stages.0.steps.0.run.workflow: expected the file of a workflow such as "deploy.yml", found'
            ' ".github/workflows/deploy.yml"',
        ),
        (
            RUN + "{workflow: deploy.yml, ref: 'v{verison}'}}]\n",
            '9:59: stages.0.steps.0.run.ref: expected a field such as {version}, found "verison"; did you mean'
            ' "version"?',
        ),
        (
            RUN + "{workflow: deploy.yml, ref: main, inputs: {to: '{stag}'}}}]\n",
            "9:78: stages.0.steps.0.run.inputs.to: expected a field such as {version}, found"
            ' "stag"; did you mean "stage"?',
        ),
        (
            RUN + "{workflow: deploy.yml, ref: main, inputs: {to all: x}}}]\n",
            "9:74: stages.0.steps.0.run.inputs.to all: expected the name of an input: letters, digits, _ and -,"
            ' found "to all"',
        ),
        (
            RUN + "{workflow: deploy.yml, ref: main, inputs: {rollcall: x}}}]\n",
            '9:74: stages.0.steps.0.run.inputs.rollcall: Rollcall says by "rollcall" which run it is; choose'
            " another name",
        ),
        (
            RUN + "{workflow: deploy.yml, ref: main, inputs: {to: x, To: y}}}]\n",
            '9:81: stages.0.steps.0.run.inputs.To: expected each only once, found "To" again',
        ),
        (
            RUN + "{workflow: deploy.yml, ref: main, inputs: all}}]\n",
            '9:73: stages.0.steps.0.run.inputs: expected a mapping, found "all"',
        ),
        (
            RUN + f"{{workflow: a.yml, ref: x, inputs: {{{', '.join(f'i{n}: x' for n in range(11))}}}}}}}]\n",
            "9:57: stages.0.steps.0.run.inputs: expected at most 10, found 11",
        ),
        (
            RUN + "{workflow: deploy.yml, ref: main, inputs: {to: '{before}'}}}]\n",
            "9:26: stages.0.steps.0.run: {before} is known in the rollback only",
        ),
        (
            RUN + "{workflow: deploy.yml, ref: main}}]\nservice: shop\n",
            "9:42: stages.0.steps.0.run.workflow: is in no repository; write its address at the top, such as"
            " repository: https://github.com/acme/shop",
        ),
        (
            STAGE
            + "service: shop\nrepository: https://example.com/\n"
            + "rollback: {steps: [{do: Undo, run: {workflow: back.yml, ref: main}}]}\n",
            "11:47: rollback.steps.0.run.workflow: is in no repository; write its address at the top, such as"
            " repository: https://github.com/acme/shop",
        ),
        (
            RUN + "{pipeline: main, webhook: 'https://ci.acme.example/deploy'}}]\n",
            "9:26: stages.0.steps.0.run: expected exactly one of command, workflow, pipeline and webhook, found"
            " pipeline and webhook",
        ),
        (
            RUN + "{pipeline: main, ref: main}}]\n",
            "9:53: stages.0.steps.0.run.ref: is for a workflow, and not for a pipeline",
        ),
        (
            RUN + "{pipeline: main, inputs: {dry-run: x}}}]\n",
            "9:57: stages.0.steps.0.run.inputs.dry-run: expected the name of a variable: letters, digits and _,"
            ' found "dry-run"',
        ),
        (
            RUN + "{pipeline: main, inputs: {ROLLCALL_RUN: x}}}]\n",
            '9:57: stages.0.steps.0.run.inputs.ROLLCALL_RUN: Rollcall says by "ROLLCALL_RUN" which run it is;'
            " choose another name",
        ),
        (
            RUN + "{pipeline: 'v{verison}'}}]\n",
            '9:42: stages.0.steps.0.run.pipeline: expected a field such as {version}, found "verison"; did you'
            ' mean "version"?',
        ),
        (
            RUN + "{pipeline: main}}]\nservice: shop\nrepository: https://gitlab.com/shop\n",
            "9:42: stages.0.steps.0.run.pipeline: is in no repository; write its address at the top, such as"
            " repository: https://gitlab.com/acme/shop",
        ),
        (
            RUN + "{webhook: ftp://ci.acme.example/deploy}}]\n",
            "9:41: stages.0.steps.0.run.webhook: expected an address that begins with https:// or http://,"
            ' without braces, found "ftp://ci.acme.example/deploy"',
        ),
        (
            RUN + "{webhook: 'https://ci:hunter22@ci.acme.example/'}}]\n",
            "9:41: stages.0.steps.0.run.webhook: expected an address that names no user; a password does not"
            " belong in a runbook",
        ),
        (
            RUN + "{webhook: 'https://ci..acme.example/'}}]\n",
            "9:41: stages.0.steps.0.run.webhook: expected an address with the name of a host,"
            ' found "https://ci..acme.example/"',
        ),
        (
            RUN + "{webhook: 'https://{service}.acme.example/'}}]\n",
            "9:41: stages.0.steps.0.run.webhook: expected an address that begins with https:// or http://,"
            ' without braces, found "https://{service}.acme.example/"',
        ),
        (
            STAGE + "    steps: [{do: Deploy, run: {command: []}}]\n",
            "9:32: stages.0.steps.0.run.command: expected at least one, found none",
        ),
        (
            STAGE + "    steps: [{do: Deploy, run: {command: [../deploy]}}]\n",
            "9:42: stages.0.steps.0.run.command.0: expected the name of a command, with small letters and no"
            ' path, found "../deploy"',
        ),
        (
            STAGE + "    steps: [{do: Deploy, run: {command: [deploy, '{verison}']}}]\n",
            "9:50: stages.0.steps.0.run.command.1: expected a field such as {version}, found"
            ' "verison"; did you mean "version"?',
        ),
        (
            STAGE + "    steps: [{do: Deploy, run: {command: [deploy, 'a}b']}}]\n",
            "9:50: stages.0.steps.0.run.command.1: a brace stands alone; braces are for fields such as"
            " {version}",
        ),
        (
            STAGE + "    steps: [{do: Deploy, run: {command: [deploy, '{before}']}}]\n",
            "9:26: stages.0.steps.0.run: {before} is known in the rollback only",
        ),
        (
            STAGE + "    steps: [{do: Deploy, run: {command: [deploy, '{before_commit}']}}]\n",
            "9:26: stages.0.steps.0.run: {before_commit} is known in the rollback only",
        ),
        (
            STAGE + "rollback: {steps: [{do: Back, run: {command: [deploy, '{commit}']}}]}\n",
            "9:31: rollback.steps.0.run: {commit} is of what is taken back; write {before_commit}",
        ),
        (
            STAGE + f"    steps: [{', '.join(f'do: x{n}' for n in range(41))}]\n",
            "9:5: stages.0.steps: expected at most 40, found 41",
        ),
        (GATE, "10:9: stages.0.gates.0.needs: is missing"),
        (
            GATE + "        approvals: {}\n",
            "11:9: stages.0.gates.0.approvals: expected at least one, found none",
        ),
        (GATE + "        approvals: qa\n", '11:20: stages.0.gates.0.approvals: expected a list, found "qa"'),
        (
            GATE + "        approvals: {q: 1}\n",
            "11:21: stages.0.gates.0.approvals.q: expected a role of this "
            'runbook (captain, qa, pair), found "q"; did you mean "qa"?',
        ),
        (
            GATE + "        approvals: {captain: 1}\n",
            "11:30: stages.0.gates.0.approvals.captain: the seat of captain at the gate QA of staging can "
            "never be filled: under strict duties whoever starts the release may not approve; ask another role",
        ),
        (
            GATE + "        approvals: {pair: 3}\n",
            "11:27: stages.0.gates.0.approvals.pair: the seat of pair at the gate QA of staging can never "
            "be filled: it asks for 3 approvals, and 2 people are in the role at a time; ask for fewer",
        ),
        (
            GATE + "        approvals: {qa: 0}\n",
            "11:25: stages.0.gates.0.approvals.qa: expected a number from 1 to 20, found 0",
        ),
        (
            GATE + "        approvals: {qa: 21}\n",
            "11:25: stages.0.gates.0.approvals.qa: expected a number from 1 to 20, found 21",
        ),
        (
            GATE + "        approvals: {qa: 1.0}\n",
            '11:25: stages.0.gates.0.approvals.qa: expected a whole number, found "1.0"',
        ),
        (
            GATE + "        approvals: {qa: [1]}\n",
            "11:21: stages.0.gates.0.approvals.qa: expected a whole number, found a list",
        ),
        (
            APPROVED + "      - {name: qa, approvals: {qa: 1}}\n",
            '12:16: stages.0.gates.1.name: expected each only once, found "qa" again',
        ),
        (
            APPROVED + "        remind: {after: 59s}\n",
            '12:25: stages.0.gates.0.remind.after: expected a duration from "1m" to "90d", found "59s"',
        ),
        (
            STAGE + "reminders: {every: 91d}\n",
            '9:20: reminders.every: expected a duration from "1m" to "90d", found "91d"',
        ),
        (
            STAGE + "reminders: {every: 1 hour}\n",
            '9:20: reminders.every: expected a duration such as "30m", "4h" or "1d", found "1 hour"',
        ),
        (
            STAGE + "reminders: {limit: 51}\n",
            "9:20: reminders.limit: expected a number from 1 to 50, found 51",
        ),
        (
            STAGE + "reminders: {often: yes}\n",
            '9:13: reminders.often: expected one of the keys after, every, limit, backup; found "often"',
        ),
        (
            STAGE + "handoffs: {at: [9:00], timezone: UTC}\n",
            '9:17: handoffs.at.0: expected a time such as "09:00", found "9:00"',
        ),
        (
            STAGE + "handoffs: {at: [24:00], timezone: UTC}\n",
            '9:17: handoffs.at.0: expected a time such as "09:00", found "24:00"',
        ),
        (
            STAGE + "handoffs: {at: [], timezone: UTC}\n",
            "9:12: handoffs.at: expected at least one, found none",
        ),
        (STAGE + "handoffs: {at: [09:00]}\n", "9:1: handoffs.timezone: is missing"),
        (
            STAGE + "handoffs: {at: [09:00], timezone: Europe/Berln}\n",
            "9:35: handoffs.timezone: expected a time "
            'zone such as "Europe/Berlin", found "Europe/Berln"; did you mean "Europe/Berlin"?',
        ),
        (
            STAGE + "handoffs: {at: [09:00], timezone: ../../etc/passwd}\n",
            '9:35: handoffs.timezone: expected a time zone such as "Europe/Berlin", found "../../etc/passwd"',
        ),
        (
            STAGE + "handoffs: {}\n",
            "9:1: handoffs: expected either at, with timezone, or shifts; found none",
        ),
        (STAGE + "handoffs: {timezone: UTC}\n", "9:1: handoffs.at: is missing"),
        (
            STAGE + f"handoffs: {{timezone: UTC, shifts: [{SHIFT}]}}\n",
            "9:22: handoffs.timezone: does not go with shifts, each of which says when and where it begins",
        ),
        (
            STAGE + "handoffs: {shifts: []}\n",
            "9:12: handoffs.shifts: expected at least one, found none",
        ),
        (
            STAGE + f"handoffs: {{shifts: [{', '.join([SHIFT] * 13)}]}}\n",
            "9:12: handoffs.shifts: expected at most 12, found 13",
        ),
        (
            STAGE + f"handoffs: {{shifts: [{SHIFT}, {SHIFT}]}}\n",
            "9:65: handoffs.shifts.1: expected each shift only once, found it again",
        ),
        (
            STAGE + f"handoffs: {{shifts: [{SHIFT.replace('qa', 'ops')}]}}\n",
            '9:60: handoffs.shifts.0.role: expected a role of this runbook (captain, qa, pair), found "ops"',
        ),
    ],
)
def test_a_fault_is_told_with_its_place_and_with_what_is_allowed(
    text: str, message: str, write: Write
) -> None:
    assert refusals(write(text)) == [f"r.yaml:{message}"]


@pytest.mark.parametrize("timezone", ["", "Europe", "a\0b", "UTC/..", "/etc/localtime", "x" * 300])
def test_a_time_zone_that_is_none_is_refused(timezone: str, write: Write) -> None:
    quoted = timezone.replace("\0", "\\0")
    (message,) = refusals(write(f'{STAGE}handoffs: {{at: [09:00], timezone: "{quoted}"}}\n'))
    assert message.startswith(
        'r.yaml:9:35: handoffs.timezone: expected a time zone such as "Europe/Berlin", found '
    )


def test_all_faults_of_a_file_are_told_at_once_in_its_order(write: Write) -> None:
    text = GATE.replace("owner: captain", "owner: captian") + "        approvals: {qa: one, q: 1}\nx: y\n"
    assert [message.split(":")[1:4] for message in refusals(write(text))] == [
        ["8", "12", " stages.0.owner"],
        ["11", "25", " stages.0.gates.0.approvals.qa"],
        ["11", "30", " stages.0.gates.0.approvals.q"],
        ["12", "1", " x"],
    ]


def test_a_runbook_takes_from_the_one_it_extends_what_it_does_not_say(write: Write) -> None:
    write(STAGE + "reminders: {after: 2h, limit: 3}\nservice: base\n", "base.yml")
    runbook = read_runbook(
        write(
            "extends: base\nservice: own\nroles:\n  qa: {users: [U0BEN]}\nreminders: {limit: 4}\n", "own.yaml"
        )
    )
    assert (runbook.title, runbook.service) == ("Standard", "own")
    assert runbook.stages[0].name == "staging"
    assert (runbook.reminders.after, runbook.reminders.limit) == (timedelta(hours=2), 4)
    assert runbook.role("qa") == Role(name="qa", users=("U0BEN",))
    assert runbook.role("captain").starter


@pytest.mark.parametrize(
    ("base", "own", "kept"),
    [
        ("{at: [09:00], timezone: UTC}", f"{{shifts: [{SHIFT}]}}", {"shifts"}),
        (f"{{shifts: [{SHIFT}]}}", "{at: [09:00], timezone: UTC}", {"at", "timezone"}),
        ("{at: [09:00], timezone: UTC}", "{timezone: Europe/Berlin}", {"at", "timezone"}),
    ],
)
def test_shifts_replace_the_times_that_they_extend_and_the_other_way_round(
    base: str, own: str, kept: set[str], write: Write
) -> None:
    write(f"{STAGE}handoffs: {base}\n", "base.yaml")
    handoffs = read_runbook(write(f"extends: base\nhandoffs: {own}\n")).handoffs
    assert handoffs is not None
    assert {key for key, value in handoffs if value is not None} == kept


def test_a_list_replaces_the_one_it_extends(write: Write) -> None:
    write(STAGE, "base.yaml")
    runbook = read_runbook(write("extends: base\nstages: [{name: live, owner: qa}]\n"))
    assert [stage.name for stage in runbook.stages] == ["live"]


def test_the_service_and_repository_of_the_one_extended_are_not_taken(write: Write) -> None:
    write(STAGE + "service: base\nrepository: https://github.com/example/base\n", "base.yaml")
    runbook = read_runbook(write("extends: base\n"))
    assert (runbook.service, runbook.repository) == (None, None)


def test_a_fault_points_to_the_file_that_has_it(write: Write) -> None:
    write(STAGE + "    begin: never\n", "base.yaml")
    assert refusals(write("extends: base\nreminders: {limit: 0}\n")) == [
        'base.yaml:9:12: stages.0.begin: expected "automatic" or "captain", found "never"',
        "r.yaml:2:20: reminders.limit: expected a number from 1 to 50, found 0",
    ]


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        ("standrad", 'found "standrad"; did you mean "standard"?'),
        ("../standard", 'found "../standard"; did you mean "standard"?'),
        ("standard.yaml", 'found "standard.yaml"; did you mean "standard"?'),
        ("[standard]", "found a list"),
    ],
)
def test_only_a_runbook_beside_it_can_be_extended(extends: str, message: str, write: Write) -> None:
    write(STAGE, "standard.yaml")
    expected = "r.yaml:2:10: extends: expected the name of a runbook beside this one (standard), "
    assert refusals(write(f"# Own\nextends: {extends}\n")) == [expected + message]


def test_runbooks_that_extend_each_other_are_refused(write: Write) -> None:
    write("title: a\nextends: b\n", "a.yaml")
    write("extends: c\n", "b.yaml")
    assert refusals(write("extends: a\n", "c.yaml")) == [
        "b.yaml:1:10: extends: goes in a circle: c extends a extends b extends c"
    ]


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert refusals(tmp_path / "r.yaml") == ["r.yaml:1:1: cannot be read: No such file or directory"]
    (tmp_path / "d.yaml").mkdir()
    assert refusals(tmp_path / "d.yaml") == ["d.yaml:1:1: cannot be read: it is not a file"]
    os.mkfifo(tmp_path / "p.yaml")
    assert refusals(tmp_path / "p.yaml") == ["p.yaml:1:1: cannot be read: it is not a file"]


def test_the_services_are_those_that_runbooks_name(write: Write, tmp_path: Path) -> None:
    write(STAGE, "standard.yaml")
    write("extends: standard\nservice: payments\n", "b.yaml")
    write("extends: standard\nservice: checkout\n", "a.yml")
    write("service: ignored\n", ".hidden.yaml")
    write("service: ignored\n", "notes.txt")
    runbooks = Runbooks(tmp_path)
    assert runbooks.services() == ("checkout", "payments")
    assert runbooks.for_service("payments").service == "payments"
    assert runbooks.check() == []


def test_an_unknown_service_is_refused_with_the_nearest(tmp_path: Path, write: Write) -> None:
    write(STAGE + "service: payments\n")
    with pytest.raises(UnknownService) as refusal:
        Runbooks(tmp_path).for_service("paymnts")
    assert (refusal.value.key, refusal.value.nearest) == ("paymnts", "payments")
    assert str(refusal.value) == 'no runbook names the service "paymnts"; did you mean "payments"?'
    with pytest.raises(UnknownService) as refusal:
        Runbooks(tmp_path).for_service("zzz")
    assert refusal.value.nearest is None


def test_a_broken_runbook_stops_its_own_service_only(write: Write, tmp_path: Path) -> None:
    write(STAGE + "service: checkout\n", "a.yaml")
    write("service: payments\n", "b.yaml")
    write("service: [", "search.yaml")
    runbooks = Runbooks(tmp_path)
    assert runbooks.for_service("checkout").title == "Standard"
    with pytest.raises(RunbookError, match="title: is missing"):
        runbooks.for_service("payments")
    with pytest.raises(RunbookError, match="not valid YAML"):
        runbooks.for_service("search")
    assert runbooks.services() == ("checkout", "payments")


def test_two_runbooks_of_one_service_are_refused(write: Write, tmp_path: Path) -> None:
    write(STAGE + "service: checkout\n", "a.yaml")
    write("service: checkout\n" + STAGE, "b.yaml")
    runbooks = Runbooks(tmp_path)
    problem = 'b.yaml:1:10: service: the service "checkout" already has a runbook, a.yaml:9'
    assert said(runbooks.check(), tmp_path) == [problem]
    with pytest.raises(RunbookError) as refusal:
        runbooks.for_service("checkout")
    assert said(refusal.value.problems, tmp_path) == [problem]


def test_a_fault_of_an_extended_runbook_is_told_once(write: Write, tmp_path: Path) -> None:
    write(STAGE + "    begin: never\n", "standard.yaml")
    write("extends: standard\nservice: a\n", "a.yaml")
    write("extends: standard\nservice: b\n", "b.yaml")
    assert len(Runbooks(tmp_path).check()) == 1


def test_an_edit_counts_at_once_and_for_all_who_extend_the_file(write: Write, tmp_path: Path) -> None:
    write(STAGE, "standard.yaml")
    write("extends: standard\nservice: checkout\n", "checkout.yaml")
    runbooks = Runbooks(tmp_path)
    before = runbooks.for_service("checkout")
    assert runbooks.for_service("checkout") is before

    write(STAGE.replace("Standard", "Standard, edited"), "standard.yaml")
    assert runbooks.for_service("checkout").title == "Standard, edited"
    write("extends: standard\nservice: cart\n", "checkout.yaml")
    assert runbooks.services() == ("cart",)
    write(STAGE + "    begin: never\n", "standard.yaml")
    with pytest.raises(RunbookError):
        runbooks.for_service("cart")
    (tmp_path / "checkout.yaml").unlink()
    with pytest.raises(UnknownService):
        runbooks.for_service("cart")


def test_a_folder_that_is_missing_is_a_problem(tmp_path: Path) -> None:
    runbooks = Runbooks(tmp_path / "none")
    assert said(runbooks.check(), tmp_path) == ["none:1:1: cannot be read: No such file or directory"]
    with pytest.raises(RunbookError):
        runbooks.for_service("checkout")


def test_the_shipped_runbooks_are_right_and_can_be_approved_when_ana_starts() -> None:
    runbooks = Runbooks(SHIPPED)
    assert runbooks.check() == []
    assert runbooks.services() == ("checkout", "payments", "storefront")
    people = {"qa": 2, "security": 1, "on-call": 2}
    for service in runbooks.services():
        gates = [gate for stage in runbooks.for_service(service).stages for gate in stage.gates]
        assert gates
        assert all(seats.count <= people[seats.role] for gate in gates for seats in gate.seats)


lines = st.sampled_from(
    [
        *STAGE.splitlines(),
        *APPROVED.splitlines()[8:],
        "service: a",
        "extends: r",
        "reminders: {after: 1h}",
        "handoffs: {at: [09:00], timezone: UTC}",
        f"handoffs: {{shifts: [{SHIFT}]}}",
        "    steps: [do: x]",
        "    begin: captain",
        "        needs: {any: [{qa: 1}, {all: [{pair: 1, when: {risk: high}}, {check: x}]}]}",
        "        when: {paths: db/}",
        "kinds: {hotfix: {duties: off}}",
        "checks: {x: {by: qa}}",
        "rollback: {steps: [do: x]}",
        "- x",
        "stages: {}",
        "roles: [{name: x, group: y}]",
        "  - {}",
        "x: [[{}]]",
        "title: '{0} %s {x.__class__}'",
    ]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(lines, max_size=25).map("\n".join) | st.text(max_size=80))
def test_whatever_a_file_holds_it_is_a_runbook_or_is_refused(write: Write, text: str) -> None:
    path = write("")
    path.write_bytes(text.encode(errors="replace"))
    try:
        runbook = read_runbook(path)
    except RunbookError:
        return
    assert Runbook.model_validate_json(runbook.model_dump_json()) == runbook


parts = st.recursive(
    st.sampled_from(["captain", "qa", "1", "true", "1h", "09:00", "UTC", "x", "", "{braces}", "\x1b[31m"]),
    lambda below: (
        st.lists(below, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "title",
                    "roles",
                    "stages",
                    "name",
                    "owner",
                    "gates",
                    "approvals",
                    "remind",
                    "steps",
                    "do",
                    "group",
                    "users",
                    "starter",
                    "reminders",
                    "handoffs",
                    "at",
                    "timezone",
                    "qa",
                    "0",
                    "needs",
                    "all",
                    "any",
                    "at least",
                    "of",
                    "check",
                    "when",
                    "paths",
                    "risk",
                    "rotation",
                    "shifts",
                    "begins",
                    "role",
                    "people",
                    "codeowners",
                    "admits",
                    "hotfix",
                    "by",
                    "gates",
                ]
            ),
            below,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            [
                *("title", "roles", "stages", "reminders", "handoffs", "service", "kinds", "checks", "lead"),
                *("overrides", "review", "rollback", "duties", "offers", "extends", "kind"),
            ]
        ),
        parts,
    )
)
def test_whatever_shape_the_parts_have_each_fault_has_a_place(write: Write, shape: dict[str, object]) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        read_runbook(write(json.dumps(shape)))
    except RunbookError as refusal:
        problems = refusal.problems
    assert all(problem.line == 1 and problem.message for problem in problems)
    assert all(str(problem).isprintable() for problem in problems)


def test_a_workflow_is_in_the_repository_of_the_runbook_that_is_released(write: Write) -> None:
    write(RUN + "{workflow: deploy.yml, ref: '{version}', inputs: {to: 1.10}}}]\n", "base.yaml")
    extending = "extends: base\nservice: shop\nrepository: https://github.com/acme/shop\n"
    run = read_runbook(write(extending)).stages[0].steps[0].run
    assert run == Run(workflow="deploy.yml", ref="{version}", inputs=(Input(name="to", value="1.10"),))
    assert run.fields == ("version",)


def test_a_pipeline_may_be_in_a_group_of_a_group(write: Write) -> None:
    text = RUN + "{pipeline: 'v{version}', inputs: {ENVIRONMENT: '{environment}'}}}]\nservice: shop\n"
    book = read_runbook(write(text + "repository: https://git.acme.example/eu/web/shop\n"))
    run = book.stages[0].steps[0].run
    assert run == Run(pipeline="v{version}", inputs=(Input(name="ENVIRONMENT", value="{environment}"),))
    assert run.fields == ("version", "environment")


def test_a_webhook_needs_no_repository(write: Write) -> None:
    text = RUN + "{webhook: 'https://ci.acme.example/hooks/deploy?to=shop', inputs: {dry-run: no}}}]\n"
    run = read_runbook(write(text + "service: shop\n")).stages[0].steps[0].run
    assert run is not None
    assert run.webhook == "https://ci.acme.example/hooks/deploy?to=shop"


def test_what_a_release_has_pinned_stays_readable_though_it_would_be_refused_in_a_file_now() -> None:
    """A rule that came later goes for files alone."""
    back = Run(command=("deploy", "{commit}"))
    drill = Check(name="rehearsed", read=Read(drill=timedelta(days=30)))
    gate = Gate(name="Go", needs=CheckPassed(check="rehearsed"))
    pinned = Runbook(
        title="Shop",
        service="shop",
        roles=(Role(name="captain", starter=True),),
        checks=(drill,),
        stages=(
            Stage(name="live", owner="captain", production=True, gates=(gate,), steps=(Step(do="Deploy"),)),
        ),
        rollback=Rollback(steps=(Step(do="Put it back", run=back),)),
    )
    assert Runbook.model_validate(pinned.model_dump(mode="json")) == pinned
