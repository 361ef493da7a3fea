"""What an SDK got, as data that is equal from call to call: without ids and times."""

import re
from typing import Any, Final

_CHANGING: Final = {
    "id", "created", "created_at", "completed_at", "expires_at", "in_progress_at", "finalizing_at", "cancelled_at",
    "cancelling_at", "obfuscation", "item_id", "call_id", "response_id", "previous_response_id", "signature",
    "encrypted_content", "tool_call_id", "input_file_id", "output_file_id", "first_id", "last_id", "request_id",
}  # fmt: skip
_ID: Final = re.compile(
    r"\b(?:chatcmpl|resp|msg|call|toolu|req|fc|fco|rs|cmpl|modr|file|batch|batch_req|rerank)[-_][A-Za-z0-9~_-]{8,}"
)


def steady(value: Any) -> Any:
    """Without what differs from call to call; that it is there is still seen."""
    if hasattr(value, "model_dump"):
        return steady(value.model_dump(exclude_unset=True, warnings=False))
    if isinstance(value, dict):
        return {
            key: f"<{key}>" if key in _CHANGING and held is not None else steady(held) for key, held in value.items()
        }
    if isinstance(value, list | tuple):
        return [steady(one) for one in value]
    return _ID.sub("<id>", value) if isinstance(value, str) else value
