"""What the parts of a runbook share: they are frozen, and a fault in one keeps its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError
from pydantic_core.core_schema import no_info_before_validator_function

from bot.runbook.problems import found

Loc = tuple[int | str, ...]

WRITTEN: Final = "written"
"""The context in which a runbook is read from a file. Rules that came after runbooks were pinned by them go
for those alone, so that no release of before becomes unreadable."""


class Part(BaseModel):
    """A frozen part of a runbook that knows all its keys; the text below a key says what it means."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", revalidate_instances="always", use_attribute_docstrings=True
    )


def fault(message: str) -> PydanticCustomError:
    """Return what a validator raises about its own value."""
    # The message is passed as a value, because a template must be a literal.
    return PydanticCustomError("runbook", "{message}", {"message": message})


def fault_at(loc: Loc, message: str, value: object = None) -> InitErrorDetails:
    """Return a fault of something below the value that is validated."""
    return InitErrorDetails(type=fault(message), loc=loc, input=value)


def missing(loc: Loc) -> InitErrorDetails:
    """Return the fault that a key is not there."""
    return InitErrorDetails(type="missing", loc=loc, input=None)


def invalid(*faults: InitErrorDetails) -> ValidationError:
    """Return several faults as one error to raise."""
    return ValidationError.from_exception_data("Runbook", list(faults))


def moved(error: ValidationError, places: Mapping[int | str, Loc]) -> ValidationError:
    """Return the error with the first step of each place replaced by where it was written."""
    return invalid(
        *(
            InitErrorDetails(
                type=fault(one["msg"]) if one["type"] == "runbook" else one["type"],
                loc=(*places.get(one["loc"][0], one["loc"][:1]), *one["loc"][1:]) if one["loc"] else (),
                input=one["input"],
                ctx=one.get("ctx", {}),
            )
            for one in error.errors(include_url=False)
        )
    )


@dataclass(frozen=True, slots=True)
class Few:
    """Accept from `low` to `high` parts, before any is looked at: what fits into a message."""

    low: int
    high: int

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(self._counted, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "minItems": self.low, "maxItems": self.high}

    def _counted(self, parts: object) -> object:
        number = len(parts) if isinstance(parts, list | tuple) else self.low
        if number < self.low:
            raise fault("expected at least one, found none")
        if number > self.high:
            raise fault(f"expected at most {self.high}, found {number}")
        return parts


def distinct(key: str | None = None) -> AfterValidator:
    """Accept parts, or words, that differ in more than capital letters; `key` names the parts by."""

    def check(parts: tuple[object, ...]) -> tuple[object, ...]:
        words = [str(getattr(part, key) if key else part) for part in parts]
        folded = [word.casefold() for word in words]
        repeats = [index for index, word in enumerate(folded) if word in folded[:index]]
        if repeats:
            raise invalid(*(_repeat((index, key) if key else (index,), words[index]) for index in repeats))
        return parts

    return AfterValidator(check)


def _repeat(loc: Loc, word: str) -> InitErrorDetails:
    return fault_at(loc, f"expected each only once, found {found(word)} again", word)


def named(thing: str, value: object) -> object:
    """Read a mapping of things by name as a list of parts that have their names."""
    if not isinstance(value, Mapping):
        return value
    return [_named(thing, index, name, content) for index, (name, content) in enumerate(value.items())]


def _named(thing: str, index: int, name: str, content: object) -> object:
    if not isinstance(content, Mapping):
        return content
    if "name" in content:
        message = f"the key above it is the {thing}'s name: {found(name)}; leave this line out"
        raise invalid(fault_at((index, "name"), message, name))
    return {**content, "name": name}
