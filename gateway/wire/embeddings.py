"""OpenAI embeddings."""

from gateway.wire.chat.errors import error_body, error_frames, read_error, stamp_error
from gateway.wire.dialect import Dialect
from gateway.wire.unary import watch

EMBEDDINGS = Dialect(
    name="embeddings",
    path="/embeddings",
    watch=watch,
    error_body=error_body,
    error_frames=error_frames,
    read_error=read_error,
    stamp_error=stamp_error,
    streams=False,
    billed="input",
)
