"""The Responses API: answers, whole or as events, and the responses that are stored."""

from gateway.simulator.answer import reply
from gateway.simulator.errors import ROWS, RefusalError
from gateway.simulator.outcome import Body, Outcome, named, stream, unary
from gateway.simulator.request import Request
from gateway.simulator.responses_ask import conversation, read
from gateway.simulator.responses_events import Writer
from gateway.simulator.shelf import Kept

_UNFINISHED = {"queued", "in_progress"}


def answer(request: Request) -> Outcome:
    """`POST /v1/responses`. A background response is queued, and complete when somebody looks."""
    before, own = conversation(request)
    ask = read(request, before, own)
    writer = Writer(request, ask, reply(ask, request.behaviour))
    events = writer.events()
    whole = writer.whole()
    if request.body.get("store") is not False:
        request.shelf.put(Kept(whole, items=[*before, *own], events=events))
    elif request.body.get("background"):
        raise RefusalError("invalid_request", "A background response must be stored.", param="background")
    if request.body.get("stream"):
        row = ROWS[request.behaviour.error or "server_error"]
        after = request.behaviour.error_after or 0
        sent = after if after >= 0 else max(0, len(events) + after)
        return stream(events, writer.broken(row.code or row.openai_type or "server_error", row.message, sent))
    if request.body.get("background"):
        queued = writer.whole("queued")
        request.shelf.put(Kept(queued, items=[*before, *own], events=events, ended=whole))
        return unary(queued)
    return unary(whole)


def count(request: Request) -> Outcome:
    """`POST /v1/responses/input_tokens`."""
    tokens = read(request, *conversation(request)).prompt_tokens
    return unary({"object": "response.input_tokens", "input_tokens": tokens})


def fetch(request: Request) -> Outcome:
    """`GET /v1/responses/{id}`; with `stream=true` its events again, behind `starting_after`."""
    kept = _kept(request)
    if kept.ended and kept.body["status"] in _UNFINISHED:
        kept.body = kept.ended
    if request.query.get("stream") != "true":
        return unary(kept.body)
    sent = int(request.query.get("starting_after", "-1")) + 1
    return stream(kept.events[sent:], [_failed(kept)])


def _failed(kept: Kept) -> bytes:
    return named({"type": "response.failed", "sequence_number": len(kept.events), "response": kept.body})


def delete(request: Request) -> Outcome:
    """`DELETE /v1/responses/{id}`."""
    _kept(request)
    request.shelf.drop(request.argument, "Response")
    return unary({"id": request.argument, "object": "response", "deleted": True})


def cancel(request: Request) -> Outcome:
    """`POST /v1/responses/{id}/cancel`: only what runs in the background can be cancelled."""
    kept = _kept(request)
    if not kept.body["background"]:
        raise RefusalError("invalid_request", "Only a background response can be cancelled.")
    if kept.body["status"] in _UNFINISHED:
        kept.body = kept.body | {"status": "cancelled"}
    return unary(kept.body)


def input_items(request: Request) -> Outcome:
    """`GET /v1/responses/{id}/input_items`: newest first unless `order=asc`; `limit` and `after` page through them."""
    items = list(_kept(request).items)
    if request.query.get("order", "desc") == "desc":
        items.reverse()
    return unary(page(items, request))


def page(items: list[Body], request: Request) -> Body:
    """One page of a list, as the vendor wraps it."""
    names = [item["id"] for item in items]
    after = request.query.get("after")
    start = names.index(after) + 1 if after in names else 0
    limit = int(request.query.get("limit", "20"))
    shown = items[start : start + limit]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": start + limit < len(items),
    }


def _kept(request: Request) -> Kept:
    return request.shelf.get(request.argument, "Response")
