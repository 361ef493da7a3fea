"""OpenAI moderations. The API reports no usage; servers that do are read."""

from gateway.wire.chat.errors import error_body, error_frames, read_error, stamp_error
from gateway.wire.dialect import Dialect
from gateway.wire.unary import watch

MODERATIONS = Dialect(
    name="moderations",
    path="/moderations",
    watch=watch,
    error_body=error_body,
    error_frames=error_frames,
    read_error=read_error,
    stamp_error=stamp_error,
    streams=False,
    billed="input",
)
