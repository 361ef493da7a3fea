"""The OpenAI Responses API."""

from gateway.wire.dialect import Dialect
from gateway.wire.responses.answer import read_answer
from gateway.wire.responses.errors import error_body, error_frames, read_error, stamp_error
from gateway.wire.responses.reader import ResponsesReader
from gateway.wire.responses.refused import refuse_untranslatable
from gateway.wire.responses.request import read_request, write_request
from gateway.wire.responses.stream import ResponsesWriter, write_answer
from gateway.wire.responses.watch import ResponsesWatch, rewrite_ids

__all__ = ["RESPONSES", "refuse_untranslatable", "rewrite_ids"]

RESPONSES = Dialect(
    name="responses",
    path="/responses",
    watch=ResponsesWatch,
    error_body=error_body,
    error_frames=error_frames,
    read_error=read_error,
    stamp_error=stamp_error,
    read_request=read_request,
    write_request=write_request,
    read_answer=read_answer,
    write_answer=write_answer,
    stream_reader=ResponsesReader,
    stream_writer=ResponsesWriter,
)
