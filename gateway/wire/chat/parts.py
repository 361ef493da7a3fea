"""Content parts of chat completions, read into the neutral form and written from it.

A field of a part that is not modelled is kept in the part's `extras`; a part of a type that is not known is kept whole.
"""

import base64
import re
from typing import Any, NoReturn

from gateway.errors import GatewayError
from gateway.wire.fields import Fields
from gateway.wire.neutral import Audio, File, Image, Opaque, Part, Refusal, Text

NAME = "chat"

_DATA_URL = re.compile(r"data:([^;,]+);base64,(.*)", re.DOTALL)

# Fields that other dialects put on a part and whose absence changes no meaning (prices, echoes of an earlier answer).
_HINTS = {"cache_control", "prompt_cache_breakpoint", "citations", "annotations", "logprobs", "id", "status"}


def refuse(what: str, param: str | None) -> NoReturn:
    """What chat completions cannot say is refused, never left out silently."""
    raise GatewayError("unsupported_parameter", f"{what} cannot be expressed in the chat completions API.", param=param)


def read_content(message: Fields) -> list[Part]:
    """`content` of a message: null, a string, or a list of parts (or of bare strings)."""
    value = message.any("content")
    if value is None:
        return []
    if isinstance(value, str):
        return [Text(text=value)]
    if not isinstance(value, list):
        raise message.wrong("a string or a list of parts", value, "content")
    at = message.place("content")
    return [
        Text(text=item) if isinstance(item, str) else read_part(Fields(item, f"{at}.{index}", message.code))
        for index, item in enumerate(value)
    ]


def read_part(part: Fields) -> Part:
    whole = dict(part.left)
    kind = part.needed_text("type")
    reader = _READERS.get(kind)
    return Opaque(dialect=NAME, value=whole) if reader is None else reader(part)


def _read_text(part: Fields) -> Part:
    return Text(text=part.needed_text("text"), extras=part.rest())


def _read_refusal(part: Fields) -> Part:
    return Refusal(text=part.needed_text("refusal"), extras=part.rest())


def _read_image(part: Fields) -> Part:
    held = part.left.get("image_url")
    if isinstance(held, str):  # Mistral takes the bare string too
        part.left["image_url"] = {"url": held}
    image = part.needed_fields("image_url")
    url = image.needed_text("url")
    detail = image.text("detail")
    extras = _with_inner(part, "image_url", image)
    media_type, data = split_data_url(url)
    if data is None:
        return Image(url=url, detail=detail, extras=extras)
    return Image(data=data, media_type=media_type, detail=detail, extras=extras)


def _read_audio(part: Fields) -> Part:
    audio = part.needed_fields("input_audio")
    data, form = audio.needed_text("data"), audio.needed_text("format")
    return Audio(data=data, format=form, extras=_with_inner(part, "input_audio", audio))


def _read_file(part: Fields) -> Part:
    file = part.needed_fields("file")
    file_id, held, filename = file.text("file_id"), file.text("file_data"), file.text("filename")
    extras = _with_inner(part, "file", file)
    media_type, data = split_data_url(held) if held is not None else (None, None)
    return File(
        file_id=file_id, data=held if data is None else data, media_type=media_type, filename=filename, extras=extras
    )


_READERS = {
    "text": _read_text,
    "refusal": _read_refusal,
    "image_url": _read_image,
    "input_audio": _read_audio,
    "file": _read_file,
}


def _with_inner(part: Fields, name: str, inner: Fields) -> dict[str, Any]:
    """Unknown fields of the part, and those of its inner object under the inner object's name."""
    rest, deeper = part.rest(), inner.rest()
    return {**rest, name: deeper} if deeper else rest


def split_data_url(url: str) -> tuple[str | None, str | None]:
    """(media type, base64) of a plain base64 data URL; (None, None) for every other URL."""
    match = _DATA_URL.fullmatch(url)
    return (match[1], match[2]) if match else (None, None)


def write_content(parts: list[Part], native: bool, at: str) -> str | list[dict[str, Any]] | None:
    """A lone plain text as a string, everything else as a list; no parts as null."""
    written = [write_part(part, native, f"{at}.content.{index}") for index, part in enumerate(parts)]
    if len(written) == 1 and written[0].keys() == {"type", "text"} and written[0]["type"] == "text":
        text: str = written[0]["text"]
        return text
    return written or None


def write_part(part: Part, native: bool, at: str) -> dict[str, Any]:
    """`native`: the request came in this dialect, so that extras are its own and travel along."""
    if isinstance(part, Opaque):
        if part.dialect == NAME:
            return part.value
        refuse(f"A part of type {part.value.get('type')!r}", at)
    extras = foreign_extras(part.extras, native, at)
    if isinstance(part, Text):
        return {"type": "text", "text": part.text, **extras}
    if isinstance(part, Refusal):
        return {"type": "refusal", "refusal": part.text, **extras}
    if isinstance(part, Image):
        return _write_image(part, extras, at)
    if isinstance(part, Audio):
        inner = {"data": part.data, "format": part.format, **extras.pop("input_audio", {})}
        return {"type": "input_audio", "input_audio": inner, **extras}
    if isinstance(part, File):
        text = None if native else _as_text(part)
        return _write_file(part, extras, at) if text is None else {"type": "text", "text": text}
    refuse(f"A part of kind {type(part).__name__} in this place", at)


def _write_image(image: Image, extras: dict[str, Any], at: str) -> dict[str, Any]:
    url = image.url
    if image.data is not None:
        url = f"data:{image.media_type or 'application/octet-stream'};base64,{image.data}"
    if url is None:
        refuse("An image without a URL or data", at)
    inner = {"url": url} if image.detail is None else {"url": url, "detail": image.detail}
    return {"type": "image_url", "image_url": {**inner, **extras.pop("image_url", {})}, **extras}


def _as_text(file: File) -> str | None:
    """Plain text as such: chat's `file` part takes PDF, and few servers take that part at all. Its name stands above it."""
    if file.media_type != "text/plain" or file.data is None:
        return None
    try:
        text = base64.b64decode(file.data, validate=True).decode()
    except ValueError:
        return None
    return text if file.filename is None else f"{file.filename}\n\n{text}"


def _write_file(file: File, extras: dict[str, Any], at: str) -> dict[str, Any]:
    if file.url is not None:
        refuse("A file by URL", at)
    data = file.data
    if data is not None and file.media_type is not None:
        data = f"data:{file.media_type};base64,{data}"
    held = {"file_id": file.file_id, "file_data": data, "filename": file.filename}
    inner = {name: value for name, value in held.items() if value is not None}
    return {"type": "file", "file": {**inner, **extras.pop("file", {})}, **extras}


def foreign_extras(extras: dict[str, Any], native: bool, at: str) -> dict[str, Any]:
    """Extras of a part as this dialect may carry them: its own as they are; of another's only hints, which are dropped.

    An object under `citations` is a wish (cite this document), not an echo, and is refused when switched on.
    """
    if native:
        return dict(extras)
    for name, value in extras.items():
        wish = name == "citations" and isinstance(value, dict) and value.get("enabled")
        if value is not None and (wish or name not in _HINTS):
            refuse(f"The field {name!r}", f"{at}.{name}")
    return {}
