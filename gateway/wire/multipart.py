"""What the gateway needs to know of an upload, and what it changes in it: the model's name, and those inside a file of a batch."""

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
_FILE: Final = b"file"
_FORM: Final = re.compile(r"multipart/form-data\s*(?:;|$)", re.IGNORECASE)
_BOUNDARY: Final = re.compile(r';\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_OPENS: Final = re.compile(rb"[ \t]*\r\n")
_DISPOSITION: Final = re.compile(rb"content-disposition[ \t]*:[ \t]*form-data([^\r\n]*)", re.IGNORECASE)
# Browsers and SDKs write a backslash in a quoted file name as it is; mail programs escape with it.
_AS_WRITTEN: Final = re.compile(rb';\s*([^\s=;"]+)\s*=\s*(?:"([^"]*)"|([^;\s]*))')
_ESCAPED: Final = re.compile(rb';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')


class Place(NamedTuple):
    """What a field of a form says, and where that stands in the upload. The text of a file is left empty: it may be long."""

    text: bytes
    start: int
    end: int


def model_of(content_type: str, query: str, upload: BinaryIO) -> tuple[str, Place | None]:
    """The form field `model` and its place, else the query parameter, or an empty string.

    Raises `duplicate_key` or `invalid_request` where two readers of the upload could find two models.
    """
    named = parse_qs(query.lstrip("?")).get("model", [])
    found = _found(content_type, upload, (b"model",)).get(b"model")
    if found is None:
        return named[0] if named else "", None
    try:
        model = found.text.decode()
    except UnicodeDecodeError as error:
        raise _wrong("The form field `model` must be UTF-8.") from error
    if named and named[0] != model:
        raise _wrong("The form field `model` and the query parameter `model` differ; leave the parameter out.")
    return model, found


def batch_in(content_type: str, upload: BinaryIO) -> Place | None:
    """Where the file of a form stands that says it is for a batch; None for any other form.

    Raises `duplicate_key` or `invalid_request` where two readers of the upload could find two files or purposes.
    """
    found = _found(content_type, upload, (b"purpose", _FILE))
    purpose = found.get(b"purpose")
    return found.get(_FILE) if purpose is not None and purpose.text.strip().lower() == b"batch" else None


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


def _found(content_type: str, upload: BinaryIO, wanted: tuple[bytes, ...]) -> dict[bytes, Place]:
    """These fields of the form. The whole form is looked at: one reader takes the first of two alike, another the last."""
    if not _FORM.match(content_type):
        return {}
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise _wrong("The Content-Type of the form names no boundary.")
    found: dict[bytes, Place] = {}
    opened, name = 0, b""
    for place, ends, opens, behind in _parts(upload, (boundary.group(1) or boundary.group(2)).encode("latin-1")):
        if name in wanted:
            if name in found:
                field = name.decode()
                raise GatewayError("duplicate_key", f"The form has the field `{field}` twice.", param=field)
            found[name] = _placed(upload, name, opened, place)
        opened, name = opens, behind
        if ends:
            break
    if name in wanted:
        raise _wrong("The form has no end: its last boundary is missing.", name)
    return found


def _placed(upload: BinaryIO, name: bytes, start: int, end: int) -> Place:
    if name == _FILE:
        return Place(b"", start, max(start, end))
    if end - start > _LONGEST_NAME or end <= start:
        raise _wrong(f"The form field `{name.decode()}` must have 1 to {_LONGEST_NAME} bytes.", name)
    upload.seek(start)
    return Place(upload.read(end - start), start, end)


def _parts(upload: BinaryIO, boundary: bytes) -> Iterator[tuple[int, bool, int, bytes]]:
    """Of each boundary: where the content before it ends, whether it is the last, where the content behind it begins, and the
    name of that.
    """
    for place, behind in _boundaries(upload, boundary):
        upload.seek(behind)
        head = upload.read(_HEAD)
        if head.startswith(b"--"):
            yield place, True, 0, b""
        elif line := _OPENS.match(head):
            fields, found, _ = head[line.end() - 2 :].partition(b"\r\n\r\n")
            if not found:
                raise _wrong(f"The head of a part of the form has no end within {_HEAD} bytes.")
            opens = behind + line.end() - 2 + len(fields) + 4
            yield place, False, opens, _name_of(fields)


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


def _name_of(head: bytes) -> bytes:
    """The name that the head of a part gives it; a head that two readers could read in two ways is refused."""
    line = _DISPOSITION.search(head)
    if line is None:
        return b""
    names = {_name(pattern, line.group(1)) for pattern in (_AS_WRITTEN, _ESCAPED)}
    if len(names) > 1:
        raise _wrong("A part of the form has a name that can be read in two ways.")
    return names.pop()


def _name(pattern: re.Pattern[bytes], parameters: bytes) -> bytes:
    given = [
        quoted or plain for key, quoted, plain in pattern.findall(parameters) if key.lower() in (b"name", b"name*")
    ]
    if len(given) > 1:
        raise _wrong("A part of the form has two names.")
    return given[0] if given else b""


def _wrong(message: str, field: bytes = b"model") -> GatewayError:
    return GatewayError("invalid_request", message, param=field.decode())
