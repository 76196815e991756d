"""A kind of release is its runbook with some keys changed."""

from pathlib import Path

import pytest

from bot.runbook.files.read import Runbooks, read_runbook
from bot.runbook.model import Duties, Rollback, Runbook, Stage, Step
from bot.runbook.problems import RunbookError, UnknownKind
from bot.runbook.roles.role import Role
from tests.runbook.given import GATE, HEAD, SHIPPED, STAGE, Write, refusals, said

KINDS = STAGE + "kinds:\n  hotfix:\n"


def kind(text: str, write: Write) -> Runbook:
    return read_runbook(write(text), "hotfix")


def test_a_kind_changes_some_keys_and_keeps_the_others(write: Write) -> None:
    text = KINDS + "    title: Fix\n    roles: {qa: {users: [U0BEN]}}\n    review: {always: true}\n"
    hotfix = kind("service: checkout\n" + text, write)
    assert (hotfix.kind, hotfix.kinds) == ("hotfix", ("normal", "hotfix"))
    assert (hotfix.title, hotfix.service) == ("Fix", "checkout")
    assert hotfix.role("qa") == Role(name="qa", users=("U0BEN",))
    assert hotfix.role("pair").users == ("U0BEN", "U0BEA")
    assert (hotfix.review.always, hotfix.review.count) == (True, 2)
    assert hotfix.stages[0].name == "staging"


def test_the_normal_kind_is_the_runbook_itself(write: Write) -> None:
    normal = read_runbook(write(KINDS + "    title: Fix\n"))
    assert (normal.kind, normal.kinds, normal.title) == ("normal", ("normal", "hotfix"), "Standard")


def test_kinds_are_inherited_and_changed_key_by_key(write: Write) -> None:
    write(KINDS + "    title: Fix\n    review: {count: 3, within: 2h}\n  docs: {duties: off}\n", "base.yaml")
    path = write(
        "extends: base\nduties: warn\nkinds:\n  hotfix:\n    review: {count: 1}\n  bug: {title: Bug}\n"
    )
    hotfix = read_runbook(path, "hotfix")
    assert hotfix.kinds == ("normal", "hotfix", "docs", "bug")
    assert (hotfix.title, hotfix.duties) == ("Fix", Duties.WARN)
    assert (hotfix.review.count, hotfix.review.within.total_seconds()) == (1, 7200)
    assert read_runbook(path, "docs").duties is Duties.OFF


def test_a_condition_may_name_a_kind(write: Write) -> None:
    text = (
        GATE
        + "        needs: {qa: 1}\n        when: {kind: [normal, hotfix]}\nkinds: {hotfix: {title: Fix}}\n"
    )
    gate = kind(text, write).stages[0].gates[0]
    assert gate.when is not None
    assert gate.when.kind == ("normal", "hotfix")


def test_an_unknown_kind_is_refused_with_the_nearest(write: Write, tmp_path: Path) -> None:
    write("service: checkout\n" + KINDS + "    title: Fix\n")
    runbooks = Runbooks(tmp_path)
    assert runbooks.for_service("checkout", "hotfix").title == "Fix"
    with pytest.raises(UnknownKind) as refusal:
        runbooks.for_service("checkout", "hotfx")
    assert (refusal.value.kind, refusal.value.kinds, refusal.value.nearest) == (
        "hotfx",
        ("normal", "hotfix"),
        "hotfix",
    )
    assert str(refusal.value) == (
        'the runbook has no kind "hotfx", only normal, hotfix; did you mean "hotfix"?'
    )


@pytest.mark.parametrize(
    ("last", "message"),
    [
        ("kind: hotfix", "9:1: kind: is not written in a file; write what differs under kinds"),
        ("kinds: x", '9:8: kinds: expected a mapping, found "x"'),
        ("kinds: {}", "9:8: kinds: expected at least one, found none"),
        (
            f"kinds: {{{', '.join(f'k{n}: {{title: x}}' for n in range(20))}}}",
            "9:8: kinds: expected at most 19, found 20",
        ),
        (
            "kinds: {normal: {title: x}}",
            '9:9: kinds.normal: "normal" is the runbook itself; write its keys at the top',
        ),
        (
            "kinds: {Hot Fix: {title: x}}",
            '9:9: kinds.Hot Fix: expected a key such as "hotfix": at most 40 small letters, digits and hyphens, '
            'found "Hot Fix"',
        ),
        (
            "kinds: {drill: {title: x}}",
            '9:9: kinds.drill: "drill" is what rehearses the way back; choose another key',
        ),
        ("kinds: {hotfix: x}", '9:17: kinds.hotfix: expected a mapping, found "x"'),
        ("kinds: {hotfix: {service: x}}", "9:18: kinds.hotfix.service: cannot stand inside a kind"),
        ("kinds: {hotfix: {repository: x}}", "9:18: kinds.hotfix.repository: cannot stand inside a kind"),
        ("kinds: {hotfix: {extends: x}}", "9:18: kinds.hotfix.extends: cannot stand inside a kind"),
        ("kinds: {hotfix: {kinds: {}}}", "9:18: kinds.hotfix.kinds: cannot stand inside a kind"),
        ("kinds: {hotfix: {kind: x}}", "9:18: kinds.hotfix.kind: cannot stand inside a kind"),
        (
            "kinds: {hotfix: {duties: none}}",
            '9:26: kinds.hotfix.duties: expected "strict", "warn" or "off", found "none"',
        ),
        (
            "kinds: {hotfix: {stages: [{name: s, owner: q}]}}",
            "9:44: kinds.hotfix.stages.0.owner: expected a role of this runbook (captain, qa, pair), "
            'found "q"; did you mean "qa"?',
        ),
    ],
)
def test_a_fault_in_a_kind_is_told_at_its_own_place(last: str, message: str, write: Write) -> None:
    assert refusals(write(f"{STAGE}{last}\n")) == [f"r.yaml:{message}"]


def test_a_fault_that_only_a_kind_makes_is_told_at_the_place_that_is_wrong_in_it(write: Write) -> None:
    text = GATE + "        approvals: {captain: 1}\nduties: off\nkinds: {hotfix: {duties: strict}}\n"
    (message,) = refusals(write(text))
    assert message.startswith(
        "r.yaml:11:30: kinds.hotfix.stages.0.gates.0.approvals.captain: the seat of captain"
    )


def test_a_fault_of_the_runbook_itself_is_told_once(write: Write) -> None:
    text = (
        STAGE.replace("owner: captain", "owner: captian") + "kinds: {hotfix: {title: x}, docs: {title: y}}\n"
    )
    assert len(refusals(write(text))) == 1


def test_a_fault_in_a_kind_of_a_base_is_told_once(write: Write, tmp_path: Path) -> None:
    write(KINDS + "    begin: never\n", "base.yaml")
    write("extends: base\nservice: a\n", "a.yaml")
    write("extends: base\nservice: b\n", "b.yaml")
    (problem,) = said(Runbooks(tmp_path).check(), tmp_path)
    assert problem.startswith("base.yaml:11:5: kinds.hotfix.begin: expected one of the keys ")
    with pytest.raises(RunbookError):
        Runbooks(tmp_path).for_service("a")


@pytest.mark.parametrize(
    ("last", "message"),
    [
        (
            "lead: q",
            '9:7: lead: expected a role of this runbook (captain, qa, pair), found "q"; did you mean "qa"?',
        ),
        (
            "overrides: q",
            '9:12: overrides: expected a role of this runbook (captain, qa, pair), found "q"; did you mean "qa"?',
        ),
        (
            "duties: strickt",
            '9:9: duties: expected "strict", "warn" or "off", found "strickt"; did you mean "strict"?',
        ),
        ("review: {count: 6}", "9:17: review.count: expected a number from 1 to 5, found 6"),
        (
            "review: {role: q}",
            '9:16: review.role: expected a role of this runbook (captain, qa, pair), found "q"; did you mean "qa"?',
        ),
        (
            "review: {with: 1h}",
            "9:10: review.with: expected one of the keys within, count, role, always; "
            'found "with"; did you mean "within"?',
        ),
        ("offers: x", '9:9: offers: expected a duration such as "30m", "4h" or "1d", found "x"'),
        (
            "rollback: {owner: q}",
            '9:19: rollback.owner: expected a role of this runbook (captain, qa, pair), found "q"; did you mean "qa"?',
        ),
        ("rollback: {steps: []}", "9:12: rollback.steps: expected at least one, found none"),
        (
            "rollback: {step: [do: x]}",
            "9:12: rollback.step: expected one of the keys owner, gates, steps, automatic, drill; "
            'found "step"; did you mean "steps"?',
        ),
        (
            "rollback: {gates: [{name: G, needs: {captain: 1}}]}",
            "9:47: rollback.gates.0.needs.captain: the seat of captain at the gate G of rollback can never be "
            "filled: under strict duties whoever starts the release may not approve; ask another role",
        ),
        (
            "    production: true\nrollback: {drill: Staging}",
            '10:19: rollback.drill: "Staging" is an environment of production; a drill is held in another one',
        ),
        (
            "  - {name: Rollback, owner: qa}",
            "9:12: stages.1.name: the way back has this name; choose another one, or write it under rollback",
        ),
        (
            "    gates: [{name: who may Approve, needs: {qa: 1}}]",
            "9:20: stages.0.gates.0.name: the gate at which a change of the runbook is signed has this name; "
            "choose another one",
        ),
    ],
)
def test_a_fault_at_the_top_is_told_with_its_place(last: str, message: str, write: Write) -> None:
    assert refusals(write(f"{STAGE}{last}\n")) == [f"r.yaml:{message}"]


def test_without_a_rollback_the_way_back_is_one_step_in_production(write: Write) -> None:
    text = (
        HEAD
        + "  - {name: canary, owner: qa, production: true, environment: eu}\n"
        + "  - {name: docs, owner: captain}\n"
    )
    assert read_runbook(write(text)).way_back == Stage(
        name="rollback",
        owner="qa",
        environment="eu",
        production=True,
        steps=(Step(do="Put the version before back in place"),),
    )


def test_the_way_back_is_as_it_is_written(write: Write) -> None:
    text = STAGE + "rollback:\n  owner: pair\n  gates: [{name: G, needs: {qa: 1}}]\n  steps: [do: Undo]\n"
    runbook = read_runbook(write(text))
    assert runbook.rollback == Rollback(owner="pair", gates=runbook.way_back.gates, steps=(Step(do="Undo"),))
    back = runbook.way_back
    assert (back.owner, back.where, back.production) == ("pair", "staging", True)
    assert back.gate("G").roles == ("qa",)
    assert back.steps == (Step(do="Undo"),)


def test_a_stage_is_in_the_environment_of_its_name_unless_it_says_another() -> None:
    assert Stage(name="staging", owner="qa").where == "staging"
    assert Stage(name="canary", owner="qa", environment="production").where == "production"


def test_the_hotfixes_that_come_with_rollcall_ask_less_and_are_reviewed() -> None:
    runbooks = Runbooks(SHIPPED)
    for service in runbooks.services():
        normal, hotfix = (runbooks.for_service(service, kind) for kind in ("normal", "hotfix"))
        gates = [[gate for stage in one.stages for gate in stage.gates] for one in (normal, hotfix)]
        assert 0 < len(gates[1]) < len(gates[0])
        assert (normal.review.always, hotfix.review.always) == (False, True)
