"""The response object: written from what is known of an answer and its request, and read into the neutral form.

Both ways of reading and writing go through the events of a stream, so that a unary answer and a streamed one cannot differ.
"""

from typing import Any, Final

from gateway.wire import fold
from gateway.wire.fields import Fields
from gateway.wire.neutral import Answer, Begin, Finish, Request, Usage
from gateway.wire.responses.reader import ResponsesReader
from gateway.wire.responses.tools import write_format, write_thinking, write_tool_choice, write_tools

_BAD: Final = "upstream_invalid_response"
_REASONS: Final[dict[Finish, str]] = {"length": "max_output_tokens", "content_filter": "content_filter"}
# Fields of the request that the response repeats, in the vendor's order, and what it says where the caller said nothing.
_REPEATED: Final[dict[str, Any]] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "model": "",
    "output": [],
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "usage": None,
    "user": None,
    "metadata": {},
}


def begun(begin: Begin, request: Request) -> dict[str, Any]:
    """The response as it stands before the first item."""
    said = _said(begin, request)
    return {
        "id": response_id(begin.id),
        "object": "response",
        "created_at": begin.created,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        **{name: default if said.get(name) is None else said[name] for name, default in _REPEATED.items()},
    }


def response_id(answer_id: str) -> str:
    """An id of another dialect gets the prefix that an id of a response has."""
    return answer_id if answer_id.startswith("resp_") else f"resp_{answer_id}"


def _said(begin: Begin, request: Request) -> dict[str, Any]:
    """What the caller wrote, as it was written where that is known."""
    native = request.dialect == "responses"
    form = write_format(request.format, native) or {"type": "text"}
    return {
        "max_output_tokens": request.max_tokens,
        "parallel_tool_calls": request.parallel_tools,
        "temperature": request.temperature,
        "tool_choice": write_tool_choice(request),
        "tools": write_tools(request, native),
        "top_logprobs": request.top_logprobs,
        "top_p": request.top_p,
        "user": request.user,
        "metadata": request.metadata,
        **request.extras,
        **request.echo,
        "text": {"format": form, **request.echo.get("text", {})},
        "reasoning": {"effort": None, "summary": None, **(write_thinking(request.thinking, native) or {})},
        "service_tier": begin.extras.get("service_tier"),
        "model": begin.model,
    }


def ended(response: dict[str, Any], output: list[dict[str, Any]], finish: Finish | None, usage: Usage | None) -> str:
    """Completes the response in place; gives the name of the event that says so."""
    reason = _REASONS.get(finish) if finish else None
    status = "completed" if reason is None else "incomplete"
    response["status"] = status
    response["incomplete_details"] = None if reason is None else {"reason": reason}
    response["output"] = output
    response["usage"] = None if usage is None else write_usage(usage)
    return f"response.{status}"


def write_usage(usage: Usage) -> dict[str, Any]:
    """With both details, as the vendor writes them; `estimated` only where it is true."""
    written: dict[str, Any] = {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
    return {**written, "estimated": True} if usage.estimated else written


def read_answer(body: dict[str, Any]) -> Answer:
    """Raises `upstream_invalid_response` where the upstream's body is no finished answer, and its own error where it failed."""
    fields = Fields(body, code=_BAD)
    status = fields.text("status")
    if status not in ("completed", "incomplete", "failed"):
        raise fields.unknown("a response that is completed, incomplete or failed", "status")
    if status != "failed" and fields.left.get("output") is None:
        raise fields.missing("a list of items", "output")
    return fold.fold(ResponsesReader().whole(body), "responses")
