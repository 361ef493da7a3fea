"""Why a choice ended, in the words of chat completions."""

from typing import Any

from gateway.wire.fields import Fields
from gateway.wire.neutral import Choice, Finish, Finished, Request

# Words of OpenAI, then of servers that speak its dialect with words of their own. An unknown word counts as a stop.
_READ: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "eos": "stop",
    "eos_token": "stop",  # TGI
    "stop_sequence": "stop_sequence",  # TGI
    "model_length": "length",  # Mistral
    "insufficient_system_resource": "length",  # DeepSeek: broken off for want of capacity
    "abort": "length",  # vLLM, SGLang: broken off by the server
}
_WRITTEN: dict[Finish, str] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "content_filter",
    "stop_sequence": "stop",
    "pause": "stop",
}


def read_finish(choice: Fields, into: Choice | Finished) -> bool:
    """Takes `finish_reason` and vLLM's `stop_reason` (the stop sequence that was met, or a token); whether the choice has ended."""
    word = choice.text("finish_reason")
    if word is None:
        return False
    into.finish = _READ.get(word, "stop")
    met = choice.left.get("stop_reason")
    if isinstance(met, str):
        choice.any("stop_reason")
        into.stop_sequence = met
        into.finish = "stop_sequence" if into.finish == "stop" else into.finish
    return True


def write_finish(choice: Choice | Finished, request: Request) -> dict[str, Any]:
    """`finish_reason`, and `stop_reason` as vLLM has it where the stop sequence is known."""
    word = None if choice.finish is None else _WRITTEN[choice.finish]
    if word == "tool_calls" and request.legacy_functions:
        word = "function_call"
    if choice.stop_sequence is None:
        return {"finish_reason": word}
    return {"finish_reason": word, "stop_reason": choice.stop_sequence}
