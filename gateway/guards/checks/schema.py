"""Finds a structured answer that does not fit its JSON Schema, on the copy that the caller will get."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.guards.check import Said, whole
from gateway.guards.checks.json_schema import Fit, Schemas
from gateway.guards.finding import Finding


class SchemaCheck:
    """`schema=None` means the one that the request demands of the answer; without any, nothing is found.

    The whole text must be JSON: a fence or a word around it is found. `format` is read as a remark, as JSON Schema has it.
    """

    def __init__(self, schema: Mapping[str, Any] | None = None) -> None:
        self._schema = schema
        self._schemas = Schemas()

    async def look(self, said: Said) -> Sequence[Finding]:
        schema = said.setting.form if self._schema is None else self._schema
        if schema is None:
            return []
        kind = _KINDS.get(await self._schemas.fit(said.restored, schema))
        return [whole(said, kind)] if kind else []


_KINDS: Mapping[Fit, str] = {"mismatch": "SCHEMA_MISMATCH", "unusable": "SCHEMA_UNUSABLE"}
