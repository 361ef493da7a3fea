"""What a Responses caller cannot have from an upstream that speaks another API, and why: said before anything is sent."""

from collections.abc import Callable
from typing import Any, Final

from gateway.errors import GatewayError

_ITEMS: Final = frozenset(
    {"message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output", "reasoning"}
)
_TOOLS: Final = frozenset({"function", "custom"})
_CHOICES: Final = ("function", "custom", "allowed_tools")
# These ask for details of items that cannot occur here, or change nothing.
_INCLUDES: Final = frozenset(
    {
        "reasoning.encrypted_content",
        "message.output_text.logprobs",
        "message.input_image.image_url",
        "file_search_call.results",
        "web_search_call.results",
        "web_search_call.action.sources",
        "computer_call_output.output.image_url",
        "code_interpreter_call.outputs",
    }
)


def refuse_untranslatable(body: dict[str, Any]) -> None:
    """Raises `unsupported_parameter` for the first thing in a request that only a Responses upstream could do.

    Wrong types are not its business: `read_request` names them.
    """
    for name, asks, reason in _FIELDS:
        if name in body and asks(body[name]):
            raise _refused(name, reason)
    for name, find in (("tools", _tool), ("input", _item), ("include", _include)):
        value = body.get(name)
        for index, entry in enumerate(value if isinstance(value, list) else ()):
            if (found := find(entry)) is not None:
                place, reason = found
                raise _refused(f"{name}.{index}{place}", reason)


def _refused(param: str, reason: str) -> GatewayError:
    message = f"{param}: {reason} The upstream of this model speaks another API; ask a model whose upstream has /v1/responses."
    return GatewayError("unsupported_parameter", message, param=param)


_FIELDS: Final[tuple[tuple[str, Callable[[Any], bool], str], ...]] = (
    ("background", bool, "An answer in the background needs an upstream that keeps it while nobody waits."),
    (
        "conversation",
        lambda value: value is not None,
        "Conversations are objects of the vendor; use previous_response_id.",
    ),
    ("prompt", lambda value: value is not None, "Stored prompts are objects of the vendor; send the text itself."),
    ("truncation", lambda value: value == "auto", "Dropping turns that do not fit is done by the vendor; send fewer."),
    ("context_management", bool, "Compaction is done by the vendor."),
    ("moderation", bool, "Moderation of the answer is done by the vendor."),
    (
        "tool_choice",
        lambda value: isinstance(value, dict) and value.get("type") not in _CHOICES,
        "Hosted tools run at the vendor.",
    ),
)


def _tool(tool: Any) -> tuple[str, str] | None:
    kind = tool.get("type") if isinstance(tool, dict) else None
    if not isinstance(kind, str) or kind in _TOOLS:
        return None
    return ".type", "Hosted tools run at the vendor; declare a function or a custom tool."


def _item(item: Any) -> tuple[str, str] | None:
    if not isinstance(item, dict):
        return None
    kind = item.get("type")
    if kind == "item_reference" or (kind is None and "role" not in item and "id" in item):
        return "", "A reference needs the vendor's store; send the item itself."
    if isinstance(kind, str) and kind not in _ITEMS:
        return ".type", "Items of hosted tools mean something to the vendor alone."
    for name in ("content", "output"):
        parts = item.get(name)
        for index, part in enumerate(parts if isinstance(parts, list) else ()):
            if isinstance(part, dict) and part.get("type") == "input_image" and part.get("file_id") is not None:
                return f".{name}.{index}.file_id", "An image by id needs the vendor's store; send its URL or its data."
    return None


def _include(name: Any) -> tuple[str, str] | None:
    if not isinstance(name, str) or name in _INCLUDES:
        return None
    return "", "Nothing of this name is known."
