"""The Anthropic Messages dialect.

The base URL of an upstream that speaks it ends without a version, so the path carries it.
"""

from typing import Final

from gateway.wire.dialect import Dialect
from gateway.wire.messages.errors import error_body, error_frames, read_error, stamp_error
from gateway.wire.messages.watch import MessagesWatch

MESSAGES: Final = Dialect(
    name="messages",
    path="/v1/messages",
    watch=MessagesWatch,
    error_body=error_body,
    error_frames=error_frames,
    read_error=read_error,
    stamp_error=stamp_error,
)
