"""The JSON Schema takes what lint takes, and refuses what lint refuses for its shape."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from bot.cli import main
from bot.runbook.checks import Read
from bot.runbook.files.read import read_runbook
from bot.runbook.files.schema import json_schema, meanings
from bot.runbook.gates.gate import Gate, When
from bot.runbook.handoffs import Handoffs, ShiftOfRole
from bot.runbook.model import Check, Reminders, Review, Rollback, Runbook, Stage, Step
from bot.runbook.parts import Part
from bot.runbook.roles.role import Role, Rotation, Shift
from bot.runbook.runs import Run
from tests.runbook.given import APPROVED, GATE, HEAD, RUN, SHIPPED, STAGE, Write, refusals

PARTS: tuple[type[Part], ...] = (
    *(
        Runbook,
        Role,
        Rotation,
        Shift,
        Check,
        Read,
        Stage,
        Gate,
        When,
        Step,
        Rollback,
        Review,
        Reminders,
        Handoffs,
    ),
    *(ShiftOfRole, Run),
)
SCHEMA = json_schema()
FULL = """\
title: 1.10
service: checkout
repository: https://github.com/acme/checkout
duties: warn
lead: captain
overrides: qa
offers: 1h
review: {within: 2d, count: 1, role: qa, always: true}
rollback: {owner: qa, steps: [do: Undo]}
roles:
  captain: {starter: true}
  qa: {group: qa, admits: [guest]}
  dba: {codeowners: "/db/ @dba"}
  writers: {authors: true}
  first: {first_of: [U0BEN, U0BEA]}
  on-call:
    rotation:
      timezone: Europe/Berlin
      starting: "2026-01-05"
      every: 1d
      shifts:
        - {begins: "09:00", ends: "21:00", people: [U0BEN]}
        - {begins: "21:00", ends: "09:00", people: [U0BEA]}
checks:
  smoke: {by: qa, fresh: 2h}
  ci: {read: {ci: true}}
  build: {read: {ci: [build, 1.10]}, by: qa, every: 5m, fresh: 1h}
  health: {read: {url: "https://shop.example/health?v={version}", expect: 200, contains: 1.0}, soak: 30m}
  errors: {read: {prometheus: 'up{v="{version}"}', server: https://p.example, below: 0.05}}
  ticket: {read: {ticket: "REL-{version}", states: [Done, 1.0]}}
  tickets: {read: {ticket: all, states: [Done]}}
  load: {read: {prometheus: up, server: https://p.example, at_least: "1e-3"}}
tickets: {pattern: "SHOP-{number}"}
kinds:
  hotfix: {title: Fix, handoffs: {timezone: UTC}}
  night: {handoffs: {shifts: [{begins: "21:00", timezone: Europe/Berlin, role: on-call}]}}
handoffs: {at: ["09:00"], timezone: UTC}
stages:
  - name: staging
    owner: captain
    environment: eu
    gates:
      - name: All
        when: {paths: [db/, "*.sql"], risk: high}
        expires: 4h
        remind: {after: 5m}
        needs:
          - {qa: 1, dba: 1}
          - {first: 1, when: {labels: urgent}}
          - any: [{check: smoke}, {at least: 2, of: [{qa: 1}, {dba: 1}, [{qa: 1}]]}]
          - {all: [{qa: 1}], when: {kind: [normal]}}
    steps:
      - do: Deploy
        run: {command: [deploy, "{version}"], within: 5m}
      - do: Deploy to all
        run: {workflow: deploy.yml, ref: 1.0, inputs: {environment: "{environment}", dry-run: true, of: 10}}
      - do: Deploy by GitLab
        run: {pipeline: 1.0, inputs: {ENVIRONMENT: "{environment}"}, within: 1h}
      - do: Deploy by Jenkins
        run: {webhook: "https://ci.acme.example/deploy", inputs: {dry-run: false}}
"""


def faults(text: str) -> list[str]:
    """Check a file as an editor does."""
    return [fault.message for fault in Draft202012Validator(SCHEMA).iter_errors(yaml.safe_load(text))]


def test_it_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_runbooks_that_come_with_rollcall_fit(path: Path) -> None:
    assert faults(path.read_text()) == []


def test_every_key_fits(write: Write) -> None:
    assert read_runbook(write(FULL)).title == "1.10"
    assert faults(FULL) == []


@pytest.mark.parametrize(
    "text",
    [
        STAGE + "titel: x\n",
        STAGE.replace("title: Standard\n", ""),
        HEAD + "  []\n",
        STAGE + "service: Check Out\n",
        STAGE + "    begin: captian\n",
        STAGE + "    steps: [Deploy]\n",
        STAGE + "duties: none\n",
        STAGE + "reminders: {every: 1 hour}\n",
        STAGE + "review: {count: 6}\n",
        STAGE + "handoffs: {shifts: []}\n",
        STAGE + 'handoffs: {timezone: UTC, shifts: [{begins: "09:00", timezone: UTC, role: qa}]}\n',
        STAGE + 'handoffs: {shifts: [{begins: "09:00", timezone: UTC}]}\n',
        STAGE + "kinds: {normal: {title: x}}\n",
        STAGE + "kinds: {hotfix: {service: x}}\n",
        STAGE + "  - {name: rollback, owner: qa}\n",
        STAGE.replace("{group: qa}", "{}"),
        STAGE.replace("{group: qa}", "{group: qa, users: [U0BEN]}"),
        STAGE.replace("{group: qa}", "{group: qa, admits: [member]}"),
        STAGE.replace("{group: qa}", "{users: [ben]}"),
        STAGE.replace("{group: qa}", "{rotation: {timezone: UTC}}"),
        STAGE.replace("  qa:", "  any:"),
        GATE,
        GATE + "        approvals: {qa: 0}\n",
        GATE + "        needs: {all: []}\n",
        GATE + "        needs: {all: [{qa: 1}], qa: 1}\n",
        GATE + "        needs: {at least: 2}\n",
        GATE + "        needs: {any: [{qa: 1, when: {risk: high}}]}\n",
        GATE + "        needs: [{when: {risk: high}}]\n",
        GATE + "        needs: [{qa: 1, when: {risk: hi}}]\n",
        APPROVED + "        needs: {qa: 1}\n",
        APPROVED + "        when: {}\n",
        APPROVED + "checks: {smoke: {}}\n",
        APPROVED + "checks: {smoke: {read: {}}}\n",
        APPROVED + "checks: {smoke: {read: {ci: false}}}\n",
        APPROVED + "checks: {smoke: {read: {ci: true, url: https://a.example}}}\n",
        APPROVED + "checks: {smoke: {read: {ci: true, expect: 200}}}\n",
        APPROVED + "checks: {smoke: {read: {url: a.example}}}\n",
        APPROVED + "checks: {smoke: {read: {ticket: SHOP-1}}}\n",
        APPROVED + "checks: {smoke: {read: {ticket: SHOP-1, states: []}}}\n",
        APPROVED + "checks: {smoke: {read: {ticket: every, states: [Done]}}}\n",
        APPROVED + "checks: {smoke: {read: {ci: true, states: [Done]}}}\n",
        APPROVED + "checks: {smoke: {read: {prometheus: up, below: 1}}}\n",
        APPROVED + "checks: {smoke: {read: {prometheus: up, server: https://p.example}}}\n",
        RUN + "{}}]\n",
        RUN + "{command: [deploy], workflow: deploy.yml, ref: main}}]\n",
        RUN + "{command: [deploy], inputs: {to: all}}}]\n",
        RUN + "{workflow: deploy.yml}}]\n",
        RUN + "{workflow: deploy.sh, ref: main}}]\n",
        RUN + "{workflow: deploy.yml, ref: main, inputs: {rollcall: x}}}]\n",
        RUN + "{workflow: deploy.yml, ref: main, inputs: {a b: x}}}]\n",
        RUN + "{pipeline: main, webhook: 'https://ci.acme.example/deploy'}}]\n",
        RUN + "{pipeline: main, ref: main}}]\n",
        RUN + "{pipeline: main, inputs: {a-b: x}}}]\n",
        RUN + "{pipeline: main, inputs: {ROLLCALL_RUN: x}}}]\n",
        RUN + "{webhook: ci.acme.example/deploy}}]\n",
        RUN + "{webhook: 'https://ci.acme.example/{version}'}}]\n",
    ],
)
def test_what_lint_refuses_for_its_shape_does_not_fit(text: str, write: Write) -> None:
    assert refusals(write(text))
    assert faults(text)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_key_says_what_it_means(part: type[Part]) -> None:
    assert all(meanings(part).values())
    keys = (SCHEMA if part is Runbook else SCHEMA["$defs"][part.__name__])["properties"]
    assert {key: value["description"] for key, value in keys.items()} == meanings(part)


def test_every_reference_leads_somewhere() -> None:
    assert {reference.removeprefix("#/$defs/") for reference in references(SCHEMA)} == set(SCHEMA["$defs"])


def references(schema: object) -> Iterator[str]:
    match schema:
        case {"$ref": str() as reference, **others}:
            yield reference
            yield from references(others)
        case dict():
            for inner in schema.values():
                yield from references(inner)
        case list():
            for inner in schema:
                yield from references(inner)
        case _:
            return


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA
