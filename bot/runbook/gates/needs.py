"""What a gate needs: an expression over the seats of roles and over checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from bot.runbook.gates.conditions import When
from bot.runbook.parts import Few, Loc, Part, distinct, fault, fault_at, invalid, missing, moved
from bot.runbook.problems import did_you_mean, found, nearest
from bot.runbook.roles.role import RESERVED, Duties, Known, Role, RoleName, known, one_known
from bot.runbook.values import Name, between, number_schema, whole_number

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "all": ("all",),
    "any": ("any",),
    "at least": ("at least", "of"),
    "of": ("at least", "of"),
    "check": ("check",),
}
"""The words that begin an expression, and those that stand together in it."""
MISPLACED: Final = 'stands only on a gate and on a part of "all"'


class Seats(Part):
    """The number of approvals that a gate asks of one role."""

    role: RoleName
    count: Annotated[int, whole_number, between(1, 20), number_schema(1, 20)]

    @model_validator(mode="after")
    def _can_be_filled(self, info: ValidationInfo) -> Self:
        there = known(info)
        why = _unfillable(self.count, there.roles[self.role], there.duties) if there else None
        if there and why:
            raise fault(f"the seat of {self.role} at {there.place} can never be filled: {why}")
        return self


def _unfillable(count: int, role: Role, duties: Duties) -> str | None:
    if duties is Duties.STRICT and (role.starter or role.authors):
        who = "whoever starts the release" if role.starter else "the authors of the manifest"
        return f"under strict duties {who} may not approve; ask another role"
    if role.most is not None and role.most < count:
        people = f"{role.most} {'person is' if role.most == 1 else 'people are'}"
        return f"it asks for {count} approvals, and {people} in the role at a time; ask for fewer"
    return None


def _known_check(name: str, info: ValidationInfo) -> str:
    there = known(info)
    return one_known(name, "check", there.checks) if there and there.checks is not None else name


class CheckPassed(Part):
    """A check that must have passed."""

    check: Annotated[Name, AfterValidator(_known_check)]


class Of(Part):
    """Some of several needs: all of them where there is no count; only where `when` fits, if it is given."""

    count: Annotated[int, whole_number, between(1, 20), number_schema(1, 20)] | None = None
    parts: Annotated[tuple["WrittenNeed", ...], Few(1, 20)]
    when: When | None = None

    @model_validator(mode="after")
    def _is_a_choice(self) -> Self:
        if self.count is None:
            return self
        if self.count > len(self.parts):
            there = len(self.parts)
            raise invalid(fault_at(("count",), f"expected a number from 1 to {there}, found {self.count}"))
        if troubles := [fault_at(*why) for i, part in enumerate(self.parts) for why in _no_choice(i, part)]:
            raise invalid(*troubles)
        return self


Need: TypeAlias = Seats | CheckPassed | Of
"""What a gate needs: approvals, a check, or some of several needs."""


def _no_choice(index: int, part: Need) -> list[tuple[Loc, str]]:
    """Say why a need cannot be one to choose."""
    if isinstance(part, Of) and part.when:
        return [(("parts", index, "when"), MISPLACED)]
    if may_ask_nothing(part):
        return [(("parts", index), 'asks nothing where no "when" in it fits, so the gate would be open')]
    return []


def may_ask_nothing(need: Need) -> bool:
    """Tell whether all parts of the need can be left out."""
    if not isinstance(need, Of) or need.count is not None:
        return False
    return all((isinstance(part, Of) and part.when) or may_ask_nothing(part) for part in need.parts)


@dataclass(frozen=True, slots=True)
class Approvals:
    """The value of `approvals`: roles only."""

    written: object


def read_need(value: object, info: ValidationInfo) -> object:
    """Read a need as people write it, or as JSON holds it; a fault has the place where it is written."""
    there = known(info)
    match value:
        case Approvals(written=written):
            return _seats(written, there, ())
        case Seats() | CheckPassed() | Of():
            return value
        case list() | tuple():
            return _of({"parts": value}, {"parts": ()}, there)
        case {"role": _, "count": int()}:
            return Seats.model_validate(value, context=there)
        case {"count": None | int(), "parts": list() | tuple(), **_rest}:
            return Of.model_validate(value, context=there)
        case Mapping():
            return _expression(value, there)
        case _:
            raise fault(f"expected roles, or one of all, any, at least and check; found {found(value)}")


def _expression(value: Mapping[str, object], there: Known | None) -> Need:
    asked = {key: part for key, part in value.items() if key != "when"}
    word = next((key for key in asked if key in WORDS), None)
    need = _seats(asked, there, tuple(WORDS)) if word is None else _worded(word, asked, there)
    if "when" not in value:
        return need
    return Of.model_validate({"parts": (need,), "when": value["when"]}, context=there)


def _worded(word: str, asked: Mapping[str, object], there: Known | None) -> Need:
    """Read an expression that begins with a word."""
    keys = WORDS[word]
    if beside := next((key for key in asked if key not in keys), None):
        meant = did_you_mean(nearest(beside, keys)) or '; make both parts of "all"'
        raise invalid(fault_at((beside,), f"cannot stand beside {found(word)}{meant}"))
    if absent := next((key for key in keys if key not in asked), None):
        raise invalid(missing((absent,)))
    if word == "check":
        return CheckPassed.model_validate(asked, context=there)
    count = {"all": None, "any": 1}.get(word, asked.get("at least"))
    whole = {"count": count, "parts": asked[keys[-1]]}
    return _of(whole, {"parts": (keys[-1],), "count": (keys[0],)}, there)


def _of(whole: Mapping[str, object], places: Mapping[int | str, Loc], there: Known | None) -> Of:
    try:
        return Of.model_validate(whole, context=there)
    except ValidationError as error:
        raise moved(error, places) from None


_SEATS: TypeAdapter[tuple[Seats, ...]] = TypeAdapter(
    Annotated[tuple[Seats, ...], Few(1, 20), distinct("role")]
)


def _seats(value: object, there: Known | None, words: tuple[str, ...]) -> Need:
    """Read how many approvals each role is asked for; a word is one that a role may be a typo of."""
    if not isinstance(value, Mapping):
        return _together(_SEATS.validate_python(value, context=there))
    if word := next((role for role in value if role in RESERVED), None):
        raise invalid(fault_at((word, "role"), 'is a word of "needs"; write that instead of "approvals"'))
    if typo := next((role for role in value if there and _means_a_word(role, there, words)), None):
        meant = f"expected a role or one of all, any, at least and check; found {found(typo)}"
        raise invalid(fault_at((typo, "role"), meant + did_you_mean(nearest(typo, words))))
    asked = [{"role": role, "count": count} for role, count in value.items()]
    try:
        return _together(_SEATS.validate_python(asked, context=there))
    except ValidationError as error:
        raise moved(error, {index: (role,) for index, role in enumerate(value)}) from None


def _means_a_word(role: str, there: Known, words: tuple[str, ...]) -> bool:
    return role not in there.roles and nearest(role, (*there.roles, *words)) in words


def _together(seats: tuple[Seats, ...]) -> Need:
    return seats[0] if len(seats) == 1 else Of(parts=seats)


WrittenNeed: TypeAlias = Annotated[
    Need, BeforeValidator(read_need), WithJsonSchema({"description": "What a gate needs."})
]


def leaves(need: Need) -> tuple[Seats | CheckPassed, ...]:
    """Return the seats and checks of a need, in order."""
    if not isinstance(need, Of):
        return (need,)
    return tuple(leaf for part in need.parts for leaf in leaves(part))
