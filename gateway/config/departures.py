"""Where data departs from the schema: every place at once, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from gateway.config.mistakes import Finding, Trail, nearest
from gateway.config.remains import Broken, mended
from gateway.config.schema import Shape, kind_of

_WORDS: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
}
_KINDS: Final[dict[type, str]] = {
    str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array",
}  # fmt: skip
_SWITCHES: Final = {"on": "true", "yes": "true", "off": "false", "no": "false"}
_LIMITS: Final = {
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "exclusiveMinimum": "must be more than {}",
    "exclusiveMaximum": "must be less than {}",
    "minLength": "must not be empty",
    "minItems": "must not be empty",
    "pattern": "must match {}",
}


def departures(data: Any, shape: Shape, broken: Broken) -> list[Finding]:
    """All departures that are not mere consequences of what is broken; `broken` grows by them.

    Misspelled keys come first: what one was meant to give counts as broken, so that nothing is called missing on top.
    """
    errors = _validator()(shape.schema).iter_errors(mended(data, broken, shape))
    here = [_Departure(one, shape) for error in errors for one in _meant(error)]
    strangers = [finding for one in here if one.is_about_strangers for finding in one.findings()]
    others = [finding for one in here if not one.is_about_strangers for finding in one.findings()]
    broken.add(trail for one in strangers for trail in (one.trail, *one.rests_on))
    found = [one for one in others if not broken.undoes(one)]
    broken.add(one.rests_on[0] for one in others)
    return strangers + found


@cache
def _validator() -> Any:
    """The one place that loads jsonschema: 60 ms and 6 MB that a file without mistakes never pays.

    Its notion of an integer takes 8080.0, which the decoder does not.
    """
    import jsonschema  # noqa: PLC0415  see above

    checker = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    return jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=checker)  # type: ignore[no-untyped-call]


def _is_integer(_checker: Any, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _meant(error: Any) -> Iterator[Any]:
    """The errors of the one branch of a union that the value was written for; the union's own if there is none."""
    if error.validator != "anyOf":
        yield error
    elif "discriminator" in error.schema and isinstance(error.instance, dict):
        yield from _tagged(error)
    else:
        misfits = {one.schema_path[0] for one in error.context if _is_misfit(one)}
        inside = [one for one in error.context if one.schema_path[0] not in misfits]
        if not inside:
            yield error
        for one in inside:
            yield from _meant(one)


def _is_misfit(error: Any) -> bool:
    """Whether a branch is of another type than the value altogether; a choice of words has no type of its own."""
    is_other = error.validator == "type" or (error.validator == "enum" and not isinstance(error.instance, str))
    return is_other and not error.relative_path


@dataclass(frozen=True, slots=True)
class _OfTag:
    """What is wrong with the tag of a tagged struct, which the validator tells once for every member."""

    absolute_path: tuple[str | int, ...]
    validator: str
    validator_value: Any
    instance: Any
    schema: Any


def _tagged(error: Any) -> Iterator[Any]:
    tag = error.schema["discriminator"]["propertyName"]
    members = list(error.schema["discriminator"]["mapping"])
    path, value = tuple(error.absolute_path), error.instance
    if value.get(tag) in members:
        branch = members.index(value[tag])
        for one in error.context:
            if one.schema_path[0] == branch:
                yield from _meant(one)
    elif tag in value:
        yield _OfTag((*path, tag), "enum", members, value[tag], error.schema)
    elif (stranger := nearest(tag, value)) is not None:
        yield _OfTag(path, "additionalProperties", False, {stranger: value[stranger]}, {"properties": {tag: {}}})
    else:
        yield _OfTag(path, "required", [tag], value, error.schema)


class _Departure:
    """One error of the validator, put into words. The first trail that a finding rests on is the one that is broken."""

    def __init__(self, error: Any, shape: Shape) -> None:
        self._error = error
        self._trail: Trail = tuple(error.absolute_path)
        self._shape = shape
        self.is_about_strangers: bool = error.validator == "additionalProperties"

    def findings(self) -> Iterator[Finding]:
        rule = self._error.validator
        if self.is_about_strangers:
            yield from self._strangers()
        elif rule == "required":
            yield from self._missing()
        elif rule == "enum":
            yield self._unlisted()
        elif rule in _LIMITS:
            message = self._error.schema.get("patternErrorMessage") if rule == "pattern" else None
            message = message or _LIMITS[rule].format(self._error.validator_value)
            yield Finding(self._trail, message, rests_on=(self._trail,))
        else:
            yield self._mistyped()

    def _strangers(self) -> Iterator[Finding]:
        known = self._error.schema.get("properties", {})
        absent = [name for name in known if name not in self._error.instance]
        for name in self._error.instance:
            if name not in known:
                meant = nearest(name, absent)
                rests_on = ((*self._trail, meant),) if meant else ()
                trail = (*self._trail, name)
                yield Finding(trail, "unknown key", meant or nearest(name, known), about_key=True, rests_on=rests_on)

    def _missing(self) -> Iterator[Finding]:
        for name in self._error.validator_value:
            if name not in self._error.instance:
                rests_on = ((*self._trail, name), (*self._trail, "<<"))
                yield Finding(self._trail, f"the key `{name}` is missing", about_key=True, rests_on=rests_on)

    def _unlisted(self) -> Finding:
        value, choices = self._error.instance, self._error.validator_value
        text = value if isinstance(value, str) else None
        suggestion = nearest(text, choices) if text is not None else None
        message = f"is not one of {', '.join(map(str, choices))}"
        return Finding(self._trail, message, suggestion, value=text, rests_on=(self._trail,))

    def _mistyped(self) -> Finding:
        kinds = [kind for one in self._shape.alternatives(self._trail) if (kind := kind_of(one)) in _WORDS]
        wanted = " or ".join(dict.fromkeys(_WORDS[kind] for kind in kinds)) or "something else"
        value = self._error.instance
        if value is None:
            return Finding(
                self._trail, f"must be {wanted}, but nothing stands here", about_key=True, rests_on=(self._trail,)
            )
        suggestion = _SWITCHES.get(value.lower()) if kinds == ["boolean"] and isinstance(value, str) else None
        return Finding(
            self._trail, f"must be {wanted}, not {_WORDS[_KINDS[type(value)]]}", suggestion, rests_on=(self._trail,)
        )
