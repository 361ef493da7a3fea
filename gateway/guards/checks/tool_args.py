"""Finds calls of tools that nobody declared, and arguments that do not fit the declared schema: what a model made up."""

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.guards.check import Said, whole
from gateway.guards.checks.json_schema import Fit, Schemas
from gateway.guards.finding import Finding


class ToolArgsCheck:
    """Arguments must be a JSON object. No text at all counts as `{}`, which is how some vendors write that there are none.

    A tool that declares no schema may get anything: it may be one that takes free text.
    """

    def __init__(self) -> None:
        self._schemas = Schemas()

    async def look(self, said: Said) -> Sequence[Finding]:
        if said.place != "tool_args":
            return []
        if said.tool not in said.setting.tools:
            return [whole(said, "UNDECLARED_TOOL")]
        schema = said.setting.tools[said.tool]
        if schema is None:
            return []
        arguments = said.restored if said.restored.strip() else "{}"
        kind = _KINDS.get(await self._schemas.fit(arguments, schema, only_object=True))
        return [whole(said, kind)] if kind else []


_KINDS: Final[Mapping[Fit, str]] = {"mismatch": "TOOL_ARGS_MISMATCH", "unusable": "SCHEMA_UNUSABLE"}
