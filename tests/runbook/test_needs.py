"""What a gate needs is an expression: read as people write it, and refused with its place."""

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.runbook.files.read import read_runbook
from bot.runbook.gates.conditions import path_matches
from bot.runbook.gates.gate import CheckPassed, Gate, Need, Of, Risk, Seats, When
from bot.runbook.problems import Problem, RunbookError
from tests.runbook.given import APPROVED, GATE, Write, refusals

CHECKS = "checks: {smoke: {by: qa, fresh: 2h}}\n"
QA, PAIR = Seats(role="qa", count=1), Seats(role="pair", count=1)
SMOKE = CheckPassed(check="smoke")
HIGH = When(risk=(Risk.HIGH,))


def need(written: str, write: Write) -> Need:
    """Read the needs of a gate."""
    text = f"{GATE}        needs: {written}\n{CHECKS}"
    return read_runbook(write(text)).stages[0].gates[0].needs


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{qa: 1}", QA),
        ("{qa: 1, pair: 1}", Of(parts=(QA, PAIR))),
        ("{check: smoke}", SMOKE),
        ("[{qa: 1}, {check: smoke}]", Of(parts=(QA, SMOKE))),
        ("{all: [{qa: 1}, {check: smoke}]}", Of(parts=(QA, SMOKE))),
        ("{any: [{qa: 1}, {pair: 1}]}", Of(count=1, parts=(QA, PAIR))),
        ("{at least: 2, of: [{qa: 1}, {pair: 1}, {qa: 1}]}", Of(count=2, parts=(QA, PAIR, QA))),
        ("[{qa: 1, when: {risk: high}}, {pair: 1}]", Of(parts=(Of(parts=(QA,), when=HIGH), PAIR))),
        (
            "{all: [{any: [{qa: 1}, {pair: 1}], when: {risk: [high]}}]}",
            Of(parts=(Of(parts=(Of(count=1, parts=(QA, PAIR)),), when=HIGH),)),
        ),
        ("{any: [[{qa: 1}, {pair: 1}], {qa: 2}]}", Of(count=1, parts=(Of(parts=(QA, PAIR)), Seats(role="qa", count=2)))),
    ],
)  # fmt: skip
def test_needs_are_read_as_they_are_written(written: str, meant: Need, write: Write) -> None:
    assert need(written, write) == meant


def test_approvals_are_a_short_way_to_write_needs(write: Write) -> None:
    gate = read_runbook(write(APPROVED.replace("{qa: 1}", "{qa: 2, pair: 1}"))).stages[0].gates[0]
    assert gate.seats == (Seats(role="qa", count=2), PAIR)
    assert gate.roles == ("qa", "pair")


def test_a_gate_that_the_version_before_pinned_is_read() -> None:
    pinned = {
        "name": "QA",
        "approvals": [{"role": "qa", "count": 2}, {"role": "pair", "count": 1}],
        "remind": None,
    }
    assert Gate.model_validate_json(json.dumps(pinned)) == Gate(
        name="QA", needs=Of(parts=(Seats(role="qa", count=2), PAIR))
    )


def test_a_gate_knows_its_roles_and_checks() -> None:
    gate = Gate(name="G", needs=Of(parts=(QA, SMOKE, Of(count=1, parts=(PAIR, QA, SMOKE)))))
    assert gate.seats == (QA, PAIR, QA)
    assert gate.roles == ("qa", "pair")
    assert gate.checks == ("smoke",)


def test_a_gate_may_be_for_some_releases_and_its_approvals_may_expire(write: Write) -> None:
    text = APPROVED + "        when: {paths: db/, labels: [a, b]}\n        expires: 4h\n"
    gate = read_runbook(write(text)).stages[0].gates[0]
    assert gate.when == When(paths=("db/",), labels=("a", "b"))
    assert gate.expires == timedelta(hours=4)


NEVER = "the seat of {role} at the gate QA of staging can never be filled: "


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("qa", '11:16: N: expected roles, or one of all, any, at least and check; found "qa"'),
        ("[]", "11:9: N: expected at least one, found none"),
        ("{}", "11:9: N: expected at least one, found none"),
        (
            "{q: 1}",
            '11:17: N.q: expected a role of this runbook (captain, qa, pair), found "q"; did you mean "qa"?',
        ),
        (
            "{anyy: [{qa: 1}]}",
            '11:17: N.anyy: expected a role or one of all, any, at least and check; found "anyy"; did you mean "any"?',
        ),
        (
            "{atleast: 1, of: [{qa: 1}]}",
            '11:26: N.atleast: cannot stand beside "of"; did you mean "at least"?',
        ),
        (
            "{all: [{qa: 1}], qa: 1}",
            '11:37: N.qa: cannot stand beside "all"; make both parts of "all"',
        ),
        ("{all: {qa: 1}}", "11:17: N.all: expected a list, found a mapping"),
        ("{all: []}", "11:17: N.all: expected at least one, found none"),
        (f"{{any: [{', '.join(['{qa: 1}'] * 21)}]}}", "11:17: N.any: expected at most 20, found 21"),
        (
            "{any: [qa]}",
            '11:23: N.any.0: expected roles, or one of all, any, at least and check; found "qa"',
        ),
        ("{at least: 2}", "11:9: N.of: is missing"),
        ("{of: [{qa: 1}]}", "11:9: N.at least: is missing"),
        ("{at least: 2, of: [{qa: 1}]}", "11:27: N.at least: expected a number from 1 to 1, found 2"),
        ("{at least: 0, of: [{qa: 1}]}", "11:27: N.at least: expected a number from 1 to 20, found 0"),
        ("{at least: a, of: [{qa: 1}]}", '11:27: N.at least: expected a whole number, found "a"'),
        (
            "{check: smok}",
            '11:24: N.check: expected a check of this runbook (smoke), found "smok"; did you mean "smoke"?',
        ),
        (
            "{qa: 1, when: {risk: high}}",
            '11:24: N.when: stands only on a gate and on a part of "all"; write it beside "needs"',
        ),
        (
            "{any: [{qa: 1, when: {risk: high}}]}",
            '11:31: N.any.0.when: stands only on a gate and on a part of "all"',
        ),
        (
            "{any: [{qa: 1}, {all: [{pair: 1, when: {risk: high}}]}]}",
            '11:32: N.any.1: asks nothing where no "when" in it fits, so the gate would be open',
        ),
        (
            "[{qa: 1, when: {}}]",
            "11:25: N.0.when: expected at least one of kind, environment, labels, paths, risk, found none",
        ),
        ("[{qa: 1, when: high}]", '11:31: N.0.when: expected a mapping, found "high"'),
        (
            "[{qa: 1, when: {rsk: high}}]",
            "11:32: N.0.when.rsk: expected one of the keys kind, environment, labels, paths, risk; "
            'found "rsk"; did you mean "risk"?',
        ),
        (
            "[{qa: 1, when: {risk: hi}}]",
            '11:38: N.0.when.risk: expected "low", "medium" or "high", found "hi"; did you mean "high"?',
        ),
        (
            "[{qa: 1, when: {kind: hotfix}}]",
            '11:38: N.0.when.kind: expected a kind of this runbook (normal), found "hotfix"',
        ),
        (
            "{any: [{all: [{any: [{pear: 1}]}]}]}",
            "11:38: N.any.0.all.0.any.0.pear: expected a role of this runbook (captain, qa, pair), "
            'found "pear"; did you mean "pair"?',
        ),
        (
            "{captain: 1}",
            f"11:26: N.captain: {NEVER.format(role='captain')}under strict duties whoever starts the release "
            "may not approve; ask another role",
        ),
        (
            "{any: [{qa: 1}, {pair: 3}]}",
            f"11:39: N.any.1.pair: {NEVER.format(role='pair')}it asks for 3 approvals, and 2 people are in the "
            "role at a time; ask for fewer",
        ),
        (
            "[{pair: 1}, {pair: 2}]",
            f"11:9: N: {NEVER.format(role='pair')}one person fills one seat; name more people, or ask for "
            "fewer approvals",
        ),
        (
            "[{pair: 2}, {pair: 1, when: {risk: high}}]",
            f"11:9: N: {NEVER.format(role='pair')}one person fills one seat; name more people, or ask for "
            "fewer approvals",
        ),
        (
            f"{{at least: 4, of: [{', '.join(['{qa: 1}'] * 8)}]}}",
            "11:9: N: the gate QA of staging can be met in more than 64 ways; simplify it",
        ),
    ],
)
def test_a_need_that_is_wrong_is_told_with_its_place(written: str, message: str, write: Write) -> None:
    text = f"{GATE}        needs: {written}\n{CHECKS}"
    assert refusals(write(text)) == [f"r.yaml:{message.replace(' N', ' stages.0.gates.0.needs', 1)}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            APPROVED + "        needs: {qa: 1}\n",
            "11:9: stages.0.gates.0.approvals: expected either needs or approvals, found both",
        ),
        (
            GATE + "        approvals: {all: [{qa: 1}]}\n",
            '11:21: stages.0.gates.0.approvals.all: is a word of "needs"; write that instead of "approvals"',
        ),
        (
            APPROVED + "        when: {path: x}\n",
            "12:16: stages.0.gates.0.when.path: expected one of the keys kind, environment, labels, paths, risk; "
            'found "path"; did you mean "paths"?',
        ),
        (
            APPROVED + "        expires: soon\n",
            '12:18: stages.0.gates.0.expires: expected a duration such as "30m", "4h" or "1d", found "soon"',
        ),
        (
            APPROVED + "checks: {smoke: {by: q}}\n",
            '12:22: checks.smoke.by: expected a role of this runbook (captain, qa, pair), found "q"; did you mean "qa"?',
        ),
        (APPROVED + "checks: {smoke: {}}\n", "12:10: checks.smoke: expected by, read or both, found none"),
        (
            APPROVED + "checks: {smoke: {by: qa, freh: 1h}}\n",
            '12:26: checks.smoke.freh: expected one of the keys by, each, read, every, fresh, soak; found "freh"; did you mean "fresh"?',
        ),
        (
            APPROVED + "checks: {smoke: {by: qa, name: x}}\n",
            '12:32: checks.smoke.name: the key above it is the check\'s name: "smoke"; leave this line out',
        ),
        (
            GATE.replace("{users: [U0BEN, U0BEA]}", "{users: [U0BEN]}\n  lone: {first_of: [U0BEN]}")
            + "        approvals: {pair: 1, lone: 1}\n",
            f"11:9: stages.0.gates.0: {NEVER.format(role='lone')}one person fills one seat; name more people, "
            "or ask for fewer approvals",
        ),
        (
            GATE.replace("{group: qa}", "{first_of: [U0BEN, U0BEA]}") + "        approvals: {qa: 2}\n",
            f"11:25: stages.0.gates.0.approvals.qa: {NEVER.format(role='qa')}it asks for 2 approvals, and "
            "1 person is in the role at a time; ask for fewer",
        ),
        (
            GATE.replace("{group: qa}", "{authors: true}") + "        approvals: {qa: 1}\n",
            f"11:25: stages.0.gates.0.approvals.qa: {NEVER.format(role='qa')}under strict duties the authors of "
            "the manifest may not approve; ask another role",
        ),
    ],
)
def test_a_gate_that_is_wrong_is_told_with_its_place(text: str, message: str, write: Write) -> None:
    assert refusals(write(text)) == [f"r.yaml:{message}"]


@pytest.mark.parametrize("duties", ["warn", "off"])
def test_who_starts_a_release_may_approve_where_duties_are_not_strict(duties: str, write: Write) -> None:
    text = f"{GATE}        approvals: {{captain: 1}}\nduties: {duties}\n"
    assert read_runbook(write(text)).stages[0].gates[0].roles == ("captain",)


def test_a_gate_that_some_way_can_meet_is_taken(write: Write) -> None:
    assert isinstance(need("{any: [[{pair: 1}, {pair: 2}], {qa: 1}]}", write), Of)


def test_parts_that_never_apply_together_need_not_be_filled_together(write: Write) -> None:
    assert isinstance(need("[{pair: 2, when: {risk: low}}, {pair: 1, when: {risk: high}}]", write), Of)


def test_a_need_made_in_python_is_held_to_the_same_rules() -> None:
    with pytest.raises(ValidationError, match="expected a number from 1 to 1"):
        Of(count=2, parts=(QA,))
    with pytest.raises(ValidationError, match="stands only on a gate"):
        Of(count=1, parts=(Of(parts=(QA,), when=HIGH),))
    with pytest.raises(ValidationError, match="stands only on a gate"):
        Gate(name="G", needs=Of(parts=(QA,), when=HIGH))
    with pytest.raises(ValidationError, match="expected at least one of kind"):
        When()


@pytest.mark.parametrize(
    ("pattern", "fits", "does_not"),
    [
        ("db/**", ["db/x", "db/x/y"], ["db", "adb/x", "a/db/x"]),
        ("db/", ["db/x", "db/x/y"], ["db", "dbx/y"]),
        ("/db/", ["db/x"], ["a/db/x"]),
        ("*.py", ["a.py"], ["a/b.py", "a.pyc"]),
        ("**/*.py", ["a.py", "a/b/c.py"], ["a/b"]),
        ("a/*/c", ["a/b/c"], ["a/c", "a/b/b/c"]),
        ("a/**/c", ["a/c", "a/b/c", "a/b/b/c"], ["ac", "b/c"]),
        ("**", ["a", "a/b"], []),
        ("**/**/a", ["a", "b/c/a"], ["ab"]),
        ("a+b[c].txt", ["a+b[c].txt"], ["aab.txt", "abc.txt"]),
    ],
)
def test_a_pattern_means_paths(pattern: str, fits: list[str], does_not: list[str]) -> None:
    assert [path for path in (*fits, *does_not) if path_matches(pattern, path)] == fits


WORDS = (
    "all",
    "any",
    "at least",
    "of",
    "check",
    "when",
    "qa",
    "pair",
    "captain",
    "risk",
    "count",
    "parts",
    "role",
)
shapes = st.recursive(
    st.sampled_from(["1", "2", "qa", "smoke", "high", "x"]),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.sampled_from(WORDS), below, max_size=3),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shapes)
def test_whatever_shape_a_need_has_each_fault_has_its_place(write: Write, shape: object) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        need(json.dumps(shape), write)
    except RunbookError as refusal:
        problems = refusal.problems
    assert all(problem.line == 11 and problem.column >= 9 for problem in problems)
    assert all(problem.where.startswith("stages.0.gates.0") for problem in problems)
