"""OpenAI chat completions."""

from typing import Any

from gateway.wire.chat.answer import read_answer, write_answer
from gateway.wire.chat.errors import error_body, error_frames, read_error, stamp_error
from gateway.wire.chat.request import read_request, write_request
from gateway.wire.chat.stream import StreamReader, StreamWriter
from gateway.wire.chat.watch import watch
from gateway.wire.dialect import Dialect
from gateway.wire.fields import Fields


def prepare(body: dict[str, Any]) -> None:
    """Streams are billed: ask for the usage frame. `Watch.shown` takes it out again for callers that did not ask.

    A wrong type is refused here, as what is written over it would hide it from the upstream.
    """
    if body.get("stream"):
        asked = body.get("stream_options")
        options = Fields({} if asked is None else asked, "stream_options")
        options.flag("include_usage")
        body["stream_options"] = {**options.left, "include_usage": True}


CHAT = Dialect(
    name="chat",
    path="/chat/completions",
    watch=watch,
    error_body=error_body,
    error_frames=error_frames,
    read_error=read_error,
    stamp_error=stamp_error,
    prepare=prepare,
    read_request=read_request,
    write_request=write_request,
    read_answer=read_answer,
    write_answer=write_answer,
    stream_reader=StreamReader,
    stream_writer=StreamWriter,
)
