"""Where text stands in a request of chat completions, of OpenAI and of the servers that speak like it."""

import re
from typing import Any, Final

from gateway.wire.lanes.held import Held
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
    beside,
    contents,
    each,
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

CITATIONS: Final = each(
    {
        **words("type", "id", "index", "start_index", "end_index", "container_id"),
        **dict.fromkeys(("url", "title", "filename", "content"), text),
        "file_id": opaque("file"),
        "url_citation": each({**words("start_index", "end_index"), **dict.fromkeys(("url", "title", "content"), text)}),
    }
)


def _linked(name: str, what: Rule) -> dict[str, Rule]:
    """Servers take the address itself too, without the object around it."""
    return {name: each({"url": what, **words("detail", "format", "media_type", "id")}, what)}


_TEXT: Final = {**MARKS, "text": text, "annotations": CITATIONS}


def parts(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
    """The content of a message: a string, or parts."""
    if type(value) is str:
        text(found, role, held, key, value, path)
    else:
        _parts(found, role, held, key, value, path)


def _thinking(part: dict[str, Any]) -> Kind:
    """Reasoning with a signature means something only as it is."""
    sealed = opaque("signed")
    if part.get("signature"):
        return Kind({**MARKS, "thinking": sealed, "signature": sealed, "closed": word})
    return Kind({**MARKS, "thinking": parts, "signature": word, "closed": word})


_PARTS: Final[Kinds] = {
    **dict.fromkeys(("text", "input_text", "output_text"), Kind(_TEXT)),
    "refusal": Kind({**MARKS, "refusal": text}),
    "image_url": Kind({**MARKS, **_linked("image_url", link("image")), "uuid": word}),
    "input_audio": Kind({**MARKS, "input_audio": each({"data": opaque("audio"), "format": word}, opaque("audio"))}),
    "audio_url": Kind({**MARKS, **_linked("audio_url", link("audio"))}),
    "video_url": Kind({**MARKS, **_linked("video_url", link("file"))}),
    "file": Kind(
        {
            **MARKS,
            "file": each(
                {
                    "file_id": opaque("file"),
                    "file_data": contents("file"),
                    "filename": text,
                    "format": word,
                },
                opaque("file"),
            ),
        }
    ),
    "thinking": _thinking,
}
_UNKNOWN: Final = Kind(MARKS, opaque="unknown")
_parts: Final = kinds(lambda: _PARTS, _UNKNOWN)

# --- tools and calls -------------------------------------------------------------------------------------------------

_FUNCTION: Final = each({**words("name", "strict"), "description": text, "parameters": schema, "output_schema": schema})
_GRAMMAR: Final = {**words("type", "syntax"), "definition": text}
_CUSTOM: Final = each({"name": word, "description": text, "format": each({**_GRAMMAR, "grammar": each(_GRAMMAR)})})
_TOOLS: Final[Kinds] = {
    "function": Kind({**MARKS, "function": _FUNCTION}),
    "custom": Kind({**MARKS, "custom": _CUSTOM}),
}
_HOSTED: Final = Kind({**MARKS, "function": _FUNCTION}, opaque="hosted_tool")

_CALLED: Final = each({"name": word, "arguments": arguments})
_CALLS: Final = each(
    {**MARKS, "function": _CALLED, "custom": each({"name": word, "input": json_or_text}), "arguments": arguments}
)

# --- messages --------------------------------------------------------------------------------------------------------

# What a model said besides its content, as vendors write it.
_DETAIL: Final = {**MARKS, "format": word, "text": text, "summary": text, "data": opaque("signed")}


def _detail(part: dict[str, Any]) -> Kind:
    sealed = opaque("signed")
    if part.get("signature"):
        return Kind({**_DETAIL, "text": sealed, "signature": sealed})
    return Kind({**_DETAIL, "signature": word})


MESSAGE: Final[Table] = {
    **MARKS,
    **words("tool_call_id", "prefix", "partial", "phase"),
    "content": parts,
    "name": text,
    "refusal": text,
    "tool_calls": _CALLS,
    "function_call": _CALLED,
    "audio": each({"id": opaque("audio"), "data": opaque("audio"), "expires_at": word, "transcript": text}),
    **dict.fromkeys(("reasoning_content", "reasoning", "thinking"), parts),
    "reasoning_details": kinds(dict, _detail),
    "annotations": CITATIONS,
}
_SAID: Final[Table] = {**MESSAGE, "role": word}
_RESULT: Final[Table] = {**_SAID, "name": word}  # whose name is that of a function
_UNKNOWN_ROLE: Final[Table] = {**MESSAGE, "role": text}
_ROLES: Final[dict[str, tuple[Role, Table]]] = {
    "system": ("system", _SAID),
    "developer": ("developer", _SAID),
    "user": ("user", _SAID),
    "assistant": ("assistant", _SAID),
    "tool": ("tool_result", _RESULT),
    "function": ("tool_result", _RESULT),
}


def _message(found: Found, role: Role, value: dict[str, Any], path: str) -> None:
    """A role that nobody knows is text itself (a template may print it), and what it says is the user's."""
    said = value.get("role")
    row = _ROLES.get(said) if type(said) is str else None
    if row is None:
        read(found, role, _UNKNOWN_ROLE, value, path)
    else:
        read(found, row[0], row[1], value, path)


messages: Final = over(_message)

# --- the body --------------------------------------------------------------------------------------------------------

_FORMAT: Final = each(
    {
        "type": word,
        "json_schema": each({**words("name", "strict"), "description": text, "schema": schema}),
        "schema": schema,
    }
)


def _number(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
    if type(value) is not int and type(value) is not float:
        anything(found, role, held, key, value, path)


_BIAS: Final = named(_number, re.compile(r"\d{1,7}"))  # by number of a token

CHAT: Final[Table] = {
    **SAMPLING,
    **SENDER,
    **OPTIONS,
    **words("max_completion_tokens", "modalities", "reasoning_effort", "verbosity", "ignore_eos", "stop_token_ids"),
    "messages": messages,
    "tools": as_role("tool_definition", kinds(lambda: _TOOLS, _HOSTED)),
    "functions": as_role("tool_definition", _FUNCTION),
    "tool_choice": CHOICE,
    "function_call": CHOICE,
    "response_format": as_role("tool_definition", _FORMAT),
    "prediction": each({"type": word, "content": parts}),
    "stop": text,
    "logit_bias": _BIAS,
    "audio": each({"format": word, "voice": each({"id": word}, word)}),
    "reasoning": each(words("effort", "summary", "max_tokens", "enabled", "exclude")),
    "web_search_options": beside("hosted_tool", each({"user_location": LOCATION, "search_context_size": word})),
}
