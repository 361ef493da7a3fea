"""The file of a batch: JSON lines, each of which names a model. Checked and rewritten line by line before it goes on.

A line is a request that nobody asks the gateway for. So it may name only what its caller may use, in the account that the file goes to, and
nothing that is stored there.
"""

import tempfile
from collections.abc import Callable
from functools import lru_cache
from typing import BinaryIO, Final, cast

import msgspec

from gateway.config.structs import Limits
from gateway.errors import GatewayError
from gateway.upstream.resources import refuse_ids
from gateway.wire.body import parse
from gateway.wire.multipart import Place

ModelAt = Callable[[str], str | None]
"""The model a line names -> the provider's own name of it; None where the caller may not use it there."""

_encode = msgspec.json.Encoder().encode
_IN_MEMORY: Final = 1024 * 1024
_PIECE: Final = 1024 * 1024
_LONGEST_QUOTED: Final = 64
_MOST_NAMES: Final = 20


def with_models(upload: BinaryIO, place: Place, model_at: ModelAt, names: list[str], limits: Limits) -> BinaryIO:
    """A copy of the upload in which the lines between these places name the provider's models; a line that does so already stays as
    it came. Holds one line at a time. The caller closes both.

    Raises `invalid_request` and its like for the first line that cannot go on, naming it.
    """
    made = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 - the caller closes it
    try:
        _write(made, upload, place, _Lines(model_at, names, limits))
    except BaseException:
        made.close()
        raise
    return made


def _write(made: BinaryIO, upload: BinaryIO, place: Place, lines: "_Lines") -> None:
    upload.seek(0)
    _copy(upload, made, place.start)
    left = place.end - place.start
    while left:
        line = upload.readline(min(left, lines.longest + 1))
        left -= len(line)
        made.write(lines.next(line))
    _copy(upload, made, None)
    made.seek(0)


def _copy(source: BinaryIO, to: BinaryIO, size: int | None) -> None:
    while piece := source.read(_PIECE if size is None else min(size, _PIECE)):
        to.write(piece)
        size = None if size is None else size - len(piece)


class _Lines:
    """Takes the lines in order and counts them from 1."""

    def __init__(self, model_at: ModelAt, names: list[str], limits: Limits) -> None:
        self.longest = limits.body_bytes
        self._model_at = lru_cache(maxsize=256)(model_at)
        self._names = names
        self._depth = limits.json_depth
        self._number = 0

    def next(self, line: bytes) -> bytes:
        self._number += 1
        if len(line) > self.longest:
            raise self._wrong("body_too_large", f"it is longer than {self.longest} bytes.")
        if not line.strip():
            return line
        try:
            value = parse(line, self._depth)
            body = value.get("body")
            if isinstance(body, dict):
                refuse_ids(body)
        except GatewayError as error:
            raise self._wrong(error.code, error.message) from error
        asked = body.get("model") if isinstance(body, dict) else None
        if not isinstance(body, dict) or not isinstance(asked, str):
            raise self._wrong("invalid_request", f"`body.model` must be given, as a string; {self._known()}")
        model = self._model_at(asked)
        if model is None:
            named = f"the model {asked!r}" if len(asked) <= _LONGEST_QUOTED else "its model"
            raise self._wrong("model_not_allowed", f"{named} cannot be used in this batch; {self._known()}")
        if model == asked:
            return line
        return _encode({**value, "body": {**body, "model": model}}) + (b"\n" if line.endswith(b"\n") else b"")

    def _known(self) -> str:
        if not self._names:
            return "this key has no model in the account that the file goes to."
        more = ", …" if len(self._names) > _MOST_NAMES else ""
        return f"use one of: {', '.join(self._names[:_MOST_NAMES])}{more}."

    def _wrong(self, code: str, message: str) -> GatewayError:
        return GatewayError(code, f"Line {self._number} of the batch file: {message}", param="file")
