"""Looks at a native Responses answer as it passes, and puts the gateway's own id into it.

The name of an event decides; only the few that hold a response, an item that opens, or an error are decoded.
"""

from collections.abc import Callable
from typing import Any, Final

from gateway.errors import GatewayError
from gateway.wire import frames
from gateway.wire.dialect import END, FAULT, NOTHING, TEXT
from gateway.wire.frames import DONE, Frame, NotJSON
from gateway.wire.neutral import Finish, Usage
from gateway.wire.responses.errors import read_fault

# Events that hold the response object, and what each says of the stream.
LIFE: Final = {
    "response.created": NOTHING,
    "response.queued": NOTHING,
    "response.in_progress": NOTHING,
    "response.completed": END,
    "response.incomplete": END,
    "response.cancelled": END,
    "response.failed": END | FAULT,
}
_QUIET: Final = frozenset(
    {
        "response.content_part.added",
        "response.reasoning_summary_part.added",
        "response.output_text.annotation.added",
        "response.file_search_call.in_progress",
        "response.file_search_call.searching",
        "response.file_search_call.completed",
        "response.web_search_call.in_progress",
        "response.web_search_call.searching",
        "response.web_search_call.completed",
        "response.code_interpreter_call.in_progress",
        "response.code_interpreter_call.interpreting",
        "response.code_interpreter_call.completed",
        "response.image_generation_call.in_progress",
        "response.image_generation_call.generating",
        "response.image_generation_call.completed",
        "response.mcp_call.in_progress",
        "response.mcp_call.completed",
        "response.mcp_call.failed",
        "response.mcp_list_tools.in_progress",
        "response.mcp_list_tools.completed",
        "response.mcp_list_tools.failed",
    }
)
_TEXT_ENDINGS: Final = (".delta", ".done", ".partial_image")
CALLS: Final = ("function_call", "custom_tool_call")
FINISHES: Final[dict[str, Finish]] = {"max_output_tokens": "length", "content_filter": "content_filter"}


class ResponsesWatch:
    def __init__(self, asked_usage: bool, streamed: bool) -> None:
        del asked_usage  # every Responses stream reports its usage, so nothing is ever hidden
        self._look = self._event if streamed else self._body
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.fault: GatewayError | None = None

    def look(self, frame: Frame) -> int:
        return self._look(frame)

    def shown(self, frame: Frame) -> Frame | None:
        return frame

    def _event(self, frame: Frame) -> int:
        if frame.data is None or frame.data == DONE:
            return NOTHING
        name = frame.event
        if name is not None:
            if name.endswith(_TEXT_ENDINGS):
                return TEXT
            if name in _QUIET:
                return NOTHING
        return self._decoded(frame)

    def _decoded(self, frame: Frame) -> int:
        try:
            value = frame.json
        except NotJSON:
            return self._unreadable("The upstream sent an event that is not JSON.")
        name = _word(value.get("type")) or frame.event or ""
        if name in LIFE:
            return LIFE[name] | self._response(value.get("response"), name)
        if name.endswith(_TEXT_ENDINGS):
            return TEXT
        if name == "response.output_item.added":
            return TEXT if _object(value.get("item")).get("type") in CALLS else NOTHING
        if name == "error" or isinstance(value.get("error"), dict):
            self.fault = read_fault(value)
            return FAULT
        return NOTHING

    def _body(self, frame: Frame) -> int:
        try:
            value = frame.json
        except NotJSON:
            return self._unreadable("The upstream's answer is not a JSON object.")
        status = value.get("status")
        if status == "failed":
            return self._response(value, "failed") | END | FAULT
        if isinstance(value.get("error"), dict):
            self.fault = read_fault(value)
            return FAULT
        if not isinstance(value.get("output"), list):
            return self._unreadable("The upstream's answer has no output.")
        # `queued` and `in_progress` are whole answers to a request that runs in the background.
        return self._response(value, str(status)) | TEXT | END

    def _response(self, value: Any, name: str) -> int:
        """What the response object says once it has ended; nothing while it is under way."""
        response = _object(value)
        self.usage = read_usage(response.get("usage")) or self.usage
        if name.endswith("failed"):
            self.fault = read_fault(response)
        elif response.get("status") in ("completed", "incomplete"):
            self.finish = read_finish(response)
        return NOTHING

    def _unreadable(self, message: str) -> int:
        self.fault = GatewayError("upstream_invalid_response", message)
        return FAULT


def read_usage(value: Any) -> Usage | None:
    """Token counts; what else the vendor says of them goes into the extras."""
    if not isinstance(value, dict):
        return None
    input_details = _object(value.get("input_tokens_details"))
    output_details = _object(value.get("output_tokens_details"))
    return Usage(
        input_tokens=_count(value.get("input_tokens")),
        output_tokens=_count(value.get("output_tokens")),
        cached_tokens=_count(input_details.get("cached_tokens")),
        cache_write_tokens=_count(input_details.get("cache_write_tokens")),
        reasoning_tokens=_count(output_details.get("reasoning_tokens")),
        estimated=value.get("estimated") is True,
        extras={name: value[name] for name in value if name not in _USAGE_FIELDS},
    )


_USAGE_FIELDS: Final = frozenset(
    {"input_tokens", "output_tokens", "total_tokens", "input_tokens_details", "output_tokens_details", "estimated"}
)


def read_finish(response: dict[str, Any]) -> Finish:
    """Why a completed or incomplete response ended. An unknown reason of incompleteness counts as a length."""
    if response.get("status") == "incomplete":
        reason = _object(response.get("incomplete_details")).get("reason")
        return FINISHES.get(str(reason), "length")
    output = response.get("output")
    items = [item for item in output if isinstance(item, dict)] if isinstance(output, list) else []
    if any(item.get("type") in CALLS for item in items):
        return "tool_calls"
    refused = any(
        isinstance(part, dict) and part.get("type") == "refusal"
        for item in items
        if isinstance(content := item.get("content"), list)
        for part in content
    )
    return "refusal" if refused else "stop"


def rewrite_ids(frame: Frame, mint: Callable[[str], str], previous: Callable[[str], str] | None = None) -> Frame:
    """The event with the gateway's response id in the place of the upstream's; any other event is the same object.

    `mint` must give the same id for the same id: a stream names its response three times or more. `previous` does the same for
    the echo of `previous_response_id`.
    """
    name = frame.event
    if frame.data is None or (name is not None and name not in LIFE):
        return frame
    if name is None and b'"response"' not in frame.data:
        return frame
    try:
        value = frame.json
    except NotJSON:
        return frame
    response = value.get("response")
    if not isinstance(response, dict) or not _has_ids(response):
        return frame
    return frames.edited(frame, {**value, "response": _renamed(response, mint, previous)})


def _has_ids(response: dict[str, Any]) -> bool:
    return isinstance(response.get("id"), str) or isinstance(response.get("previous_response_id"), str)


def _renamed(
    response: dict[str, Any], mint: Callable[[str], str], previous: Callable[[str], str] | None
) -> dict[str, Any]:
    renamed = dict(response)
    if isinstance(own := response.get("id"), str):
        renamed["id"] = mint(own)
    if previous is not None and isinstance(before := response.get("previous_response_id"), str):
        renamed["previous_response_id"] = previous(before)
    return renamed


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
