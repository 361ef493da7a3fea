"""The one thing the gateway needs to know of an upload, and the one thing it changes in it: the model's name."""

import io
import os
import re
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


class Place(NamedTuple):
    """What a form says is the model, and where that stands in the upload."""

    text: bytes
    start: int
    end: int


def model_of(content_type: str, query: str, upload: BinaryIO) -> tuple[str, Place | None]:
    """The form field `model` and its place, else the query parameter, or an empty string.

    Raises `duplicate_key` or `invalid_request` where two readers of the upload could find two models.
    """
    named = parse_qs(query.lstrip("?")).get("model", [])
    found = _found(content_type, upload)
    if found is None:
        return named[0] if named else "", None
    try:
        model = found.text.decode()
    except UnicodeDecodeError as error:
        raise _wrong("The form field `model` must be UTF-8.") from error
    if named and named[0] != model:
        raise _wrong("The form field `model` and the query parameter `model` differ; leave the parameter out.")
    return model, found


def with_model(upload: BinaryIO, place: Place, model: str) -> BinaryIO:
    """The upload with another model in this place. Its length may differ. Nothing is read until somebody reads it."""
    return cast("BinaryIO", _Changed(upload, place, model.encode()))


class _Changed(io.RawIOBase):
    """A view of a file. It has a position of its own, and leaves the file open when it is closed."""

    def __init__(self, upload: BinaryIO, place: Place, text: bytes) -> None:
        self._upload = upload
        self._place = place
        self._text = text
        self._at = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_END:
            offset += self._upload.seek(0, os.SEEK_END) + self._longer
        elif whence == os.SEEK_CUR:
            offset += self._at
        self._at = offset
        return offset

    def readinto(self, into: bytearray) -> int:  # type: ignore[override]  # Python 3.11 has no name for a buffer
        view = memoryview(into)
        start, behind = self._place.start, self._place.start + len(self._text)
        if start <= self._at < behind:
            piece = self._text[self._at - start :][: len(view)]
        else:
            before = self._at < start
            self._upload.seek(self._at if before else self._at - self._longer)
            piece = self._upload.read(min(len(view), start - self._at) if before else len(view))
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    @property
    def _longer(self) -> int:
        return len(self._text) - (self._place.end - self._place.start)


def _found(content_type: str, upload: BinaryIO) -> Place | None:
    """The one field `model` of the form. The whole form is looked at: one reader takes the first of two, another the last."""
    if not _FORM.match(content_type):
        return None
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise _wrong("The Content-Type of the form names no boundary.")
    found: list[Place] = []
    opened: int | None = None
    for place, ends, opens in _parts(upload, (boundary.group(1) or boundary.group(2)).encode("latin-1")):
        if opened is not None:
            if place - opened > _LONGEST_NAME or place <= opened:
                raise _wrong(f"The form field `model` must have 1 to {_LONGEST_NAME} bytes.")
            upload.seek(opened)
            found.append(Place(upload.read(place - opened), opened, place))
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
