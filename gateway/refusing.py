"""A polite refusal: what a rule blocks reaches the caller as an answer of the model, in its own API."""

from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.policy.blocking import PolicyBlocked
from gateway.wire import frames as wire
from gateway.wire.frames import Frame
from gateway.wire.neutral import Answer, Begin, Choice, Delta, Ended, Event, Finished, Text, Usage, Used

_WHOLE = (b"content-type", b"application/json")
_EVENTS = (b"content-type", b"text/event-stream; charset=utf-8")


def politely(x: Exchange, error: GatewayError) -> list[Frame] | None:
    """The frames of the refusal. None where an error has to say it: no rule asks for politeness, text is out, or the API has no answers."""
    dialect = x.dialect
    if not isinstance(error, PolicyBlocked) or not error.refuses or x.committed or x.body is None:
        return None
    if dialect.read_request is None or dialect.write_answer is None or dialect.stream_writer is None:
        return None
    request = dialect.read_request(x.body)
    now = int(x.wall)
    x.committed = True
    x.reply_status = 200
    if not x.streamed:
        x.form, x.reply_headers = "whole", [_WHOLE]
        choice = Choice(index=0, parts=[Text(text=error.plain)], finish="content_filter")
        answer = Answer(id=x.id, model=x.model, created=now, choices=[choice], usage=Usage())
        return [wire.body(dialect.write_answer(answer, request))]
    x.form, x.reply_headers = "events", [_EVENTS]
    writer = dialect.stream_writer(request)
    events: list[Event] = [
        Begin(id=x.id, model=x.model, created=now),
        Delta(choice=0, kind="content", text=error.plain),
        Finished(choice=0, finish="content_filter"),
        Used(usage=Usage()),
        Ended(),
    ]
    return [frame for event in events for frame in writer.feed(event)]
