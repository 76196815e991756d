"""The keys of a runbook as people write them, and the JSON Schema by which editors check them."""

from collections.abc import Iterable, Mapping
from datetime import time, timedelta
from typing import Final, get_args

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import NullableSchema, WithDefaultSchema

from bot.runbook.checks import BESIDE, LIMITS, READABLE
from bot.runbook.gates.gate import Gate
from bot.runbook.model import NORMAL, PARTS_LIMIT, ROLLBACK, Check, Runbook
from bot.runbook.parts import Part
from bot.runbook.roles.role import BINDINGS, RESERVED, Role
from bot.runbook.runs import INPUT, INPUTS_LIMIT, OWN_INPUT, OWN_VARIABLE, VARIABLE, Provider
from bot.runbook.values import SERVICE_KEY, duration

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
OWN_KEYS: Final = ("extends", "service", "repository", "kinds")
"""These are of a file, so no kind of release has its own."""
MADE: Final[Mapping[type[Part], str]] = {Role: "name", Check: "name", Runbook: "kind"}
"""What the models have, and no key says: it is said by where a part stands."""
ADDED: Final[Mapping[type[Part], tuple[str, str, str]]] = {
    Runbook: ("title", "extends", "The name of another runbook, without `.yaml`, that this one changes."),
    Gate: (
        "needs",
        "approvals",
        "A short way to write `needs` of roles only: for each, how many of its people must approve,"
        " from 1 to 20.",
    ),
}
"""What only the file has: the key that it follows, the key itself, and what it means."""

SEATS: Final[JsonSchemaValue] = {"type": "integer", "minimum": 1, "maximum": 20}


def meanings(part: type[Part]) -> Mapping[str, str]:
    """Return what each key of a part means, in order, as people write it."""
    said: dict[str, str] = {}
    follows, added, meaning = ADDED.get(part, ("", "", ""))
    for key, field in part.model_fields.items():
        if key != MADE.get(part):
            said[key] = _one_line(field.description or "")
        if key == follows:
            said[added] = meaning
    return said


def part_below(path: Iterable[int | str], whole: type[Part] = Runbook) -> type[Part]:
    """Return the part of a runbook, or of another `whole`, to which a path leads."""
    part = whole
    for step in path:
        field = part.model_fields.get(str(step))
        part = (_part_in(field.annotation) if field else None) or part
    return part


def _part_in(annotation: object) -> type[Part] | None:
    """Return the part in a type such as `tuple[Stage, ...] | None`; of several, the last."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    return next(filter(None, map(_part_in, reversed(get_args(annotation)))), None)


def json_schema() -> JsonSchemaValue:
    """Return the JSON Schema (draft 2020-12) of the file as people write it."""
    whole = Runbook.model_json_schema(schema_generator=_AsWritten)
    parts, top = whole["$defs"], whole["properties"]
    top["extends"] = {"type": "string", "description": ADDED[Runbook][2]}
    top["roles"] |= _by_name("Role", least=1) | {"propertyNames": {"not": {"enum": list(RESERVED)}}}
    top["checks"] |= _by_name("Check", least=0)
    top["kinds"] |= _by_name("Kind", least=1) | {
        "propertyNames": {"pattern": f"^{SERVICE_KEY}$", "not": {"const": NORMAL}}
    }
    top["kinds"]["maxProperties"] -= 1  # The normal one is not written.
    for one in (top["roles"], top["checks"], top["kinds"]):
        _forget(one, "items", "minItems", "maxItems", "default")
    del top[MADE[Runbook]]
    _finish(parts)
    parts["Kind"] = _object({key: value for key, value in top.items() if key not in OWN_KEYS}, ())
    complete = {"required": ["title", "roles", "stages"]}
    file = {**_object(top, ()), "anyOf": [{"required": ["extends"]}, complete]}
    return {"$schema": DRAFT, "title": "A runbook of Rollcall", **file, "$defs": dict(sorted(parts.items()))}


class _AsWritten(GenerateJsonSchema):
    """Describe what stands in a file, where a key that says nothing is left out."""

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        if described.get("default") is False or not isinstance(described.get("default"), str | int):
            _forget(described, "default")
        return described

    def encode_default(self, dft: object) -> object:
        match dft:
            case timedelta():
                return duration(dft)
            case time():
                return f"{dft:%H:%M}"
            case _:
                return super().encode_default(dft)

    def field_title_should_be_set(self, schema: object) -> bool:
        return False

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        return {
            key: _one_line(inner) if key == "description" and isinstance(inner, str) else self._sorted(inner)
            for key, inner in value.items()
        }

    def _sorted(self, value: object) -> object:
        return self.sort(value) if isinstance(value, dict) else value


def _finish(parts: JsonSchemaValue) -> None:
    """Bring the parts from how the models have them to how the file has them."""
    parts["Need"] = {"anyOf": [*_needs({})]}
    parts["Part"] = {"anyOf": [*_needs({"when": _ref("When")})]}
    for part in (Role, Check):
        del parts[part.__name__]["properties"][MADE[part]]
        parts[part.__name__]["required"] = [
            key for key in parts[part.__name__]["required"] if key != MADE[part]
        ]
    _finish_gate(parts["Gate"])
    _finish_run(parts["Run"], parts.pop("Input"))
    parts["Check"]["anyOf"] = [{"required": ["by"]}, {"required": ["read"]}]
    _finish_read(parts["Read"])
    parts["Role"]["oneOf"] = [{"required": [binding]} for binding in BINDINGS]
    parts["Rotation"]["oneOf"] = [{"required": ["people"]}, {"required": ["shifts"]}]
    parts["Stage"]["properties"]["name"]["not"] = {"const": ROLLBACK}
    parts["When"]["minProperties"] = 1
    for condition in parts["When"]["properties"].values():
        several = {key: condition.pop(key) for key in ("type", "items", "minItems", "maxItems")}
        condition["anyOf"] = [several["items"], several]
    parts["Handoffs"]["not"] = {"anyOf": [{"required": ["shifts", key]} for key in ("at", "timezone")]}


def _finish_gate(gate: JsonSchemaValue) -> None:
    keys = gate["properties"]
    keys["needs"] = {**_ref("Need"), "description": keys["needs"]["description"]}
    keys["approvals"] = {**_roles({}), "description": ADDED[Gate][2]}
    gate["required"] = ["name"]
    gate["oneOf"] = [{"required": ["needs"]}, {"required": ["approvals"]}]


def _finish_run(run: JsonSchemaValue, one: JsonSchemaValue) -> None:
    run["properties"]["inputs"] = {
        "type": "object",
        "description": run["properties"]["inputs"]["description"],
        # An editor takes `true` for more than a word, too.
        "additionalProperties": {**one["properties"]["value"], "type": ["string", "number", "boolean"]},
        "propertyNames": {"pattern": f"^{INPUT}$", "not": {"enum": [OWN_INPUT, OWN_VARIABLE]}},
        "maxProperties": INPUTS_LIMIT,
    }
    run["oneOf"] = [{"required": [one]} for one in Provider]
    run["dependentRequired"] = {"workflow": ["ref"], "ref": ["workflow"]}
    variables = {"properties": {"inputs": {"propertyNames": {"pattern": f"^{VARIABLE}$"}}}}
    run["dependentSchemas"] = {"command": {"not": {"required": ["inputs"]}}, "pipeline": variables}


def _finish_read(read: JsonSchemaValue) -> None:
    keys = read["properties"]
    names = {key: keys["ci"].pop(key) for key in ("type", "items", "minItems", "maxItems")}
    keys["ci"]["anyOf"] = [{"const": True}, names]
    read["oneOf"] = [{"required": [key]} for key in READABLE]
    beside = {key: [with_it] for key, with_it in BESIDE.items()}
    read["dependentRequired"] = {**beside, "ticket": ["states"]}
    limits = [{"required": [key]} for key in LIMITS]
    keys["states"]["minItems"] = 1
    number = {"required": ["prometheus"]}
    read["if"], read["then"] = number, {"required": ["server"], "oneOf": limits}


def _needs(beside: JsonSchemaValue) -> Iterable[JsonSchemaValue]:
    """Yield each form of a need; a part of an `all` may have `when` beside it."""
    yield {**_parts("Part"), "description": "All of these."}
    yield _roles(beside)
    yield _object({"all": _parts("Part"), **beside}, ("all",), "All of these.")
    yield _object({"any": _parts("Need"), **beside}, ("any",), "One of these.")
    some = {"at least": {**SEATS, "description": "How many of them."}, "of": _parts("Need")}
    yield _object({**some, **beside}, tuple(some), "Some of these.")
    yield _object({"check": {"type": "string"}, **beside}, ("check",), "A check that must have passed.")


def _roles(beside: JsonSchemaValue) -> JsonSchemaValue:
    words = [word for word in RESERVED if word not in beside]
    return {
        "type": "object",
        "description": "Roles, and how many people of each must approve.",
        "properties": beside,
        "additionalProperties": SEATS,
        "propertyNames": {"not": {"enum": words}},
        "maxProperties": PARTS_LIMIT + len(beside),
        "not": {"propertyNames": {"enum": list(beside)}},
    }


def _parts(name: str) -> JsonSchemaValue:
    return {"type": "array", "items": _ref(name), "minItems": 1, "maxItems": PARTS_LIMIT}


def _by_name(part: str, least: int) -> JsonSchemaValue:
    limits = {"minProperties": least, "maxProperties": PARTS_LIMIT}
    return {"type": "object", "additionalProperties": _ref(part), **limits}


def _object(properties: JsonSchemaValue, required: Iterable[str], meaning: str = "") -> JsonSchemaValue:
    said = {"description": meaning} if meaning else {}
    shape = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**said, **shape, "required": list(required)}


def _ref(name: str) -> JsonSchemaValue:
    return {"$ref": f"#/$defs/{name}"}


def _forget(schema: JsonSchemaValue, *keys: str) -> None:
    for key in keys:
        schema.pop(key, None)


def _one_line(text: str) -> str:
    return " ".join(text.split())
