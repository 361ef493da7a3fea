"""What the checks that need no network can find: each kind with one sentence, for documentation."""

from collections.abc import Mapping
from typing import Final

KINDS: Final[Mapping[str, str]] = {
    "SCHEMA_MISMATCH": "A structured answer is no JSON, or does not fit its JSON Schema; a fence around it is such a mismatch.",
    "SCHEMA_UNUSABLE": "A JSON Schema is no valid one, refers to what does not stand in it, or cannot be checked in bounded time.",
    "UNDECLARED_TOOL": "A call names a tool that the request does not declare.",
    "TOOL_ARGS_MISMATCH": "The arguments of a call are no JSON object, or do not fit the schema that the tool declares.",
    "TOOL_NOT_PERMITTED": "A call names a tool that the policy does not permit.",
    "TOO_LONG": "A text has more characters than the policy allows.",
    "TOO_SHORT": "A text has fewer characters than the policy demands.",
    "INJECTION": "A text looks like an attempt to give the model orders; the score says how much.",
}  # fmt: skip
