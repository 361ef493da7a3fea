"""Anthropic Messages: the request read as strictly as the vendor does, the answer written whole or as events."""

from collections.abc import Iterator
from typing import Any, Final

from msgspec import DecodeError, json

from gateway.simulator.answer import Ask, Reply, Tool, reply
from gateway.simulator.errors import RefusalError, body
from gateway.simulator.outcome import Body, Event, Outcome, named, stream, unary
from gateway.simulator.request import Request
from gateway.simulator.seal import sign, signed
from gateway.simulator.tokens import estimate

STOP_REASONS: Final = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tools": "tool_use",
    "filter": "refusal",
    "refusal": "refusal",
    "stop_sequence": "stop_sequence",
}


def answer(request: Request) -> Outcome:
    """`POST /v1/messages`."""
    if not isinstance(request.body.get("max_tokens"), int):
        raise _missing("max_tokens")
    ask = _read(request)
    writer = _Writer(request, ask, reply(ask, request.behaviour))
    if request.body.get("stream"):
        broken = named(body("anthropic", RefusalError(request.behaviour.error or "overloaded"), request.id))
        return stream(writer.events(), [broken])
    return unary(writer.whole())


def count_tokens(request: Request) -> Outcome:
    """`POST /v1/messages/count_tokens`."""
    return unary({"input_tokens": _read(request).prompt_tokens})


def _missing(name: str) -> RefusalError:
    return RefusalError("invalid_request", f"{name}: the field is required")


def _read(request: Request) -> Ask:
    asked = request.body
    messages = asked.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _missing("messages")
    temperature = asked.get("temperature")
    if temperature is not None and not 0 <= temperature <= 1:
        raise RefusalError("invalid_request", "temperature: must be between 0 and 1")
    for at, message in enumerate(messages):
        _check(request, messages, at, message)
    texts = [_text(message["content"]) for message in messages]
    spoken = [text for message, text in zip(messages, texts, strict=True) if text and message["role"] == "user"]
    prompt = estimate([_text(asked.get("system") or ""), *texts])
    ask = Ask(last=spoken.pop() if spoken else "", prompt_tokens=prompt)
    ask.before = spoken
    results = [part for part in _parts(messages[-1]["content"]) if part.get("type") == "tool_result"]
    if results:
        ask.heard = " ".join(_text(part.get("content") or "") for part in results)
    ask.limit = asked.get("max_tokens")
    ask.stops = asked.get("stop_sequences") or []
    _read_tools(asked, ask)
    _read_thinking(asked, ask)
    shape = (asked.get("output_config") or {}).get("format") or asked.get("output_format") or {}
    ask.schema = shape.get("schema") if shape.get("type") == "json_schema" else None
    return ask


def _check(request: Request, messages: list[Body], at: int, message: Body) -> None:
    """What the vendor refuses in one message: roles, empty text, results without a call, changed signatures."""
    if message.get("role") not in {"user", "assistant"}:
        raise RefusalError("invalid_request", f"messages.{at}.role: must be 'user' or 'assistant'")
    if not isinstance(message.get("content"), str | list):
        raise _missing(f"messages.{at}.content")
    called = {part.get("id") for part in _parts(messages[at - 1]["content"])} if at else set()
    for number, part in enumerate(_parts(message["content"])):
        where = f"messages.{at}.content.{number}"
        kind = part.get("type")
        if kind == "text" and not part.get("text"):
            raise RefusalError("invalid_request", f"{where}: text blocks must not be empty")
        if kind == "tool_result" and part.get("tool_use_id") not in called:
            raise RefusalError("invalid_request", f"{where}: no tool_use with this id in the message before")
        if kind == "thinking" and not signed(request, str(part.get("thinking")), part.get("signature")):
            raise RefusalError("invalid_request", f"{where}: invalid signature in a thinking block")


def _read_tools(asked: Body, ask: Ask) -> None:
    for at, tool in enumerate(asked.get("tools") or []):
        if "input_schema" in tool:
            ask.tools.append(Tool(str(tool["name"]), tool["input_schema"]))
        elif tool.get("type") in {None, "custom"}:
            raise _missing(f"tools.{at}.input_schema")
    choice = asked.get("tool_choice") or {}
    ask.parallel = not choice.get("disable_parallel_tool_use")
    ask.forbid_tools = choice.get("type") == "none"
    ask.force = {"any": "*", "tool": choice.get("name")}.get(choice.get("type", ""))


def _read_thinking(asked: Body, ask: Ask) -> None:
    thinking = asked.get("thinking") or {}
    ask.thinking = thinking.get("type") in {"enabled", "adaptive"}
    if thinking.get("type") != "enabled":
        return
    budget = thinking.get("budget_tokens")
    if not isinstance(budget, int) or budget < 1024:
        raise RefusalError("invalid_request", "thinking.enabled.budget_tokens: must be at least 1024")
    if budget >= asked.get("max_tokens", budget + 1):
        raise RefusalError("invalid_request", "max_tokens: must be greater than thinking.budget_tokens")
    if ask.force:
        raise RefusalError("invalid_request", "thinking cannot be enabled while tool_choice demands a tool")


def _parts(content: Any) -> list[Body]:
    return [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text") or "") for part in _parts(content))


class _Writer:
    """Writes the reply to one request."""

    def __init__(self, request: Request, ask: Ask, said: Reply) -> None:
        self._said = said
        self._request = request
        self._calls = [request.mint.alphanumeric("toolu_01", 22) for _ in said.tools]
        self._usage = request.behaviour.usage
        self._cached = min(request.behaviour.cached_tokens, ask.prompt_tokens)
        self._prompt = ask.prompt_tokens - self._cached
        self._message: Body = {
            "model": request.body["model"],
            "id": request.mint.alphanumeric("msg_01", 22),
            "type": "message",
            "role": "assistant",
        }

    def whole(self) -> Body:
        content = [{**block, **sums} for block, _, sums in self._blocks()]
        made = {**self._message, "content": content, **self._ending()}
        return {**made, "usage": self._full_usage(self._said.tokens)} if self._usage else made

    def _ending(self) -> Body:
        return {"stop_reason": STOP_REASONS[self._said.finish], "stop_sequence": self._said.stop}

    def _full_usage(self, tokens: int) -> Body:
        return {
            "input_tokens": self._prompt,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": self._cached,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
            "output_tokens": tokens,
            "service_tier": "standard",
        }

    def _blocks(self) -> Iterator[tuple[Body, list[Body], Body]]:
        """Each content block as it opens, its deltas, and the fields that these add up to."""
        said = self._said
        if said.reasoning:
            thought = "".join(said.reasoning)
            signature = sign(self._request, thought)
            deltas: list[Body] = [{"type": "thinking_delta", "thinking": piece} for piece in said.reasoning]
            deltas.append({"type": "signature_delta", "signature": signature})
            opened = {"type": "thinking", "thinking": "", "signature": ""}
            yield opened, deltas, {"thinking": thought, "signature": signature}
        text = said.text or said.refusal
        if text:
            deltas = [{"type": "text_delta", "text": piece} for piece in text]
            yield {"type": "text", "text": ""}, deltas, {"text": "".join(text)}
        for call, use in zip(self._calls, said.tools, strict=True):
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *use.pieces]]
            called: Body = {"type": "tool_use", "id": call, "name": use.name, "input": {}}
            yield called, deltas, {"input": _decoded(use.arguments)}

    def events(self) -> list[Event]:
        start = {**self._message, "content": [], "stop_reason": None, "stop_sequence": None}
        if self._usage:
            start["usage"] = self._full_usage(1)
        frames = [Event(named({"type": "message_start", "message": start}))]
        for index, (block, deltas, _) in enumerate(self._blocks()):
            opened = {"type": "content_block_start", "index": index, "content_block": block}
            frames.append(Event(named(opened), token=block["type"] == "tool_use"))
            if index == 0:
                frames.append(Event(named({"type": "ping"})))
            frames += [
                Event(named({"type": "content_block_delta", "index": index, "delta": delta}), token=True)
                for delta in deltas
            ]
            frames.append(Event(named({"type": "content_block_stop", "index": index})))
        end: Body = {"type": "message_delta", "delta": self._ending()}
        if self._usage:
            caches = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": self._cached}
            end["usage"] = {"input_tokens": self._prompt, **caches, "output_tokens": self._said.tokens}
        return [*frames, Event(named(end)), Event(named({"type": "message_stop"}))]


def _decoded(arguments: str) -> Any:
    """A tool's input; what was cut off or is no JSON leaves an empty one, as with the vendor."""
    try:
        return json.decode(arguments)
    except DecodeError:
        return {}
