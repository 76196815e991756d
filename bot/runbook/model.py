"""The typed runbook: stages, steps, and what is the same for all of them.

A runbook is frozen, and the text that `model_dump_json` writes is read back by `model_validate_json` to
an equal runbook, so that a release can pin the content with which it started.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import Annotated, Final, Self

from pydantic import AfterValidator, TypeAdapter, ValidationInfo, field_validator, model_validator

from bot.runbook.checks import ALL
from bot.runbook.checks import Check as Check
from bot.runbook.gates.gate import SIGNING, Gate
from bot.runbook.gates.gate import Reminders as Reminders
from bot.runbook.gates.ways import trouble
from bot.runbook.handoffs import Handoffs as Handoffs
from bot.runbook.parts import WRITTEN, Few, Loc, Part, distinct, fault, fault_at, invalid, named
from bot.runbook.problems import found
from bot.runbook.roles.role import Duties as Duties
from bot.runbook.roles.role import Known, Role, RoleName, known
from bot.runbook.runs import BEFORE, BEFORE_COMMIT, COMMIT, Provider, Run
from bot.runbook.tickets import Tickets
from bot.runbook.values import (
    ChannelId,
    Day,
    Duration,
    Name,
    Repository,
    ServiceKey,
    Truth,
    between,
    choice,
    line,
    number_schema,
    text_schema,
    whole_number,
)

NORMAL: Final = "normal"
ROLLBACK: Final = "rollback"
DRILL: Final = "drill"
"""The kind of a release that rehearses the way back, its one stage, and how its service ends."""
PARTS_LIMIT: Final = 20
HOMES: Final[Mapping[Provider, tuple[str, str]]] = {
    Provider.WORKFLOW: (r"https://[^/]+(/[A-Za-z0-9._-]+){2}/?", "https://github.com/acme/shop"),
    Provider.PIPELINE: (r"https://[^/]+(/[A-Za-z0-9._-]+){2,}/?", "https://gitlab.com/acme/shop"),
}
"""The address of a repository that can have such a run, and an example."""


class Begin(StrEnum):
    """Who lets a stage begin once its gates are met."""

    AUTOMATIC = "automatic"
    CAPTAIN = "captain"


class Step(Part):
    """Work that a person does and ticks, or that is run."""

    do: Annotated[str, line(300), text_schema(300)]
    """What is done; at most 300 characters. Without `run`, a person does it and then ticks it."""
    run: Run | None = None
    """What does it in place of a person."""


class Review(Part):
    """The review after a release that passed a gate by override, or after each."""

    within: Duration = timedelta(hours=24)
    """How long after the release the review is due."""
    count: Annotated[int, whole_number, between(1, 5), number_schema(1, 5)] = 2
    """How many people sign it off, from 1 to 5."""
    role: RoleName | None = None
    """The role whose people sign it off; without it, anybody in a role of the runbook."""
    always: Truth = False
    """`true`: every release is reviewed, and not only one with an override."""


def _none_is_the_signing(gates: tuple[Gate, ...]) -> tuple[Gate, ...]:
    taken = [index for index, gate in enumerate(gates) if gate.name.casefold() == SIGNING.casefold()]
    if taken:
        message = "the gate at which a change of the runbook is signed has this name; choose another one"
        raise invalid(*(fault_at((index, "name"), message) for index in taken))
    return gates


Gates = Annotated[
    tuple[Gate, ...], Few(0, PARTS_LIMIT), distinct("name"), AfterValidator(_none_is_the_signing)
]


Steps = Annotated[tuple[Step, ...], Few(0, 40), distinct("do")]
_GATES: TypeAdapter[tuple[Gate, ...]] = TypeAdapter(Gates)


def _gates_of(stage: str, value: object, info: ValidationInfo) -> object:
    """Read the gates of a stage, of which each must be one that can be met."""
    there = known(info)
    if there is None:
        return value
    there = replace(there, stage=stage)
    gates = _GATES.validate_python(value, context=there)
    why = [trouble(gate, replace(there, gate=gate.name)) for gate in gates]
    if troubles := [fault_at((index, "needs"), one) for index, one in enumerate(why) if one]:
        raise invalid(*troubles)
    return gates


class Stage(Part):
    """An ordered part of a release, with an owner, gates to enter it and steps to do in it."""

    name: Name
    """One line of at most 60 characters; no other stage has it, and it is not `rollback`."""
    owner: RoleName
    """The role whose people do the steps, and to whom the release is handed."""
    environment: Name | None = None
    """Where the steps work; without it, an environment with the name of the stage."""
    production: Truth = False
    """`true` where the steps change production. Once such a stage has begun, the release cannot be
    cancelled."""
    begin: Annotated[Begin, choice(Begin)] = Begin.AUTOMATIC
    """`automatic`: with the last approval. `captain`: when the captain or an owner says go."""
    gates: Gates = ()
    """The conditions to enter the stage; at most 20."""
    steps: Steps = ()
    """The work of the stage, in its order; at most 40."""

    @field_validator("gates", mode="before")
    @classmethod
    def _gates_can_be_met(cls, value: object, info: ValidationInfo) -> object:
        return _gates_of(info.data.get("name", ""), value, info)

    @property
    def where(self) -> str:
        """Return the environment of the stage."""
        return self.environment or self.name

    def gate(self, name: str) -> Gate:
        """Return a gate by its name, or raise KeyError."""
        return {gate.name: gate for gate in self.gates}[name]


class Rollback(Part):
    """The way back, as far as the runbook says it."""

    owner: RoleName | None = None
    """The role whose people do the steps; without it, the owner of the last stage in production."""
    gates: Gates = ()
    """The conditions to begin it; usually none, for the way back should be open."""
    steps: Annotated[tuple[Step, ...], Few(1, 40), distinct("do")] = (
        Step(do="Put the version before back in place"),
    )
    """The work, in its order; at most 40."""
    automatic: Duration | None = None
    """How long people have for a veto before the release goes back by itself, once a step has failed, or a
    check that a gate needs, and production was touched. Without it, only people roll back."""
    drill: Name | None = None
    """The environment in which the way back is rehearsed, such as `staging`; not one of production."""

    @field_validator("gates", mode="before")
    @classmethod
    def _gates_can_be_met(cls, value: object, info: ValidationInfo) -> object:
        return _gates_of(ROLLBACK, value, info)


def _none_is_the_rollback(stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    taken = [index for index, stage in enumerate(stages) if stage.name.casefold() == ROLLBACK]
    if taken:
        message = "the way back has this name; choose another one, or write it under rollback"
        raise invalid(*(fault_at((index, "name"), message) for index in taken))
    return stages


class Runbook(Part):
    """What a release goes through: its stages in order, and the roles that they ask."""

    title: Name
    """What people call it; one line of at most 60 characters."""
    service: ServiceKey | None = None
    """The key of the service that is released by it: small letters, digits and hyphens, at most 40. A runbook
    without it is there to be extended."""
    repository: Repository | None = None
    """The address of the source; it begins with `https://`."""
    tickets: Tickets | None = None
    """How tickets are named in commits and pull requests; without it, none are looked for."""
    channel: ChannelId | None = None
    """The id of the channel in which a release appears that a pipeline has begun; without it, such a pipeline
    waits until somebody starts the release."""
    kind: Name = NORMAL
    """The kind of release that it is for."""
    kinds: Annotated[tuple[Name, ...], Few(1, PARTS_LIMIT), distinct()] = (NORMAL,)
    """Other kinds of release, such as `hotfix`, by their keys; for each, the keys that differ."""
    duties: Annotated[Duties, choice(Duties)] = Duties.STRICT
    """Whether the starter and the authors may approve. `strict`: they may not. `warn`: they may, and it is
    said. `off`: they may."""
    roles: Annotated[tuple[Role, ...], Few(1, PARTS_LIMIT), distinct("name")]
    """The roles, by name; at least one, at most 20."""
    # What comes now is read with what stands before it at hand; so the order matters.
    checks: Annotated[tuple[Check, ...], Few(0, PARTS_LIMIT), distinct("name")] = ()
    """The checks that gates can need, by name; at most 20."""
    lead: RoleName | None = None
    """The role whose people may be captain; without it, any full member."""
    overrides: RoleName | None = None
    """The role whose people may pass a gate that is not met, with a reason; without it, nobody."""
    review: Review = Review()
    """The review after a release with an override."""
    offers: Duration = timedelta(minutes=30)
    """How long an offered handoff may stay unanswered."""
    reminders: Reminders = Reminders()
    """When those who have not answered are reminded."""
    handoffs: Handoffs | None = None
    """When the handoff summary of an open release is posted, and to which shift."""
    own_channel: Truth = False
    """`true`: each release has a channel of its own, to which all are invited who have something to do."""
    holidays: Annotated[tuple[Day, ...], Few(0, 100), distinct()] = ()
    """The days on which nobody is reminded, such as `2026-12-25`; at most 100."""
    rollback: Rollback | None = None
    """The way back; without it, one step that puts the version before back in place."""
    stages: Annotated[
        tuple[Stage, ...], Few(1, PARTS_LIMIT), distinct("name"), AfterValidator(_none_is_the_rollback)
    ]
    """The stages, in their order; at least one, at most 20."""

    @field_validator(
        *("checks", "lead", "overrides", "review", "reminders", "handoffs", "rollback", "stages"),
        mode="before",
    )
    @classmethod
    def _knows_what_is_said_before(cls, value: object, info: ValidationInfo) -> object:
        """Read a part with what it refers to at hand, so that a fault is found where it stands."""
        return _reader(str(info.field_name)).validate_python(value, context=_known(info.data))

    # Of validators before the field, the one that is written last comes first.
    @field_validator("roles", "checks", mode="before")
    @classmethod
    def _from_mapping(cls, value: object, info: ValidationInfo) -> object:
        return named(str(info.field_name).removesuffix("s"), value)

    @field_validator("service", mode="after")
    @classmethod
    def _is_no_drill(cls, service: str | None) -> str | None:
        if service and service.endswith(f"-{DRILL}"):
            raise fault(f"the drills of a service are kept by keys with -{DRILL}; choose another key")
        return service

    @model_validator(mode="after")
    def _goes_back_in_the_rollback_only(self, info: ValidationInfo) -> Self:
        # A drill is made of the rollback, which was looked at in its own runbook.
        if self.kind != DRILL and (wrong := [*self._astray(written=info.context is WRITTEN)]):
            raise invalid(*(fault_at((*place, "run"), message) for place, message in wrong))
        return self

    def _astray(self, *, written: bool) -> Iterator[tuple[Loc, str]]:
        """Yield where a field stands that means something else there than it says."""
        for place, step in self._steps():
            used = step.run.fields if step.run else ()
            if place[0] != "rollback":
                known = (name for name in (BEFORE, BEFORE_COMMIT) if name in used)
                yield from ((place, f"{{{name}}} is known in the rollback only") for name in known)
            elif COMMIT in used and written:
                yield place, "{commit} is of what is taken back; write {before_commit}"

    @model_validator(mode="after")
    def _rehearses_outside_of_production(self) -> Self:
        drill = self.rollback.drill if self.rollback else None
        # GitHub takes names of environments that differ in capital letters for the same.
        live = {stage.where.casefold() for stage in self.stages if stage.production}
        if drill and drill.casefold() in live:
            message = f"{found(drill)} is an environment of production; a drill is held in another one"
            raise invalid(fault_at(("rollback", "drill"), message))
        return self

    @model_validator(mode="after")
    def _knows_its_repository(self) -> Self:
        # A runbook without a service is there to be extended, by one that has a repository.
        if self.service and (lost := [*self._homeless()]):
            where = "is in no repository; write its address at the top, such as repository:"
            raise invalid(*(fault_at(place, f"{where} {HOMES[by][1]}") for place, by in lost))
        return self

    @model_validator(mode="after")
    def _knows_its_tickets(self) -> Self:
        lost = [index for index, one in enumerate(self.checks) if one.read and one.read.ticket == ALL]
        if self.service and self.tickets is None and lost:
            how = "finds no tickets; say at the top how their keys are written, such as tickets:"
            places = [("checks", index, "read", "ticket") for index in lost]
            raise invalid(*(fault_at(place, f'{how} {{pattern: "SHOP-{{number}}"}}') for place in places))
        return self

    @model_validator(mode="after")
    def _can_hold_the_drill_that_it_asks_for(self, info: ValidationInfo) -> Self:
        lost = [index for index, one in enumerate(self.checks) if one.read and one.read.drill is not None]
        if info.context is WRITTEN and self.service and lost and not (self.rollback and self.rollback.drill):
            how = "asks for a drill, and none can be held; say where, such as rollback: {drill: rehearsal}"
            raise invalid(*(fault_at(("checks", index, "read", "drill"), how) for index in lost))
        return self

    def _homeless(self) -> Iterator[tuple[Loc, Provider]]:
        """Yield where the runbook names what belongs into a repository that it does not name."""
        for index, check in enumerate(self.checks):
            if check.read and check.read.ci is not None and not any(map(self._is_at, HOMES)):
                yield ("checks", index, "read", "ci"), Provider.WORKFLOW
        for place, step in self._steps():
            if step.run and (by := step.run.by) in HOMES and not self._is_at(by):
                yield (*place, "run", by), by

    def _is_at(self, home: Provider) -> bool:
        """Return whether its repository can have such a run."""
        return re.fullmatch(HOMES[home][0], self.repository or "") is not None

    def _steps(self) -> Iterator[tuple[Loc, Step]]:
        """Yield each step and where it stands."""
        parts: list[tuple[Loc, Stage | Rollback]] = [
            (("stages", i), one) for i, one in enumerate(self.stages)
        ]
        if self.rollback:
            parts += [(("rollback",), self.rollback)]
        for place, part in parts:
            for index, step in enumerate(part.steps):
                yield (*place, "steps", index), step

    @property
    def content_hash(self) -> str:
        """Return the SHA-256 of the canonical JSON, as 64 hexadecimal digits."""
        content = self.model_dump(mode="json")
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def way_back(self) -> Stage:
        """Return the rollback as a stage in the environment of the last one that changes production."""
        back = self.rollback or Rollback()
        last = next((stage for stage in reversed(self.stages) if stage.production), self.stages[-1])
        # Its parts were validated with the runbook, and every look at a rollback asks for it.
        return Stage.model_construct(
            name=ROLLBACK,
            owner=back.owner or last.owner,
            environment=last.where,
            production=True,
            gates=back.gates,
            steps=back.steps,
        )

    @property
    def drill(self) -> "Runbook | None":
        """Return what a drill goes through: the way back in another environment; None without one."""
        if self.rollback is None or self.rollback.drill is None:
            return None
        back = self.way_back
        stage = Stage(name=DRILL, owner=back.owner, environment=self.rollback.drill, steps=back.steps)
        left_out = ("checks", "lead", "overrides", "review", "own_channel", "rollback")
        plain = {key: Runbook.model_fields[key].get_default() for key in left_out}
        return self.model_copy(update={**plain, "kind": DRILL, "kinds": (NORMAL,), "stages": (stage,)})

    def role(self, name: str) -> Role:
        """Return a role by its name, or raise KeyError."""
        return {role.name: role for role in self.roles}[name]

    def check(self, name: str) -> Check:
        """Return a check by its name, or raise KeyError."""
        return {check.name: check for check in self.checks}[name]

    def stage(self, name: str) -> Stage:
        """Return a stage by its name, or raise KeyError."""
        return {stage.name: stage for stage in self.stages}[name]


@cache
def _reader(key: str) -> TypeAdapter[object]:
    return TypeAdapter(Runbook.model_fields[key].rebuild_annotation())


def _known(said: Mapping[str, object]) -> Known | None:
    """Return what the rest may refer to; None where the roles are not right, so that no name is known."""
    match said:
        case {"roles": tuple() as roles}:
            checks, kinds, reminders = said.get("checks"), said.get("kinds"), said.get("reminders")
            return Known(
                roles={role.name: role for role in roles},
                duties=Duties(str(said.get("duties", Duties.OFF))),
                reminders=(reminders if isinstance(reminders, Reminders) else Reminders()).model_dump(),
                checks=tuple(check.name for check in checks) if isinstance(checks, tuple) else None,
                kinds=kinds if isinstance(kinds, tuple) else None,
            )
        case _:
            return None
