"""The OpenAI Responses API."""

from gateway.wire.dialect import Dialect
from gateway.wire.responses.errors import error_body, error_frames, read_error, stamp_error
from gateway.wire.responses.watch import ResponsesWatch, rewrite_ids

__all__ = ["RESPONSES", "rewrite_ids"]

RESPONSES = Dialect(
    name="responses",
    path="/responses",
    watch=ResponsesWatch,
    error_body=error_body,
    error_frames=error_frames,
    read_error=read_error,
    stamp_error=stamp_error,
)
