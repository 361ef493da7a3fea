"""A trace as a drawing: kind and name, indented below its parent, with what tells this exchange from others."""

from collections.abc import Sequence

from opentelemetry.sdk.trace import ReadableSpan

_TOLD = (
    "error.type", "gen_ai.request.model", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "haechi.cache.status",
    "haechi.cache.decision", "haechi.guardrail.side", "haechi.guardrail.verdict", "haechi.sampled_for",
)  # fmt: skip


def drawn(spans: Sequence[ReadableSpan]) -> str:
    lines = []
    for span in spans:
        attributes = span.attributes or {}
        told = " ".join(f"{name.rpartition('.')[2]}={attributes[name]!s}" for name in _TOLD if name in attributes)
        indent = "" if span.parent is None or span.parent.is_remote else "  "
        status = " !" if not span.status.is_ok and span.status.status_code.name == "ERROR" else ""
        lines.append(f"{indent}{span.kind.name} {span.name}{status} {told}".rstrip())
    return "\n".join(lines)
