"""The watch of dialects that only ever answer with one body: embeddings, moderations and their like."""

from typing import Any

import msgspec

from gateway.errors import GatewayError
from gateway.wire.chat.errors import read_fault
from gateway.wire.chat.usage import read_usage
from gateway.wire.dialect import END, FAULT, TEXT
from gateway.wire.frames import Frame
from gateway.wire.neutral import Finish, Usage


class _Told(msgspec.Struct):
    usage: Any = None
    error: Any = None


_decode = msgspec.json.Decoder(_Told).decode


class UnaryWatch:
    """Reads usage and errors out of a body and skips the rest, which may be a megabyte of numbers."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.fault: GatewayError | None = None

    def look(self, frame: Frame) -> int:
        try:
            told = _decode(frame.data or b"")
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise GatewayError(
                "upstream_invalid_response", "The upstream sent something that is not a JSON object."
            ) from error
        if told.error:
            self.fault = read_fault({"error": told.error} if isinstance(told.error, dict) else {"message": told.error})
            return FAULT
        if isinstance(told.usage, dict):
            self.usage = read_usage(told.usage)
        return TEXT | END

    def shown(self, frame: Frame) -> Frame | None:
        return frame


def watch(_asked_usage: bool, _streamed: bool) -> UnaryWatch:
    return UnaryWatch()
