"""The one thing the gateway needs to know of an upload, and the one thing it changes in it: the model's name."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple, cast
from urllib.parse import parse_qs

from gateway.errors import GatewayError

_CHUNK: Final = 1024 * 1024
_HEAD: Final = 16 * 1024
_LONGEST_NAME: Final = 256
_FORM: Final = re.compile(r"multipart/form-data\s*(?:;|$)", re.IGNORECASE)
_BOUNDARY: Final = re.compile(r';\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_OPENS: Final = re.compile(rb"[ \t]*\r\n")
_DISPOSITION: Final = re.compile(rb"content-disposition[ \t]*:[ \t]*form-data([^\r\n]*)", re.IGNORECASE)
# Browsers and SDKs write a backslash in a quoted file name as it is; mail programs escape with it.
_AS_WRITTEN: Final = re.compile(rb';\s*([^\s=;"]+)\s*=\s*(?:"([^"]*)"|([^;\s]*))')
_ESCAPED: Final = re.compile(rb';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')


class _Value(NamedTuple):
    """What a form says is the model, and where it stands in the upload."""

    text: bytes
    start: int
    end: int


def model_of(content_type: str, query: str, upload: BinaryIO) -> str:
    """The form field `model`, else the query parameter, or an empty string.

    Raises `duplicate_key` or `invalid_request` where two readers of the upload could find two models.
    """
    named = parse_qs(query.lstrip("?")).get("model", [])
    found = _found(content_type, upload)
    if found is None:
        return named[0] if named else ""
    try:
        model = found.text.decode()
    except UnicodeDecodeError as error:
        raise _wrong("The form field `model` must be UTF-8.") from error
    if named and named[0] != model:
        raise _wrong("The form field `model` and the query parameter `model` differ; leave the parameter out.")
    return model


def with_model(content_type: str, upload: BinaryIO, model: str) -> BinaryIO:
    """The upload with another model in its form field; the same object if it has none. Its length may differ."""
    found = _found(content_type, upload)
    if found is None:
        return upload
    changed = tempfile.SpooledTemporaryFile(max_size=_CHUNK)  # noqa: SIM115 - ends with the attempt that sends it
    upload.seek(0)
    _copy(upload, changed, found.start)
    changed.write(model.encode())
    upload.seek(found.end)
    shutil.copyfileobj(upload, changed)
    changed.seek(0)
    return cast("BinaryIO", changed)


def _copy(source: BinaryIO, to: tempfile.SpooledTemporaryFile[bytes], size: int) -> None:
    while size > 0:
        piece = source.read(min(size, _CHUNK))
        to.write(piece)
        size -= len(piece)


def _found(content_type: str, upload: BinaryIO) -> _Value | None:
    """The one field `model` of the form. The whole form is looked at: one reader takes the first of two, another the last."""
    if not _FORM.match(content_type):
        return None
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise _wrong("The Content-Type of the form names no boundary.")
    found: list[_Value] = []
    opened: int | None = None
    for place, ends, opens in _parts(upload, (boundary.group(1) or boundary.group(2)).encode("latin-1")):
        if opened is not None:
            if place - opened > _LONGEST_NAME or place <= opened:
                raise _wrong(f"The form field `model` must have 1 to {_LONGEST_NAME} bytes.")
            upload.seek(opened)
            found.append(_Value(upload.read(place - opened), opened, place))
        opened = opens
        if ends:
            break
    if opened is not None:
        raise _wrong("The form has no end: its last boundary is missing.")
    if len(found) > 1:
        raise GatewayError("duplicate_key", "The form has the field `model` twice.", param="model")
    return found[0] if found else None


def _parts(upload: BinaryIO, boundary: bytes) -> Iterator[tuple[int, bool, int | None]]:
    """Of each boundary: where the content before it ends, whether it is the last, and where the content behind it begins
    if that is the field `model`.
    """
    for place, behind in _boundaries(upload, boundary):
        upload.seek(behind)
        head = upload.read(_HEAD)
        if head.startswith(b"--"):
            yield place, True, None
        elif line := _OPENS.match(head):
            fields, found, _ = head[line.end() - 2 :].partition(b"\r\n\r\n")
            if not found:
                raise _wrong(f"The head of a part of the form has no end within {_HEAD} bytes.")
            opens = behind + line.end() - 2 + len(fields) + 4
            yield place, False, opens if _is_model(fields) else None


def _boundaries(upload: BinaryIO, boundary: bytes) -> Iterator[tuple[int, int]]:
    """Where each line that begins with the boundary begins, its line break included, and where it goes on."""
    upload.seek(0)
    if upload.read(len(boundary) + 2) == b"--" + boundary:
        yield 0, len(boundary) + 2
    mark = b"\r\n--" + boundary
    begins = 0
    held = b""
    while True:
        upload.seek(begins + len(held))
        piece = upload.read(_CHUNK)
        if not piece:
            return
        held += piece
        at = held.find(mark)
        while at >= 0:
            yield begins + at, begins + at + len(mark)
            at = held.find(mark, at + 1)
        begins += max(0, len(held) - len(mark) + 1)
        held = held[-len(mark) + 1 :]


def _is_model(head: bytes) -> bool:
    """Whether the head of a part names it `model`; a head that two readers could read in two ways is refused."""
    line = _DISPOSITION.search(head)
    if line is None:
        return False
    names = {_name(pattern, line.group(1)) for pattern in (_AS_WRITTEN, _ESCAPED)}
    if len(names) > 1:
        raise _wrong("A part of the form has a name that can be read in two ways.")
    return names == {b"model"}


def _name(pattern: re.Pattern[bytes], parameters: bytes) -> bytes:
    given = [
        quoted or plain for key, quoted, plain in pattern.findall(parameters) if key.lower() in (b"name", b"name*")
    ]
    if len(given) > 1:
        raise _wrong("A part of the form has two names.")
    return given[0] if given else b""


def _wrong(message: str) -> GatewayError:
    return GatewayError("invalid_request", message, param="model")
