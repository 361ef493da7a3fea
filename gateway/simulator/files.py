"""Files and batches: what is uploaded stays, and a batch has run by the time somebody looks at it."""

from collections.abc import Callable
from typing import Final

from msgspec import json

from gateway.simulator import chat, completions, embeddings, responses
from gateway.simulator.errors import RefusalError
from gateway.simulator.outcome import Body, Event, Outcome, unary
from gateway.simulator.request import Request
from gateway.simulator.responses import page
from gateway.simulator.shelf import Kept

_DAY: Final = 86_400
_RUNS: Final[dict[str, Callable[[Request], Outcome]]] = {
    "/v1/chat/completions": chat.answer,
    "/v1/completions": completions.answer,
    "/v1/embeddings": embeddings.answer,
    "/v1/responses": responses.answer,
}


def upload(request: Request) -> Outcome:
    """`POST /v1/files`."""
    given = request.files.get("file")
    if given is None:
        raise RefusalError("missing_parameter", "The form has no file.", param="file")
    return unary(_store(request, given.filename, given.data, request.body.get("purpose") or "user_data"))


def _store(request: Request, filename: str, content: bytes, purpose: str) -> Body:
    made: Body = {
        "object": "file",
        "id": request.mint.alphanumeric("file-", 22),
        "purpose": purpose,
        "filename": filename,
        "bytes": len(content),
        "created_at": request.now,
        "expires_at": None,
        "status": "processed",
        "status_details": None,
    }
    request.shelf.put(Kept(made, data=content))
    return made


def listed(request: Request) -> Outcome:
    return unary(page(request.shelf.all("file-"), request))


def fetch(request: Request) -> Outcome:
    return unary(request.shelf.get(request.argument, "File").body)


def content(request: Request) -> Outcome:
    """`GET /v1/files/{id}/content`: the bytes as they were uploaded."""
    kept = request.shelf.get(request.argument, "File")
    return Outcome([Event(kept.data, token=True)], content_type="application/octet-stream")


def delete(request: Request) -> Outcome:
    request.shelf.drop(request.argument, "File")
    return unary({"id": request.argument, "object": "file", "deleted": True})


def batch(request: Request) -> Outcome:
    """`POST /v1/batches`."""
    asked = request.body
    request.shelf.get(str(asked.get("input_file_id")), "File")
    if asked.get("endpoint") not in _RUNS:
        raise RefusalError("invalid_value", "The endpoint cannot be used in a batch.", param="endpoint")
    made: Body = {
        "id": request.mint.hexadecimal("batch_"),
        "object": "batch",
        "endpoint": asked["endpoint"],
        "errors": None,
        "input_file_id": asked["input_file_id"],
        "completion_window": asked.get("completion_window") or "24h",
        "status": "validating",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": request.now,
        "in_progress_at": None,
        "expires_at": request.now + _DAY,
        "finalizing_at": None,
        "completed_at": None,
        "failed_at": None,
        "expired_at": None,
        "cancelling_at": None,
        "cancelled_at": None,
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "metadata": asked.get("metadata"),
    }
    request.shelf.put(Kept(made))
    return unary(made)


def batches(request: Request) -> Outcome:
    return unary(page(request.shelf.all("batch_"), request))


def fetch_batch(request: Request) -> Outcome:
    """`GET /v1/batches/{id}`: the first look runs it."""
    kept = request.shelf.get(request.argument, "Batch")
    if kept.body["status"] == "validating":
        kept.body = _run(request, kept.body)
    return unary(kept.body)


def cancel_batch(request: Request) -> Outcome:
    kept = request.shelf.get(request.argument, "Batch")
    if kept.body["status"] == "validating":
        kept.body = kept.body | {"status": "cancelled", "cancelling_at": request.now, "cancelled_at": request.now}
    return unary(kept.body)


def _run(request: Request, made: Body) -> Body:
    source = request.shelf.get(made["input_file_id"], "File")
    lines = [_line(request, json.decode(line), made["endpoint"]) for line in source.data.splitlines() if line.strip()]
    output = _store(request, f"{made['id']}_output.jsonl", b"\n".join(lines) + b"\n", "batch_output")
    times = {"in_progress_at": request.now, "finalizing_at": request.now, "completed_at": request.now}
    counts = {"total": len(lines), "completed": len(lines), "failed": 0}
    return made | times | {"status": "completed", "output_file_id": output["id"], "request_counts": counts}


def _line(request: Request, task: Body, endpoint: str) -> bytes:
    inner = Request("POST", endpoint, request.headers, {}, b"", request.mint, request.script, request.shelf)
    inner.body = task["body"]
    answered = json.decode(b"".join(frame.data for frame in _RUNS[endpoint](inner).frames))
    response = {"status_code": 200, "request_id": request.mint.hexadecimal("req_"), "body": answered}
    named = {"id": request.mint.hexadecimal("batch_req_"), "custom_id": task.get("custom_id")}
    return json.encode({**named, "response": response, "error": None})
