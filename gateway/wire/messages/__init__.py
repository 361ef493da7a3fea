"""The Anthropic Messages dialect.

The base URL of an upstream that speaks it ends without a version, so the path carries it.
"""

from typing import Final

from gateway.wire.dialect import Dialect
from gateway.wire.messages.answer import read_answer, write_answer
from gateway.wire.messages.count import CountWatch, estimate_tokens, write_count
from gateway.wire.messages.errors import error_body, error_frames, read_error, stamp_error
from gateway.wire.messages.outgoing import prepare, write_request
from gateway.wire.messages.request import read_count_request, read_request
from gateway.wire.messages.stream import MessagesReader
from gateway.wire.messages.watch import MessagesWatch
from gateway.wire.messages.written import MessagesWriter

__all__ = ["COUNT_TOKENS", "MESSAGES", "estimate_tokens", "write_count"]

MESSAGES: Final = Dialect(
    name="messages",
    path="/v1/messages",
    watch=MessagesWatch,
    error_body=error_body,
    error_frames=error_frames,
    read_error=read_error,
    stamp_error=stamp_error,
    prepare=prepare,
    read_request=read_request,
    write_request=write_request,
    read_answer=read_answer,
    write_answer=write_answer,
    stream_reader=MessagesReader,
    stream_writer=MessagesWriter,
)

# Native only. For a target without it: `read_request`, then `write_count(estimate_tokens(request))`.
COUNT_TOKENS: Final = Dialect(
    name="count_tokens",
    path="/v1/messages/count_tokens",
    watch=CountWatch,
    error_body=error_body,
    error_frames=error_frames,
    read_error=read_error,
    stamp_error=stamp_error,
    streams=False,
    billed="never",
    prepare=prepare,
    read_request=read_count_request,
)
