"""Answers with something at one place of one API: what the simulated model says, and where a caller would find it."""

from dataclasses import dataclass, field
from typing import Any, Final

from msgspec import json

from tests.support.matrix import BEGINS, CANARY, NUMBER, SAID

Step = dict[str, Any]
_TRANSLATED: Final = {
    "chat": ("messages", "responses"),
    "messages": ("chat", "responses"),
    "responses": ("chat", "messages"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One way. `step` is the model's script, `more` what the request asks for besides.

    Without a rule the canary stands at a path with each of the words of `unary`, or of `stream`: an echo more is a word more.
    `signed`: upstreams whose text cannot be changed, so that a finding blocks.
    """

    surface: str
    place: str
    way: str
    step: Step
    more: dict[str, Any] = field(default_factory=dict)
    unary: tuple[str, ...] = ()
    stream: tuple[str, ...] = ()
    upstreams: tuple[str, ...] = ("native",)
    signed: frozenset[str] = frozenset()

    @property
    def canary(self) -> str:
        """What shows without a rule; log-probabilities tell it in pieces."""
        if self.way == "log-probabilities":
            return BEGINS
        return str(NUMBER) if "number" in self.way else CANARY


_ESCAPED: Final = '{"q": "before ' + "".join(f"\\u{ord(char):04x}" for char in CANARY) + ' behind"}'
_CALLS: Final = {
    "call": json.encode({"q": SAID}).decode(),
    "call, escaped": _ESCAPED,
    "call, a number": json.encode({"q": {"deep": [1, NUMBER]}}).decode(),
    "call, a name": json.encode({SAID: 1}).decode(),
}


def _called(arguments: str) -> Step:
    return {"tool_calls": [{"name": "look", "arguments": arguments}]}


_SECOND_CALL: Final = {
    "tool_calls": [{"name": "look", "arguments": {"q": "x"}}, {"name": "look", "arguments": {"q": SAID}}]
}
_ENCRYPTED: Final = {"include": ["reasoning.encrypted_content"], "store": False}
_CHOICES: Final = {"answers": ["Nothing here.", SAID]}
_PIECES: Final = {"chunks": ["before ", "카", "나", "리7", "39", "20", "1 behind"]}
_TOOLS: Final = {
    "chat": {"tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]},
    "messages": {"tools": [{"name": "look", "input_schema": {"type": "object"}}]},
    "responses": {"tools": [{"type": "function", "name": "look", "parameters": {"type": "object"}}]},
}
_TEXT_ECHOES: Final = (
    "response.output_text.delta", "response.output_text.done", "response.content_part.done", "response.output_item.done",
    "response.completed",
)  # fmt: skip
_CALL_ECHOES: Final = (
    "response.function_call_arguments.delta", "response.function_call_arguments.done", "response.output_item.done",
    "response.completed",
)  # fmt: skip
_REFUSAL_ECHOES: Final = (
    "response.refusal.delta", "response.refusal.done", "response.content_part.done", "response.output_item.done",
    "response.completed",
)  # fmt: skip
_REASONING_ECHOES: Final = (
    "response.reasoning_summary_text.delta", "response.reasoning_summary_text.done", "response.reasoning_summary_part.done",
    "response.output_item.done", "response.completed",
)  # fmt: skip


def _chat() -> list[Told]:
    every = ("native", *_TRANSLATED["chat"])
    return [
        Told("chat", "content", "text", {"answer": SAID}, unary=("content",), stream=("content",), upstreams=every),
        Told("chat", "content", "pieces", _PIECES, unary=("content",), stream=("content",), upstreams=every),
        Told("chat", "content", "the second choice", _CHOICES, {"n": 2}, ("choices/1/message/content",), ("choices/1/delta/content",)),
        Told("chat", "content", "log-probabilities", {"answer": SAID}, {"logprobs": True, "top_logprobs": 2}, ("token",), ("token",)),
        Told("chat", "reasoning", "text", {"reasoning": SAID, "answer": "x"}, {}, ("reasoning",), ("reasoning",), every),
        Told("chat", "refusal", "text", {"refusal": SAID}, {}, ("refusal",), ("refusal",), ("native", "responses")),
        Told("chat", "tool_args", "the second call", _SECOND_CALL, _TOOLS["chat"], ("tool_calls/1",), ("tool_calls/1",), every),
        *(Told("chat", "tool_args", way, _called(given), _TOOLS["chat"], ("arguments",), ("arguments",), every) for way, given in _CALLS.items()),
    ]  # fmt: skip


def _messages() -> list[Told]:
    every = ("native", *_TRANSLATED["messages"])
    more = {"max_tokens": 1000}
    call = {**more, **_TOOLS["messages"]}
    return [
        Told("messages", "content", "text", {"answer": SAID}, more, ("text",), ("content_block_delta",), every),
        Told("messages", "content", "pieces", _PIECES, more, ("text",), ("content_block_delta",), every),
        Told("messages", "reasoning", "text", {"reasoning": SAID, "answer": "x"}, more, ("thinking",), ("thinking",), every, frozenset({"native"})),
        Told("messages", "tool_args", "the second call", _SECOND_CALL, call, ("content/1",), ("index=1",), every),
        *(Told("messages", "tool_args", way, _called(given), call, ("input",), ("partial_json",), every) for way, given in _CALLS.items()),
    ]  # fmt: skip


def _responses() -> list[Told]:
    every = ("native", *_TRANSLATED["responses"])
    odds = {"include": ["message.output_text.logprobs"], "top_logprobs": 2}
    tools = _TOOLS["responses"]
    return [
        Told("responses", "content", "text", {"answer": SAID}, {}, ("text",), _TEXT_ECHOES, every),
        Told("responses", "content", "pieces", _PIECES, {}, ("text",), _TEXT_ECHOES, every),
        Told("responses", "content", "log-probabilities", {"answer": SAID}, odds, ("token",), ("logprobs",)),
        Told("responses", "reasoning", "text", {"reasoning": SAID, "answer": "x"}, {}, ("summary",), _REASONING_ECHOES, every),
        Told("responses", "reasoning", "encrypted beside", {"reasoning": SAID, "answer": "x"}, _ENCRYPTED, ("summary",), _REASONING_ECHOES),
        Told("responses", "refusal", "text", {"refusal": SAID}, {}, ("refusal",), _REFUSAL_ECHOES, ("native", "chat")),
        Told("responses", "tool_args", "the second call", _SECOND_CALL, tools, ("output/1",), ("output_index=1",), every),
        *(Told("responses", "tool_args", way, _called(given), tools, ("arguments",), _CALL_ECHOES, every) for way, given in _CALLS.items()),
    ]  # fmt: skip


def _completions() -> list[Told]:
    return [
        Told("completions", "content", "text", {"answer": SAID}, {"prompt": "Hi"}, ("text",), ("text",)),
        Told("completions", "content", "pieces", _PIECES, {"prompt": "Hi"}, ("text",), ("text",)),
        Told("completions", "content", "the second choice", _CHOICES, {"prompt": "Hi", "n": 2}, ("choices/1/text",), ("choices/1/text",)),
        Told("completions", "content", "log-probabilities", {"answer": SAID}, {"prompt": "Hi", "logprobs": 2}, ("tokens",), ("tokens",)),
    ]  # fmt: skip


def _others() -> list[Told]:
    echoes = ("transcript.text.delta", "transcript.text.done")
    verbose = {"response_format": "verbose_json"}
    return [
        Told("images", "content", "the prompt it was made from", {"answer": SAID}, {}, ("revised_prompt",)),
        Told("rerank", "content", "a document", {"answer": SAID}, {}, ("document/text",)),
        Told("audio", "content", "a transcript", {"answer": SAID}, {}, ("text",), echoes),
        Told("audio", "content", "a transcript in pieces", _PIECES, {}, ("text",), echoes),
        Told("audio", "content", "segments and words", {"answer": SAID}, verbose, ("/text", "words/1")),
        Told("audio", "content", "over segments", _PIECES, verbose, ("/text", "words/1")),
        *(Told("audio", "content", f"as {form}", {"answer": SAID}, {"response_format": form}, ("text",)) for form in ("text", "srt", "vtt")),
    ]  # fmt: skip


TOLD: Final = [*_chat(), *_messages(), *_responses(), *_completions(), *_others()]
ASKING: Final[dict[str, dict[str, Any]]] = {
    "chat": {"messages": [{"role": "user", "content": "Hi"}]},
    "messages": {"messages": [{"role": "user", "content": "Hi"}]},
    "responses": {"input": "Hi"},
    "completions": {"max_tokens": 100},
    "images": {"prompt": "Hi"},
    "rerank": {"query": "Hi", "documents": ["x"]},
    "audio": {},
}
