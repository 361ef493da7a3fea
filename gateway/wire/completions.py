"""The legacy OpenAI completions, native only: its frames are those of chat with `text` in place of a message."""

from gateway.wire.chat import prepare
from gateway.wire.chat.errors import error_body, error_frames, read_error, stamp_error
from gateway.wire.chat.watch import watch
from gateway.wire.dialect import Dialect

COMPLETIONS = Dialect(
    name="completions",
    path="/completions",
    watch=watch,
    error_body=error_body,
    error_frames=error_frames,
    read_error=read_error,
    stamp_error=stamp_error,
    prepare=prepare,
)
