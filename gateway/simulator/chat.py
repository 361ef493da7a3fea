"""Chat completions: the request read, the answer written, whole or in chunks."""

from collections.abc import Iterator
from typing import Any, Final

from gateway.simulator.answer import Ask, Reply, Tool, reply
from gateway.simulator.errors import RefusalError, body
from gateway.simulator.odds import odds, pad
from gateway.simulator.outcome import Body, Event, Outcome, data, stream, unary
from gateway.simulator.request import Request
from gateway.simulator.tokens import estimate

FINISH: Final = {"tools": "tool_calls", "filter": "content_filter", "refusal": "stop", "stop_sequence": "stop"}
DONE: Final = b"data: [DONE]\n\n"


def answer(request: Request) -> Outcome:
    """`POST /v1/chat/completions`."""
    asked = request.body
    ask = _read(asked)
    replies = [reply(ask, request.behaviour, index) for index in range(asked.get("n") or 1)]
    usage = usages_of(request, ask.prompt_tokens, replies)
    writer = _Writer(request, replies)
    if asked.get("stream"):
        return stream(writer.chunks(usage), [failure(request)])
    return unary(writer.whole(usage[0] if usage else None))


def failure(request: Request) -> bytes:
    """The event that reports an error inside a stream."""
    return data(body("openai", RefusalError(request.behaviour.error or "server_error"), request.id))


def _read(asked: Body) -> Ask:
    messages = asked.get("messages")
    if not isinstance(messages, list) or not messages:
        raise RefusalError(
            "missing_parameter", "The parameter 'messages' must be a list with messages.", param="messages"
        )
    within(asked, "temperature", 0, 2)
    within(asked, "top_p", 0, 1)
    within(asked, "n", 1, 128)
    _check_tools(messages)
    texts = [text_of(message.get("content")) for message in messages]
    spoken = [text for message, text in zip(messages, texts, strict=True) if text and message.get("role") == "user"]
    ask = Ask(last=spoken.pop() if spoken else texts[-1], prompt_tokens=estimate(texts) + 3 * len(messages))
    ask.before = spoken
    if messages[-1].get("role") in {"tool", "function"}:
        ask.heard = text_of(messages[-1].get("content"))
    _read_tools(asked, ask)
    ask.thinking = asked.get("reasoning_effort") not in {None, "none", "minimal"}
    shape = asked.get("response_format") or {}
    if shape.get("type") == "json_schema":
        ask.schema = (shape.get("json_schema") or {}).get("schema") or {}
    elif shape.get("type") == "json_object":
        ask.schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
    ask.limit = asked.get("max_completion_tokens") or asked.get("max_tokens")
    stops = asked.get("stop")
    ask.stops = [stops] if isinstance(stops, str) else stops or []
    return ask


def _check_tools(messages: list[Body]) -> None:
    """A tool's message must answer a call of the assistant's message before, as the vendor demands."""
    called: set[Any] = set()
    for at, message in enumerate(messages):
        if message.get("role") == "assistant":
            called = {call.get("id") for call in message.get("tool_calls") or []}
        elif message.get("role") == "tool" and message.get("tool_call_id") not in called:
            text = "A message of role 'tool' must follow a message with the tool call that it answers."
            raise RefusalError("invalid_request", text, param=f"messages.[{at}].role")


def _read_tools(asked: Body, ask: Ask) -> None:
    declared = [tool.get("function") or tool.get("custom") or {} for tool in asked.get("tools") or []]
    ask.tools = [Tool(str(each.get("name", "")), each.get("parameters") or {"type": "object"}) for each in declared]
    ask.parallel = asked.get("parallel_tool_calls") is not False
    choice = asked.get("tool_choice")
    ask.forbid_tools = choice == "none"
    if choice == "required":
        ask.force = "*"
    elif isinstance(choice, dict):
        ask.force = (choice.get("function") or choice.get("custom") or {}).get("name") or "*"


def text_of(content: Any) -> str:
    """The text of a message's content: a string, or the text parts of a list; pictures and sounds say nothing."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(str(part.get("text") or "") for part in parts if isinstance(part, dict))


def within(asked: Body, name: str, least: float, most: float) -> None:
    """Refuse a number outside of its range, as the vendor does."""
    value = asked.get(name)
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusalError("invalid_request", f"'{name}' must be a number.", param=name, code="invalid_type")
    if not least <= value <= most:
        code = "decimal_above_max_value" if value > most else "decimal_below_min_value"
        raise RefusalError("invalid_request", f"'{name}' must be between {least} and {most}.", param=name, code=code)


def usages_of(request: Request, prompt: int, replies: list[Reply]) -> list[Body]:
    """What is reported: usually once, or not at all."""
    behaviour = request.behaviour
    if not behaviour.usage:
        return []
    counted = [[each] for each in replies] if behaviour.usage_per_choice else [replies]
    return [usage_of(prompt, each, behaviour.cached_tokens) for each in counted]


def usage_of(prompt: int, replies: list[Reply], cached: int) -> Body:
    said = sum(each.tokens for each in replies)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": said,
        "total_tokens": prompt + said,
        "prompt_tokens_details": {"cached_tokens": min(cached, prompt), "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": sum(len(each.reasoning) for each in replies),
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


class _Writer:
    """Writes the replies to one request."""

    def __init__(self, request: Request, replies: list[Reply]) -> None:
        asked = request.body
        self._replies = replies
        self._calls = [[request.mint.alphanumeric("call_") for _ in each.tools] for each in replies]
        options = asked.get("stream_options") or {}
        self._with_usage = bool(options.get("include_usage"))
        self._padded = options.get("include_obfuscation") is not False
        self._logprobs = bool(asked.get("logprobs"))
        self._top = int(asked.get("top_logprobs") or 0)
        self._id = request.mint.alphanumeric("chatcmpl-", 29)
        self._created = request.now
        self._model = asked["model"]
        tier = asked.get("service_tier")
        self._tier = "default" if tier in {None, "auto"} else tier

    def whole(self, usage: Body | None) -> Body:
        made: Body = {"id": self._id, "object": "chat.completion", "created": self._created, "model": self._model}
        made["choices"] = [self._choice(index, each) for index, each in enumerate(self._replies)]
        if usage:
            made["usage"] = usage
        return made | {"service_tier": self._tier, "system_fingerprint": _FINGERPRINT}

    def _choice(self, index: int, said: Reply) -> Body:
        message: Body = {"role": "assistant", "content": "".join(said.text) if said.text or not said.tools else None}
        if said.refusal:
            message["content"] = None
        if said.reasoning:
            message["reasoning_content"] = "".join(said.reasoning)
        if said.tools:
            message["tool_calls"] = [
                {"id": call, "type": "function", "function": {"name": use.name, "arguments": use.arguments}}
                for call, use in zip(self._calls[index], said.tools, strict=True)
            ]
        message |= {"refusal": "".join(said.refusal) or None, "annotations": []}
        logprobs = self._odds(said.text) if self._logprobs else None
        return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": finish_of(said)}

    def chunks(self, usages: list[Body]) -> list[Event]:
        """Roles first, then the choices in turn, one piece each, and each one's end behind its last piece."""
        frames = [self._chunk(self._opening(index, said)) for index, said in enumerate(self._replies)]
        running = {index: self._deltas(index, said) for index, said in enumerate(self._replies)}
        while running:
            for index, deltas in list(running.items()):
                choice = next(deltas, None)
                if choice is None:
                    del running[index]
                    choice = _piece(index, {}, finish=finish_of(self._replies[index]))
                frames.append(self._chunk(choice, token=choice["finish_reason"] is None))
        if self._with_usage:
            frames += [self._chunk(None, usage=usage) for usage in usages]
        frames.append(Event(DONE))
        return frames

    def _opening(self, index: int, said: Reply) -> Body:
        content = None if said.tools and not said.text else ""
        return _piece(index, {"role": "assistant", "content": content, "refusal": None})

    def _deltas(self, index: int, said: Reply) -> Iterator[Body]:
        for piece in said.reasoning:
            yield _piece(index, {"reasoning_content": piece})
        for piece in said.text:
            yield _piece(index, {"content": piece}, logprobs=self._odds([piece]) if self._logprobs else None)
        for piece in said.refusal:
            yield _piece(index, {"refusal": piece})
        for at, (call, use) in enumerate(zip(self._calls[index], said.tools, strict=True)):
            head = {"index": at, "id": call, "type": "function", "function": {"name": use.name, "arguments": ""}}
            yield _piece(index, {"tool_calls": [head]})
            for piece in use.pieces:
                yield _piece(index, {"tool_calls": [{"index": at, "function": {"arguments": piece}}]})

    def _chunk(self, choice: Body | None, *, usage: Body | None = None, token: bool = False) -> Event:
        made: Body = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._model,
            "service_tier": self._tier,
            "system_fingerprint": _FINGERPRINT,
            "choices": [choice] if choice else [],
        }
        if self._with_usage:
            made["usage"] = usage
        if self._padded:
            made["obfuscation"] = pad(choice)
        return Event(data(made), token)

    def _odds(self, pieces: list[str]) -> Body:
        return {"content": odds(pieces, self._top), "refusal": None}


def _piece(index: int, delta: Body, *, logprobs: Body | None = None, finish: str | None = None) -> Body:
    return {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}


def finish_of(said: Reply) -> str:
    return FINISH.get(said.finish, said.finish)


_FINGERPRINT: Final = "fp_5a1e0f7c2d"
