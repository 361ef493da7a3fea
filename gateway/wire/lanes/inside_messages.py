"""Where text stands in a request of the Messages API, and in one that counts its tokens."""

from typing import Any, Final

from gateway.wire.lanes.held import Held
from gateway.wire.lanes.inside_common import CACHE, CHOICE, LOCATION, MARKS, SAMPLING, schema, words
from gateway.wire.lanes.place import Role, What
from gateway.wire.lanes.walk import (
    Found,
    Kind,
    Kinds,
    Rule,
    Table,
    anything,
    as_role,
    beside,
    data,
    each,
    kinds,
    link,
    opaque,
    over,
    read,
    text,
    word,
)

# --- blocks ----------------------------------------------------------------------------------------------------------


def blocks(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
    """A string, or blocks of content."""
    if type(value) is str:
        text(found, role, held, key, value, path)
    else:
        _blocks(found, role, held, key, value, path)


def _source(what: What) -> Rule:
    """Where an image or a document comes from; plain text is text, and so are blocks."""
    rows: Kinds = {
        "base64": Kind({**words("type", "media_type"), "data": opaque(what)}),
        "url": Kind({**words("type", "media_type"), "url": link(what)}),
        "file": Kind({**words("type", "media_type"), "file_id": opaque("file")}),
        "text": Kind({**words("type", "media_type"), "data": text}),
        "content": Kind({**words("type", "media_type"), "content": blocks}),
    }
    return kinds(lambda: rows, Kind(words("type", "media_type"), opaque="unknown"))


_SEALED: Final = opaque("signed")
# Quotations and their origin: the places in the text are numbers, and the origin an address or a title.
_CITATIONS: Final = each(
    {
        **words("type", "document_index", "start_char_index", "end_char_index", "start_page_number", "end_page_number"),
        **words("start_block_index", "end_block_index", "search_result_index", "enabled"),
        **dict.fromkeys(("cited_text", "document_title", "title", "url", "source"), text),
        "encrypted_index": _SEALED,
        "file_id": opaque("file"),
    }
)
_BLOCK: Final[dict[str, Rule]] = {
    **MARKS,
    **words("tool_use_id", "name", "tool_name", "server_name", "mcp_server_name", "toolset_name"),
    "caller": each(words("type", "tool_id")),
    "citations": _CITATIONS,
}
_IMAGE: Final = {**_BLOCK, "source": _source("image"), "transformations": each(words("oversized_image"))}
_CALL: Final = Kind({**_BLOCK, "input": data}, role="assistant")


def _results(found: Found, _role: Role, held: Held, key: Any, value: Any, path: str) -> None:
    blocks(found, "tool_result", held, key, value, path)


_RESULT: Final = Kind({**_BLOCK, "content": _results, "is_error": word}, role="tool_result")
# What stands inside the results of the vendor's own tools. The content of one may be text, blocks or an object of these fields.
_GIVEN: Final = {
    **_BLOCK,
    **words("error_code", "return_code", "file_type", "num_lines", "start_line", "total_lines", "stop_reason"),
    **words("new_lines", "new_start", "old_lines", "old_start", "page_age", "retrieved_at"),
    **dict.fromkeys(("text", "title", "url", "stdout", "stderr", "error_message"), text),
    **dict.fromkeys(("encrypted_content", "encrypted_stdout"), _SEALED),
    "file_id": opaque("file"),
    "lines": text,
    "content": blocks,
    "tool_references": each(words("type", "tool_name")),
}


def _thinking(block: dict[str, Any]) -> Kind:
    """With a signature it means something only as it is; without one another upstream wrote it."""
    if block.get("signature"):
        return Kind({**_BLOCK, "thinking": _SEALED, "signature": _SEALED})
    return Kind({**_BLOCK, "thinking": text, "signature": word})


def _compaction(block: dict[str, Any]) -> Kind:
    sealed = block.get("signature") or block.get("encrypted_content")
    table = {**_BLOCK, "content": _SEALED if sealed else text, "encrypted_content": _SEALED, "signature": _SEALED}
    return Kind({**table, "tool_changes": blocks})


def tools(found: Found, _role: Role, held: Held, key: Any, value: Any, path: str) -> None:
    """Definitions of tools, at the top or inside a block."""
    _tools(found, "tool_definition", held, key, value, path)


_CHANGE: Final = Kind(
    {**_BLOCK, "tool": each({**words("type", "name", "server_name"), "definition": tools})}, role="tool_definition"
)
_SERVER_RESULTS: Final = (
    "web_search_tool_result",
    "web_fetch_tool_result",
    "code_execution_tool_result",
    "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result",
    "tool_search_tool_result",
    "advisor_tool_result",
)
_INNER: Final = (
    "web_search_result",
    "web_search_tool_result_error",
    "web_fetch_result",
    "web_fetch_tool_result_error",
    "code_execution_result",
    "code_execution_output",
    "code_execution_tool_result_error",
    "encrypted_code_execution_result",
    "bash_code_execution_result",
    "bash_code_execution_output",
    "bash_code_execution_tool_result_error",
    "text_editor_code_execution_view_result",
    "text_editor_code_execution_create_result",
    "text_editor_code_execution_str_replace_result",
    "text_editor_code_execution_tool_result_error",
    "tool_search_tool_search_result",
    "tool_search_tool_result_error",
    "advisor_result",
    "advisor_redacted_result",
    "advisor_tool_result_error",
)
_BLOCKS: Final[Kinds] = {
    "text": Kind({**_BLOCK, "text": text}),
    "image": Kind(_IMAGE),
    "document": Kind({**_BLOCK, "source": _source("file"), "title": text, "context": text}),
    "search_result": Kind({**_BLOCK, "source": text, "title": text, "content": blocks}),
    **dict.fromkeys(("tool_use", "server_tool_use", "mcp_tool_use"), _CALL),
    **dict.fromkeys(("tool_result", "mcp_tool_result", *_SERVER_RESULTS), _RESULT),
    **dict.fromkeys(_INNER, Kind(_GIVEN)),
    "tool_reference": Kind(_BLOCK),
    "browser_state": Kind({**_BLOCK, "tabs": anything, "state_changes": anything}),
    "thinking": _thinking,
    "redacted_thinking": Kind({**_BLOCK, "data": _SEALED}),
    "container_upload": Kind({**_BLOCK, "file_id": opaque("file")}),
    "compaction": _compaction,
    **dict.fromkeys(("tool_addition", "tool_removal"), _CHANGE),
    "mcp_tool_listing": Kind({**_BLOCK, "tools": tools}),
    "fallback": Kind(
        {**_BLOCK, **dict.fromkeys(("from", "to"), each(words("model"))), "trigger": each(words("type", "category"))}
    ),
}
_blocks: Final = kinds(lambda: _BLOCKS, Kind(_BLOCK, opaque="unknown"))

# --- tools -----------------------------------------------------------------------------------------------------------

_TOOL: Final[dict[str, Rule]] = {
    **MARKS,
    **words("name", "strict", "defer_loading", "eager_input_streaming", "allowed_callers", "max_uses", "max_tokens"),
    **words("max_content_tokens", "mcp_server_name", "model", "max_characters", "enable_zoom", "use_cache"),
    **words("display_width_px", "display_height_px", "display_number"),
    "description": text,
    "input_schema": schema,
    "input_examples": data,
    "user_location": LOCATION,
    "citations": each(words("enabled")),
    "caching": CACHE,
}
# Tools whose form the vendor gives and which the caller runs: what goes in and out stands in the body.
_RUN_BY_CALLER: Final = ("bash_", "text_editor_", "computer_", "memory_", "browser_")


def _tool(tool: dict[str, Any]) -> Kind:
    kind = tool.get("type")
    if kind is None or kind == "custom" or (type(kind) is str and kind.startswith(_RUN_BY_CALLER)):
        return Kind(_TOOL)
    return Kind({**_TOOL, "tools": tools}, opaque="hosted_tool")


_tools: Final = kinds(dict, _tool)

# --- the body --------------------------------------------------------------------------------------------------------

_ROLES: Final[dict[str, Role]] = {"user": "user", "assistant": "assistant", "system": "system"}
_EFFORT: Final = words("effort")
_SAID: Final[Table] = {
    "role": word,
    "content": blocks,
    "clear_at": word,
    "output_config": each(_EFFORT),
}
_UNKNOWN_ROLE: Final[Table] = {**_SAID, "role": text}


def _message(found: Found, role: Role, value: dict[str, Any], path: str) -> None:
    said = value.get("role")
    known = _ROLES.get(said) if type(said) is str else None
    read(found, known or role, _SAID if known else _UNKNOWN_ROLE, value, path)


_FORMAT: Final = as_role("tool_definition", each({"type": word, "schema": schema, "name": word, "description": text}))
_OUTPUT: Final = each({**_EFFORT, "format": _FORMAT, "task_budget": each(words("type", "total", "remaining"))})
_THINKING: Final = each(
    {
        **words("type", "budget_tokens", "display"),
        "block_binding": each(words("prefix_mismatch_behavior")),
    }
)
_AMOUNT: Final = each(words("type", "value"), word)
_EDITS: Final = each(
    {
        **words("type", "clear_tool_inputs", "exclude_tools", "pause_after_compaction"),
        **dict.fromkeys(("keep", "trigger", "clear_at_least"), _AMOUNT),
        "instructions": text,
    }
)
_SKILLS: Final = each(words("type", "skill_id", "version"))
_STORED: Final = opaque("stored")

MESSAGES: Final[Table] = {
    **SAMPLING,
    **words("betas", "inference_geo", "speed", "workspace_id"),
    "system": as_role("system", blocks),
    "messages": over(_message),
    "tools": tools,
    "tool_choice": CHOICE,
    "metadata": each({"user_id": text}),
    "stop_sequences": text,
    "thinking": _THINKING,
    "output_config": _OUTPUT,
    "output_format": _FORMAT,
    "cache_control": CACHE,
    "context_management": each({"edits": _EDITS}),
    "compaction": each({"type": word, "instructions": as_role("system", text)}),
    "container": each({"id": _STORED, "skills": beside("hosted_tool", _SKILLS)}, _STORED),
    "thread": each({"type": word, "previous_message_id": _STORED}),
    "diagnostics": each(words("previous_message_id")),
    "mcp_servers": beside(
        "hosted_tool",
        each(
            {
                **words("type", "name"),
                "url": text,
                "authorization_token": text,
                "tool_configuration": each(words("allowed_tools", "enabled")),
            }
        ),
    ),
    "fallbacks": each(
        {
            **words("model", "max_tokens", "speed"),
            "output_config": _OUTPUT,
            "thinking": _THINKING,
        },
        word,
    ),
    "billing_policy": each(words("type", "bill_to")),
}
