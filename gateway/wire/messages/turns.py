"""The turns of a conversation, written for the Messages API: `system` apart, then user and assistant by turns.

From other dialects: the leading system and developer messages become `system`. One that comes later keeps its place and its words as
text of the user's turn, between `<system>` tags, since most models refuse that role inside a conversation. Turns of one role that
follow each other become one, tool results go to the front of theirs, and empty texts, which the vendor refuses, go.
"""

import re
import zlib
from typing import Any, Final, NoReturn

from gateway.errors import GatewayError
from gateway.wire.messages.blocks import NAME, PLAIN_TEXT, as_object, as_plain
from gateway.wire.neutral import (
    Audio,
    Extras,
    File,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    ToolCall,
    ToolResult,
)

Block = dict[str, Any]

_SYSTEM: Final = frozenset({"system", "developer"})
_ID: Final = re.compile(r"[A-Za-z0-9_-]+")
# Fields that other dialects put on a part and whose absence changes no meaning.
_HINTS: Final = frozenset({"annotations", "logprobs", "id", "status", "citations"})
_DATA_URL: Final = re.compile(r"data:([^;,]+);base64,(.*)", re.DOTALL)


def refuse(what: str, param: str | None) -> NoReturn:
    """What this API cannot say is refused, never left out silently."""
    raise GatewayError("unsupported_parameter", f"{what} cannot be expressed in the Messages API.", param=param)


def write_turns(request: Request, native: bool) -> tuple[str | list[Block] | None, list[Block]]:
    """(`system`, `messages`)."""
    system: list[Block] = []
    turns: list[Block] = []
    for index, message in enumerate(request.messages):
        at = f"messages.{index}"
        blocks = _write_blocks(message, native, at)
        role = message.role
        if role in _SYSTEM:
            if not turns:
                system += blocks
                continue
            if not native:
                role, blocks = "user", _quoted(blocks)
        if blocks:
            _append(turns, role, blocks, message.extras if native else {})
    if not turns:
        raise GatewayError(
            "invalid_request", "messages: expected at least one message that is not empty", param="messages"
        )
    for turn in turns:
        if turn["role"] == "user":
            turn["content"].sort(key=lambda block: block["type"] != "tool_result")
        turn["content"] = _plain(turn["content"])
    return (_plain(system) if system else None), turns


def _append(turns: list[Block], role: str, blocks: list[Block], extras: Extras) -> None:
    if turns and turns[-1]["role"] == role and not extras:
        turns[-1]["content"] += blocks
    else:
        turns.append({"role": role, "content": blocks, **extras})


def _plain(blocks: list[Block]) -> str | list[Block]:
    """A lone text without marks as a string."""
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        text: str = blocks[0]["text"]
        return text
    return blocks


def _quoted(blocks: list[Block]) -> list[Block]:
    return [{**block, "text": f"<system>\n{block['text']}\n</system>"} for block in blocks]


def _write_blocks(message: Message, native: bool, at: str) -> list[Block]:
    written = [
        write_block(part, message.role, native, f"{at}.content.{index}") for index, part in enumerate(message.parts)
    ]
    blocks = [block for block in written if block is not None]
    if message.role in _SYSTEM and any(block["type"] != "text" for block in blocks):
        refuse("Anything but text in a system message", at)
    if not native and blocks:  # some clients mark a whole message
        blocks[-1] = _kept(message.extras, message.role, at) | blocks[-1]
    return blocks


def write_block(part: Part, role: str, native: bool, at: str) -> Block | None:
    """None for what is left out: empty text, and reasoning that this vendor did not sign.

    `native`: the request came in this dialect, so that extras are its own and travel along.
    """
    if isinstance(part, Opaque):
        if part.dialect == NAME:
            return part.value
        refuse(f"A part of type {part.value.get('type')!r}", at)
    if isinstance(part, Reasoning):
        return write_thinking(part) if part.origin == NAME else None
    if isinstance(part, Text | Refusal) and not part.text:
        return None
    block = _bare(part, native, at)
    return block | (part.extras if native else _kept(part.extras, role, at))


def _kept(extras: Extras, role: str, at: str) -> Extras:
    """Of another dialect's extras only cache marks; on what the model wrote the rest is an echo, elsewhere it is refused."""
    for name, value in extras.items():
        wish = name == "citations" and isinstance(value, dict)
        if role != "assistant" and value is not None and name != "cache_control" and (wish or name not in _HINTS):
            refuse(f"The field {name!r}", f"{at}.{name}")
    cached = extras.get("cache_control")
    return {"cache_control": cached} if isinstance(cached, dict) else {}


def _bare(part: Part, native: bool, at: str) -> Block:
    if isinstance(part, Text | Refusal):
        return {"type": "text", "text": part.text}
    if isinstance(part, Image):
        return {"type": "image", "source": _write_image(part, at)}
    if isinstance(part, File):
        return _write_file(part, native, at)
    if isinstance(part, ToolCall):
        return _write_call(part, native, at)
    if isinstance(part, ToolResult):
        return _write_result(part, native, at)
    assert isinstance(part, Audio | Opaque | Reasoning)
    return refuse("Audio", at)


def write_thinking(part: Reasoning) -> Block | None:
    """Signed and redacted blocks exactly as they came; thinking without a signature is not accepted back."""
    extras = part.extras if part.origin == NAME else {}
    if part.redacted:
        return None if part.encrypted is None else {"type": "redacted_thinking", "data": part.encrypted, **extras}
    if part.signature is None:
        return None
    return {"type": "thinking", "thinking": part.text, "signature": part.signature, **extras}


def _write_image(image: Image, at: str) -> Block:
    found = _DATA_URL.fullmatch(image.url) if image.url is not None else None
    data, media_type = (found[2], found[1]) if found else (image.data, image.media_type)
    if data is not None:
        return {"type": "base64", "media_type": media_type or refuse("An image without a media type", at), "data": data}
    if image.url is None:
        refuse("An image without a URL or data", at)
    return {"type": "url", "url": image.url}


def _write_file(file: File, native: bool, at: str) -> Block:
    """PDF and plain text are documents here, an image is an image; a stored file is known only to the vendor that stores it."""
    if file.media_type is not None and file.media_type.startswith("image/"):
        image = Image(url=file.url, data=file.data, media_type=file.media_type)
        return {"type": "image", "source": _write_image(image, at)}
    title = {} if file.filename is None else {"title": file.filename}
    return {"type": "document", "source": _write_source(file, native, at), **title}


def _write_source(file: File, native: bool, at: str) -> Block:
    if file.data is not None:
        media_type = file.media_type or _guess(file.filename)
        if media_type == PLAIN_TEXT and (text := as_plain(file.data)) is not None:
            return {"type": "text", "media_type": PLAIN_TEXT, "data": text}
        if media_type != "application/pdf" and not native:
            refuse(f"A file of type {media_type or 'unknown'} (PDF and plain text can be)", at)
        return {"type": "base64", "media_type": media_type, "data": file.data}
    if file.url is not None:
        return {"type": "url", "url": file.url}
    if file.file_id is None or not native:
        refuse("A file that another vendor stores (send its data or a URL)", at)
    return {"type": "file", "file_id": file.file_id}


def _guess(filename: str | None) -> str | None:
    name = (filename or "").lower()
    return "application/pdf" if name.endswith(".pdf") else PLAIN_TEXT if name.endswith((".txt", ".md")) else None


def _write_call(call: ToolCall, native: bool, at: str) -> Block:
    if call.custom:
        refuse("The call of a tool that takes free text", at)
    arguments = as_object(call.arguments)
    if arguments is None:
        raise GatewayError("invalid_request", f"{at}: the arguments of a tool call are not a JSON object", param=at)
    return {"type": "tool_use", "id": call.id if native else safe_id(call.id), "name": call.name, "input": arguments}


def _write_result(result: ToolResult, native: bool, at: str) -> Block:
    block: Block = {"type": "tool_result", "tool_use_id": result.call_id if native else safe_id(result.call_id)}
    parts = [write_block(part, "user", native, f"{at}.content.{index}") for index, part in enumerate(result.parts)]
    content = [part for part in parts if part is not None]
    if content:
        block["content"] = _plain(content)
    if result.is_error:
        block["is_error"] = True
    return block


def safe_id(call_id: str) -> str:
    """Ids of calls are letters, digits, `_` and `-` here. Another one gets the same new id wherever it stands."""
    if _ID.fullmatch(call_id):
        return call_id
    return f"{re.sub(r'[^A-Za-z0-9_-]', '_', call_id)}_{zlib.crc32(call_id.encode()):08x}"
