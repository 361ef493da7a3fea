"""Where text stands in a request body: one table per dialect says it, and whatever no table knows is taken for text.

A rule of a policy names roles, so every place has one:

| where | role |
|---|---|
| a message, its `name`, parts and refusals, and calls of tools in it | that of the message; a message of unknown role: `user` |
| `instructions` of Responses, `system` of Messages, `instructions` of speech and of a compaction | `system` |
| results of tools: `tool` and `function` messages, items `*_output`, blocks `*tool_result`, what a hosted call gave | `tool_result` |
| definitions of tools, `tool_choice`, `response_format`, `text.format`, `output_config.format` | `tool_definition` |
| calls in Responses and Messages, and reasoning | `assistant` |
| `prediction`, `metadata`, `user`, `safety_identifier`, `prompt_cache_key`, `stop`, `suffix`, `web_search_options`, prompt variables | `user` |
| `prompt`, `input`, `query`, `documents` of the smaller APIs, MCP servers, and every field that no table has | `user` |
| a field or block that no table has, inside a message | that of the message |

Harmless, and therefore no place, is a field that its table calls a `word`: ids, names of tools and functions, types, settings.
It stays harmless only while it holds a number or one printable ASCII word; otherwise it is text. Names of properties in a schema
are harmless when they look like a program's. Everything else is a place, an `Opaque`, or both: the address of an image.
"""

from collections.abc import Mapping
from typing import Any, Final

from gateway.wire.lanes.inside_chat import CHAT
from gateway.wire.lanes.inside_messages import MESSAGES
from gateway.wire.lanes.inside_others import (
    AUDIO,
    BATCHES,
    COMPLETIONS,
    EMBEDDINGS,
    FILES,
    IMAGES,
    MODERATIONS,
    RERANK,
)
from gateway.wire.lanes.inside_responses import RESPONSES
from gateway.wire.lanes.place import Inside
from gateway.wire.lanes.walk import Found, Table, read

_TABLES: Final[Mapping[str, Table]] = {
    "chat": CHAT,
    "completions": COMPLETIONS,
    "responses": RESPONSES,
    "messages": MESSAGES,
    "count_tokens": MESSAGES,
    "embeddings": EMBEDDINGS,
    "moderations": MODERATIONS,
    "rerank": RERANK,
    "images": IMAGES,
    "audio": AUDIO,
    "files": FILES,
    "batches": BATCHES,
}


def places(dialect: str, body: dict[str, Any]) -> Inside:
    """All text of a parsed request and all that is not text. The body is not changed; the places write into it.

    Raises `KeyError` for a dialect that does not exist.
    """
    found = Found()
    read(found, "user", _TABLES[dialect], body, "")
    return Inside(found.places, found.opaque)
