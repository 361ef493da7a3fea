"""Content parts of the Responses API, read into the neutral form and written from it.

What is read about an earlier answer only (`logprobs`, `status`, ids) is left out: it is an echo and says nothing new.
"""

import re
from typing import Any, Final, NoReturn

from gateway.errors import GatewayError
from gateway.wire.fields import Fields
from gateway.wire.neutral import Audio, File, Image, Message, Opaque, Part, Refusal, Text, ToolResult

NAME: Final = "responses"

_DATA_URL = re.compile(r"data:([^;,]+);base64,(.*)", re.DOTALL)
# Fields that other dialects put on a part or a turn and whose absence changes no meaning.
_HINTS: Final = {"cache_control", "citations", "annotations", "logprobs", "id", "status"}
# A part with one of these prefixes stands inside a message; any other block of ours is an item.
_CONTENT: Final = ("input_", "output_")


def refuse(what: str, param: str | None) -> NoReturn:
    """What the Responses API cannot say is refused, never left out silently."""
    raise GatewayError("unsupported_parameter", f"{what} cannot be expressed in the Responses API.", param=param)


def read_content(holder: Fields, name: str) -> list[Part]:
    """A string, or a list of parts; absent is none."""
    value = holder.any(name)
    if value is None:
        return []
    if isinstance(value, str):
        return [Text(text=value)]
    if not isinstance(value, list):
        raise holder.wrong("a string or a list of parts", value, name)
    at = holder.place(name)
    return [_read_part(Fields(item, f"{at}.{index}", holder.code)) for index, item in enumerate(value)]


def _read_part(part: Fields) -> Part:
    whole = dict(part.left)
    kind = part.needed_text("type")
    if kind in _READERS:
        found = _READERS[kind](part)
        return Opaque(dialect=NAME, value=whole) if found is None else found
    if kind.startswith(_CONTENT):
        return Opaque(dialect=NAME, value=whole)
    raise part.unknown(f"one of {', '.join(_READERS)}", "type")


def _read_text(part: Fields) -> Part:
    part.any("logprobs")
    if not part.left.get("annotations"):
        part.any("annotations")
    return Text(text=part.needed_text("text"), extras=part.rest())


def _read_refusal(part: Fields) -> Part:
    return Refusal(text=part.needed_text("refusal"), extras=part.rest())


def _read_image(part: Fields) -> Part | None:
    """None for an image by file id, which no other dialect knows."""
    url, detail = part.text("image_url"), part.text("detail")
    if url is None or part.left.get("file_id") is not None:
        if url is None and part.text("file_id") is None:
            raise part.missing("a URL", "image_url")
        return None
    detail = None if detail == "auto" else detail
    media_type, data = _split(url)
    if data is None:
        return Image(url=url, detail=detail, extras=part.rest())
    return Image(data=data, media_type=media_type, detail=detail, extras=part.rest())


def _read_file(part: Fields) -> Part:
    file_id, url, held = part.text("file_id"), part.text("file_url"), part.text("file_data")
    filename = part.text("filename")
    if file_id is None and url is None and held is None:
        raise part.missing("an id", "file_id")
    media_type, data = _split(held) if held is not None else (None, None)
    return File(
        file_id=file_id,
        url=url,
        data=held if data is None else data,
        media_type=media_type,
        filename=filename,
        extras=part.rest(),
    )


def _read_audio(part: Fields) -> Part:
    audio = part.needed_fields("input_audio")
    return Audio(data=audio.needed_text("data"), format=audio.needed_text("format"), extras=part.rest())


_READERS: Final = {
    "input_text": _read_text,
    "output_text": _read_text,
    "refusal": _read_refusal,
    "input_image": _read_image,
    "input_file": _read_file,
    "input_audio": _read_audio,
}


def _split(url: str) -> tuple[str | None, str | None]:
    """(media type, base64) of a plain base64 data URL; (None, None) for every other URL."""
    match = _DATA_URL.fullmatch(url)
    return (match[1], match[2]) if match else (None, None)


# --- writing ---------------------------------------------------------------------------------------------------------


def is_content(part: Part) -> bool:
    """Whether it stands inside a message item, or is an item of its own."""
    if isinstance(part, Opaque):
        return part.dialect != NAME or str(part.value.get("type")).startswith(_CONTENT)
    return isinstance(part, Text | Image | Audio | File | Refusal)


def write_content(placed: list[tuple[str, Part]], assistant: bool, native: bool) -> str | list[dict[str, Any]]:
    """Parts with their places. A lone plain text is a string, which every server takes for every role."""
    written = [write_part(part, assistant, native, at) for at, part in placed]
    only = written[0] if len(written) == 1 else {}
    plain = only.get("type") in ("input_text", "output_text") and not only.get("annotations")
    if plain and only.keys() <= {"type", "text", "annotations"} and isinstance(placed[0][1], Text):
        text: str = only["text"]
        return text
    return written


def write_part(part: Part, assistant: bool, native: bool, at: str) -> dict[str, Any]:
    """`native`: the request came in this dialect, so that extras are its own and travel along.

    Extras on what a model said are echoes of an earlier answer: those of another dialect are dropped.
    """
    if isinstance(part, Opaque):
        if part.dialect != NAME:
            refuse(f"A block of type {part.value.get('type')!r}", at)
        return part.value
    extras = {} if assistant and not native else own_extras(part, native, at)
    if isinstance(part, Text):
        return _output_text(part.text, extras) if assistant else {"type": "input_text", "text": part.text, **extras}
    if isinstance(part, Refusal):
        return {"type": "refusal", "refusal": part.text, **extras} if assistant else _input_text(part.text)
    if assistant:
        refuse(f"A part of kind {type(part).__name__} in an assistant's turn", at)
    if isinstance(part, Image):
        return {"type": "input_image", "image_url": _image_url(part, at), "detail": part.detail or "auto", **extras}
    if isinstance(part, Audio):
        return {"type": "input_audio", "input_audio": {"data": part.data, "format": part.format}, **extras}
    if isinstance(part, File):
        return {"type": "input_file", **_file(part, native), **extras}
    refuse(f"A part of kind {type(part).__name__} in this place", at)


def _output_text(text: str, extras: dict[str, Any]) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], **extras}


def _input_text(text: str) -> dict[str, Any]:
    return {"type": "input_text", "text": text}


def _image_url(image: Image, at: str) -> str:
    if image.data is not None:
        return f"data:{image.media_type or 'application/octet-stream'};base64,{image.data}"
    if image.url is None:
        refuse("An image without a URL or data", at)
    return image.url


def _file(file: File, native: bool) -> dict[str, Any]:
    """The API wants a name beside data; a caller of another dialect may have had none to give."""
    data, filename = file.data, file.filename
    if data is not None and file.media_type is not None:
        data = f"data:{file.media_type};base64,{data}"
    if data is not None and filename is None and not native:
        filename = f"document.{(file.media_type or 'application/pdf').rpartition('/')[2]}"
    held = {"file_id": file.file_id, "file_url": file.url, "file_data": data, "filename": filename}
    return {name: value for name, value in held.items() if value is not None}


def own_extras(node: Part | Message | ToolResult, native: bool, at: str) -> dict[str, Any]:
    """Extras as this dialect may carry them: its own as they are; of another's only hints, which are dropped.

    An object under `citations` is a wish (cite this document), not an echo, and is refused when switched on.
    """
    if native:
        return dict(node.extras)
    for name, value in node.extras.items():
        wish = name == "citations" and isinstance(value, dict) and value.get("enabled")
        if value is not None and (wish or name not in _HINTS):
            refuse(f"The field {name!r}", f"{at}.{name}")
    return {}
