"""Where text stands in a request of the Responses API."""

from typing import Any, Final

from gateway.wire.lanes.held import Held
from gateway.wire.lanes.inside_chat import CITATIONS
from gateway.wire.lanes.inside_common import (
    CHOICE,
    LOCATION,
    MARKS,
    OPTIONS,
    SAMPLING,
    SENDER,
    schema,
    words,
)
from gateway.wire.lanes.place import Role
from gateway.wire.lanes.walk import (
    Found,
    Kind,
    Kinds,
    Rule,
    Table,
    anything,
    arguments,
    as_role,
    by_type,
    contents,
    data,
    each,
    hidden,
    json_or_text,
    kinds,
    link,
    named,
    opaque,
    over,
    read,
    text,
    word,
)

# --- parts of a message ----------------------------------------------------------------------------------------------

_TEXT: Final = {**MARKS, "text": text, "annotations": CITATIONS, "logprobs": hidden("tokens")}
_IMAGE: Final = {**MARKS, "image_url": link("image"), "file_id": opaque("file"), "detail": word}
_PARTS: Final[Kinds] = {
    **dict.fromkeys(("input_text", "output_text", "text", "summary_text", "reasoning_text"), Kind(_TEXT)),
    "refusal": Kind({**MARKS, "refusal": text}),
    **dict.fromkeys(("input_image", "computer_screenshot"), Kind(_IMAGE)),
    "input_file": Kind(
        {
            **MARKS,
            "file_id": opaque("file"),
            "file_url": link("file"),
            "file_data": contents("file"),
            "filename": text,
            "detail": word,
        }
    ),
    "input_audio": Kind({**MARKS, "input_audio": each({"data": opaque("audio"), "format": word})}),
}
parts: Final = kinds(lambda: _PARTS, Kind(MARKS, opaque="unknown"))

# --- tools -----------------------------------------------------------------------------------------------------------

_TOOL: Final[dict[str, Rule]] = {
    **MARKS,
    **words("name", "strict", "defer_loading", "allowed_callers", "execution"),
    "description": text,
    "parameters": schema,
    "output_schema": schema,
    "input_schema": schema,
}


def tools(found: Found, _role: Role, held: Held, key: Any, value: Any, path: str) -> None:
    """Definitions of tools, at the top or inside an item."""
    _tools(found, "tool_definition", held, key, value, path)


_CUSTOM: Final = {**_TOOL, "format": each({**words("type", "syntax"), "definition": text})}
_SKILL: Final[Table] = {
    **MARKS,
    **words("skill_id", "version", "name"),
    **dict.fromkeys(("description", "path"), text),
    "source": each({**words("type", "media_type"), "data": opaque("file")}),
}
_CONTAINER: Final = each({**MARKS, **words("file_ids", "memory_limit", "container_id"), "skills": each(_SKILL)}, word)
# Tools that the vendor runs, with what they are set up by; where they reach nobody here can tell.
_HOSTED: Final = Kind(
    {
        **_TOOL,
        **words("vector_store_ids", "max_num_results", "search_context_size", "search_content_types", "model"),
        **words("server_label", "connector_id", "action", "background", "input_fidelity", "moderation", "quality"),
        **words("output_compression", "output_format", "partial_images", "size"),
        "user_location": LOCATION,
        "container": _CONTAINER,
        "environment": _CONTAINER,
        "ranking_options": each({**words("ranker", "score_threshold", "embedding_weight", "text_weight")}),
        "input_image_mask": each({"image_url": link("image"), "file_id": opaque("file")}),
        "require_approval": each(dict.fromkeys(("always", "never"), each(words("read_only", "tool_names"))), word),
        "allowed_tools": each(words("read_only", "tool_names"), word),
    },
    opaque="hosted_tool",
)


def _shell(tool: dict[str, Any]) -> Kind:
    match tool.get("environment"):
        case {"type": "local"}:
            return _HOSTED._replace(opaque=None)
    return _HOSTED


_TOOLS: Final[Kinds] = {
    "function": Kind(_TOOL),
    "custom": Kind(_CUSTOM),
    "namespace": Kind({**_TOOL, "tools": tools}),
    "shell": _shell,
    # The caller runs these: what goes in and out stands in the body.
    **dict.fromkeys(
        ("local_shell", "apply_patch", "computer", "computer_use_preview"),
        Kind({**_TOOL, **words("display_height", "display_width", "environment")}),
    ),
}
_tools: Final = kinds(lambda: _TOOLS, _HOSTED)

# --- items -----------------------------------------------------------------------------------------------------------

_ITEM: Final[dict[str, Rule]] = {
    **MARKS,
    **words("call_id", "name", "namespace", "server_label", "container_id", "approval_request_id", "execution"),
    "caller": each(words("type", "caller_id")),
}


def _result(found: Found, _role: Role, held: Held, key: Any, value: Any, path: str) -> None:
    """What a tool gave: text, perhaps JSON, or parts."""
    (text if type(value) is str else parts)(found, "tool_result", held, key, value, path)


_DATA_OF_TOOL: Final = as_role("tool_result", data)
_SEALED: Final = {"encrypted_content": opaque("signed")}


_REFERENCE: Final = Kind(_ITEM, opaque="stored")


def _said(table: Table) -> Kind:
    return Kind({**_ITEM, **table}, role="assistant")


def _given(table: Table) -> Kind:
    return Kind({**_ITEM, **table}, role="tool_result")


_ITEMS: Final[Kinds] = {
    "function_call": _said({"arguments": arguments}),
    "function_call_output": _given({"output": _result}),
    "custom_tool_call": _said({"input": json_or_text}),
    "custom_tool_call_output": _given({"output": _result}),
    "reasoning": _said({"summary": parts, "content": parts, **_SEALED}),
    "compaction": _said(_SEALED),
    "compaction_trigger": _said({}),
    "item_reference": _REFERENCE,
    "additional_tools": Kind({**_ITEM, "role": word, "tools": tools}),
    # The caller's own machine.
    "local_shell_call": _said({"action": data}),
    "local_shell_call_output": _given({"output": _result}),
    "shell_call": _said({"action": data, "environment": _CONTAINER}),
    "shell_call_output": _given({"output": _DATA_OF_TOOL, "max_output_length": word}),
    "apply_patch_call": _said({"operation": data}),
    "apply_patch_call_output": _given({"output": _result}),
    "computer_call": _said({"action": data, "actions": data, "pending_safety_checks": anything}),
    "computer_call_output": _given({"output": parts, "acknowledged_safety_checks": anything}),
    # What the vendor ran, told by value.
    "web_search_call": _said({"action": data, "results": _DATA_OF_TOOL}),
    "file_search_call": _said({"queries": data, "results": _DATA_OF_TOOL}),
    "code_interpreter_call": _said({"code": text, "outputs": _DATA_OF_TOOL}),
    "image_generation_call": _said({"result": opaque("image"), "revised_prompt": text}),
    "mcp_list_tools": Kind(
        {**_ITEM, "tools": each({**_TOOL, "annotations": anything}), "error": text}, role="tool_definition"
    ),
    "mcp_call": _said({"arguments": arguments, "output": _result, "error": _result}),
    "mcp_approval_request": _said({"arguments": arguments}),
    "mcp_approval_response": Kind({**_ITEM, "reason": text}),
    "tool_search_call": _said({"arguments": arguments}),
    "tool_search_output": _given({"tools": tools}),
    "program": _said({"code": text, "fingerprint": opaque("signed")}),
    "program_output": _given({"result": _result}),
}
_UNKNOWN: Final = Kind(_ITEM, opaque="unknown")
_ROLES: Final[dict[str, Role]] = {name: name for name in ("user", "assistant", "system", "developer")}
_MESSAGE: Final[Table] = {**MARKS, "role": word, "phase": word, "content": parts, "name": text}
_UNKNOWN_ROLE: Final[Table] = {**_MESSAGE, "role": text}
_typed: Final = by_type(lambda: _ITEMS, _UNKNOWN)
_referred: Final = by_type(dict, _REFERENCE)


def _one(found: Found, role: Role, value: dict[str, Any], path: str) -> None:
    """A message needs no type; an id alone refers to an item."""
    kind = value.get("type")
    if kind == "message" or (kind is None and "role" in value):
        said = value.get("role")
        known = _ROLES.get(said) if type(said) is str else None
        read(found, known or role, _MESSAGE if known else _UNKNOWN_ROLE, value, path)
    elif kind is None and type(value.get("id")) is str:
        _referred(found, role, value, path)
    else:
        _typed(found, role, value, path)


_items: Final = over(_one)

# --- the body --------------------------------------------------------------------------------------------------------

_STORED: Final = opaque("stored")
_FORMAT: Final = each({**words("type", "name", "strict"), "description": text, "schema": schema})

RESPONSES: Final[Table] = {
    **SAMPLING,
    **SENDER,
    **OPTIONS,
    **words("max_output_tokens", "max_tool_calls", "include", "truncation", "background"),
    "input": _items,
    "instructions": as_role("system", _items),
    "prompt": each({"id": opaque("prompt_id"), "version": word, "variables": named(parts)}),
    "previous_response_id": _STORED,
    "conversation": each({"id": _STORED}, _STORED),
    "tools": tools,
    "tool_choice": CHOICE,
    "text": each({"format": as_role("tool_definition", _FORMAT), "verbosity": word}),
    "reasoning": each(words("effort", "summary", "generate_summary", "context", "mode")),
    "context_management": each(words("type", "compact_threshold")),
}
