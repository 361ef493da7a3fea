"""What is left of the data around its broken parts, so that one run finds every mistake and no mere consequence of one."""

from collections.abc import Iterable
from typing import Any

from gateway.config.mistakes import Finding, Trail
from gateway.config.schema import JsonSchema, Shape, tags_of


class Broken:
    """Trails at which something is wrong, asked whether they lie around, at or inside another trail."""

    def __init__(self, trails: Iterable[Trail] = ()) -> None:
        self._trails: set[Trail] = set()
        self._around: set[Trail] = set()
        self.add(trails)

    def add(self, trails: Iterable[Trail]) -> None:
        for trail in trails:
            self._trails.add(trail)
            self._around.update(trail[:length] for length in range(len(trail)))

    def __contains__(self, trail: Trail) -> bool:
        return trail in self._trails

    def touches(self, trail: Trail) -> bool:
        return trail in self._around or any(trail[:length] in self._trails for length in range(len(trail) + 1))

    def undoes(self, finding: Finding) -> bool:
        """Whether the finding may only be there because something else is broken."""
        return any(self.touches(trail) for trail in finding.rests_on)


def mended(data: Any, broken: Broken, shape: Shape) -> Any:
    """The data with every broken part left out, or replaced by something that fits where it cannot be left out.

    All trails stay what they were. Whoever looks at the result must ask `broken` about what he finds in it.
    """
    return _Mending(broken, shape).value(data, (), list(shape.opened(shape.schema)))


class _Mending:
    def __init__(self, broken: Broken, shape: Shape) -> None:
        self._broken = broken
        self._shape = shape

    def value(self, value: Any, trail: Trail, schemas: list[JsonSchema]) -> Any:
        if trail in self._broken:
            return self.stand_in(schemas)
        if isinstance(value, dict):
            meant = self._meant(value, trail, schemas)
            return self._mapping(value, trail, meant) if meant else self.stand_in(schemas)
        if isinstance(value, list):
            inside = self._shape.inside(schemas, 0)
            return [self.value(one, (*trail, index), inside) for index, one in enumerate(value)]
        return value

    def _meant(self, value: dict[str, Any], trail: Trail, schemas: list[JsonSchema]) -> list[JsonSchema]:
        """Of a tagged union the member whose tag the value has, none if that is broken; otherwise all."""
        members = [one for one in schemas if tags_of(one)]
        if len(members) < 2:
            return schemas
        if any((*trail, name) in self._broken for name in tags_of(members[0])):
            return []
        return [one for one in members if all(value.get(name) == tag for name, tag in tags_of(one).items())] or schemas

    def _mapping(self, value: dict[str, Any], trail: Trail, schemas: list[JsonSchema]) -> dict[str, Any]:
        needed = {name for schema in schemas for name in schema.get("required", ())}
        kept = {
            name: self.value(one, (*trail, name), self._shape.inside(schemas, name))
            for name, one in value.items()
            if name in needed or (*trail, name) not in self._broken
        }
        absent = {name for name in needed if name not in kept and (*trail, name) in self._broken}
        return kept | {name: self.stand_in(self._shape.inside(schemas, name)) for name in absent}

    def stand_in(self, schemas: list[JsonSchema]) -> Any:
        """The least that fits the first of the schemas; text that must match a pattern comes from its examples."""
        schema = next(iter(schemas), {})
        if choices := schema.get("enum") or schema.get("examples"):
            return choices[0]
        if schema.get("type") == "object":
            return {name: self.stand_in(self._shape.inside([schema], name)) for name in schema.get("required", ())}
        if schema.get("type") == "array":
            return [self.stand_in(self._shape.inside([schema], 0))] * schema.get("minItems", 0)
        if schema.get("type") in ("integer", "number"):
            return schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        return {"boolean": False, "string": "?"}.get(schema.get("type", ""))
