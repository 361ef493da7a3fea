"""What a request declares that rules and checks have to know: its tools, the form it demands, its end user. Pure."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from gateway.guards.widening import widened


def declared_tools(body: Mapping[str, Any]) -> dict[str, Mapping[str, Any] | None]:
    """The schemas of the tools that the caller itself declared, by name; what a vendor hosts is not among them.

    None for a tool that takes free text, or whose arguments the vendor defines. A function without a schema takes any object.
    """
    found: dict[str, Mapping[str, Any] | None] = {}
    for inner in _tools(body):
        if isinstance(name := inner.get("name"), str):
            schema = inner.get("parameters", inner.get("input_schema"))
            plain: dict[str, Any] | None = {} if inner.get("type", "function") == "function" else None
            found[name] = schema if isinstance(schema, dict) else plain
    return found


def demanded_form(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The JSON Schema that the answer has to fit, if the request demands one: as chat, Responses or Messages write it."""
    return next((holder["schema"] for holder in _forms(body)), None)


def widen(body: dict[str, Any], kinds: Collection[str]) -> None:
    """Makes every schema in the request such that placeholders of these kinds fit where values would. Changes `body`."""
    for holder in _forms(body):
        holder["schema"] = widened(holder["schema"], kinds)
    for inner in _tools(body):
        for field in ("parameters", "input_schema"):
            if isinstance(schema := inner.get(field), dict):
                inner[field] = widened(schema, kinds)


def _forms(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for outer, inner in (("response_format", "json_schema"), ("text", "format"), ("output_config", "format")):
        holder = body.get(outer)
        holder = holder.get(inner) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and isinstance(holder.get("schema"), dict):
            yield holder


def _tools(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Declared tools, without what the API wraps around them."""
    for field in ("tools", "functions"):
        entries = body.get(field)
        for one in entries if isinstance(entries, list) else ():
            if not isinstance(one, dict):
                continue
            if isinstance(custom := one.get("custom"), dict):
                yield {**custom, "type": "custom"}
            elif isinstance(inner := one.get("function", one), dict):
                yield inner


def end_user(body: Mapping[str, Any]) -> str:
    """The end user that the request names, empty if none."""
    metadata = body.get("metadata")
    named = metadata.get("user_id") if isinstance(metadata, dict) else None
    return next((one for one in (body.get("safety_identifier"), body.get("user"), named) if isinstance(one, str)), "")
