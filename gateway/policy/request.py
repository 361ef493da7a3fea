"""What a request declares that rules and checks have to know: its tools, the form it demands, its end user. Pure."""

from collections.abc import Mapping
from typing import Any


def declared_tools(body: Mapping[str, Any]) -> dict[str, Mapping[str, Any] | None]:
    """The schemas of the tools that the caller itself declared, by name; what a vendor hosts is not among them."""
    found: dict[str, Mapping[str, Any] | None] = {}
    for field in ("tools", "functions"):
        entries = body.get(field)
        for one in entries if isinstance(entries, list) else ():
            inner = one.get("function") or one.get("custom") or one if isinstance(one, dict) else None
            if isinstance(inner, dict) and isinstance(name := inner.get("name"), str):
                schema = inner.get("parameters", inner.get("input_schema"))
                found[name] = schema if isinstance(schema, dict) else None
    return found


def demanded_form(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The JSON Schema that the answer has to fit, if the request demands one: as chat, Responses or Messages write it."""
    for outer, inner in (("response_format", "json_schema"), ("text", "format"), ("output_config", "format")):
        holder = body.get(outer)
        holder = holder.get(inner) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and isinstance(schema := holder.get("schema"), dict):
            return schema
    return None


def end_user(body: Mapping[str, Any]) -> str:
    """The end user that the request names, empty if none."""
    metadata = body.get("metadata")
    named = metadata.get("user_id") if isinstance(metadata, dict) else None
    return next((one for one in (body.get("safety_identifier"), body.get("user"), named) if isinstance(one, str)), "")
