"""The answer of the Responses API: the response object, its output items, and the events in which they arrive."""

from collections.abc import Iterator
from typing import Any, Final

from gateway.simulator.answer import Ask, Reply, Use
from gateway.simulator.odds import odds, pad
from gateway.simulator.outcome import Body, Event, named
from gateway.simulator.request import Request
from gateway.simulator.seal import encrypt

_REASONS: Final = {"length": "max_output_tokens", "filter": "content_filter"}
_Step = tuple[str, Body]


class Writer:
    """Writes the reply to one request, once: every item gets its id when the writer is made."""

    def __init__(self, request: Request, ask: Ask, said: Reply) -> None:
        self._request = request
        self._asked = request.body
        self._ask = ask
        self._said = said
        self._reason = _REASONS.get(said.finish)
        self._status = "incomplete" if self._reason else "completed"
        options = self._asked.get("stream_options") or {}
        self._padded = options.get("include_obfuscation") is not False
        self._include = self._asked.get("include") or []
        self._numbers = iter(range(1_000_000))
        self.id = request.mint.hexadecimal("resp_", 48)
        self.output = list(self._output())

    def whole(self, status: str | None = None) -> Body:
        """The response as it stands at `status`: its end if none is named."""
        asked = self._asked
        ended = status is None
        status = status or self._status
        return {
            "id": self.id,
            "object": "response",
            "created_at": self._request.now,
            "status": status,
            "background": bool(asked.get("background")),
            "billing": {"payer": "developer"},
            "completed_at": self._request.now if status == "completed" else None,
            "error": _FAILURE if status == "failed" else None,
            "frequency_penalty": 0.0,
            "incomplete_details": {"reason": self._reason} if ended and self._reason else None,
            "instructions": asked.get("instructions"),
            "max_output_tokens": asked.get("max_output_tokens"),
            "max_tool_calls": asked.get("max_tool_calls"),
            "model": asked["model"],
            "output": self.output if ended else [],
            "parallel_tool_calls": asked.get("parallel_tool_calls") is not False,
            "presence_penalty": 0.0,
            "previous_response_id": asked.get("previous_response_id"),
            "prompt_cache_key": asked.get("prompt_cache_key"),
            "prompt_cache_retention": None,
            "reasoning": {"effort": None, "summary": None} | (asked.get("reasoning") or {}),
            "safety_identifier": asked.get("safety_identifier"),
            "service_tier": "default" if ended else "auto",
            "store": asked.get("store") is not False,
            "temperature": _or(asked.get("temperature"), 1.0),
            "text": {"format": {"type": "text"}, "verbosity": "medium"} | (asked.get("text") or {}),
            "tool_choice": asked.get("tool_choice") or "auto",
            "tools": asked.get("tools") or [],
            "top_logprobs": asked.get("top_logprobs") or 0,
            "top_p": _or(asked.get("top_p"), 1.0),
            "truncation": asked.get("truncation") or "disabled",
            "usage": self._usage() if ended and self._request.behaviour.usage else None,
            "user": asked.get("user"),
            "metadata": asked.get("metadata") or {},
        }

    def _usage(self) -> Body:
        prompt, said = self._ask.prompt_tokens, self._said.tokens
        return {
            "input_tokens": prompt,
            "input_tokens_details": {
                "cache_write_tokens": 0,
                "cached_tokens": min(self._request.behaviour.cached_tokens, prompt),
            },
            "output_tokens": said,
            "output_tokens_details": {"reasoning_tokens": len(self._said.reasoning)},
            "total_tokens": prompt + said,
        }

    def _output(self) -> Iterator[Body]:
        """The items, whole, in the order in which they are made."""
        mint, said = self._request.mint, self._said
        if said.reasoning:
            yield self._reasoning(mint.hexadecimal("rs_", 48))
        if said.text or said.refusal or not said.tools:
            yield {
                "id": mint.hexadecimal("msg_", 48),
                "type": "message",
                "status": self._status,
                "content": [self._part()],
                "role": "assistant",
            }
        for use in said.tools:
            yield {
                "id": mint.hexadecimal("fc_", 48),
                "type": "function_call",
                "status": self._status,
                "arguments": use.arguments,
                "call_id": mint.alphanumeric("call_"),
                "name": use.name,
            }

    def _reasoning(self, name: str) -> Body:
        thought = "".join(self._said.reasoning)
        made: Body = {"id": name, "type": "reasoning"}
        if "reasoning.encrypted_content" in self._include:
            made["encrypted_content"] = encrypt(self._request, thought)
        wanted = (self._asked.get("reasoning") or {}).get("summary") or self._request.behaviour.reasoning
        return {**made, "summary": [{"type": "summary_text", "text": thought}] if wanted else []}

    def _part(self) -> Body:
        if self._said.refusal:
            return {"type": "refusal", "refusal": "".join(self._said.refusal)}
        logprobs = self._odds(self._said.text)
        return {"type": "output_text", "annotations": [], "logprobs": logprobs, "text": "".join(self._said.text)}

    def _odds(self, pieces: list[str]) -> list[Body]:
        wanted = "message.output_text.logprobs" in self._include
        return odds(pieces, int(self._asked.get("top_logprobs") or 0)) if wanted else []

    def events(self) -> list[Event]:
        """From `response.created` to the terminal event, numbered."""
        frames = [
            self._event("response.created", {"response": self.whole("in_progress")}),
            self._event("response.in_progress", {"response": self.whole("in_progress")}),
        ]
        uses = iter(self._said.tools)
        for index, item in enumerate(self.output):
            for kind, detail in self._steps(item, uses):
                where = {} if kind.startswith("response.output_item") else {"item_id": item["id"]}
                frames.append(self._event(kind, {**where, "output_index": index, **detail}))
        frames.append(self._event(f"response.{self._status}", {"response": self.whole()}))
        return frames

    def broken(self, code: str, message: str, after: int) -> list[bytes]:
        """How the stream says that it failed, if `after` events were sent before."""
        said = {"type": "error", "code": code, "message": message, "param": None, "sequence_number": after}
        failed = {"type": "response.failed", "sequence_number": after + 1, "response": self.whole("failed")}
        return [named(said), named(failed)]

    def _event(self, kind: str, detail: Body) -> Event:
        made = {"type": kind, "sequence_number": next(self._numbers), **detail}
        delta = kind.endswith(".delta")
        if delta and self._padded:
            made["obfuscation"] = pad(detail["delta"])
        return Event(named(made), token=delta)

    def _steps(self, item: Body, uses: Iterator[Use]) -> Iterator[_Step]:
        """The events of one item, without numbers and places."""
        opened = {**item, **_OPENED[item["type"]]}
        if opened.get("encrypted_content"):
            opened["encrypted_content"] = encrypt(self._request, "")
        yield "response.output_item.added", {"item": opened}
        if item["type"] == "message":
            yield from self._message(item["content"][0])
        elif item["type"] == "function_call":
            for piece in next(uses).pieces:
                yield "response.function_call_arguments.delta", {"delta": piece}
            done = {"arguments": item["arguments"], "name": item["name"]}
            yield "response.function_call_arguments.done", done
        elif item["summary"]:
            yield from self._summary(item["summary"][0])
        yield "response.output_item.done", {"item": item}

    def _message(self, part: Body) -> Iterator[_Step]:
        at = {"content_index": 0}
        if part["type"] == "refusal":
            yield "response.content_part.added", {**at, "part": {**part, "refusal": ""}}
            for piece in self._said.refusal:
                yield "response.refusal.delta", {**at, "delta": piece}
            yield "response.refusal.done", {**at, "refusal": part["refusal"]}
        else:
            yield "response.content_part.added", {**at, "part": {**part, "logprobs": [], "text": ""}}
            for piece in self._said.text:
                yield "response.output_text.delta", {**at, "delta": piece, "logprobs": self._odds([piece])}
            yield "response.output_text.done", {**at, "text": part["text"], "logprobs": part["logprobs"]}
        yield "response.content_part.done", {**at, "part": part}

    def _summary(self, part: Body) -> Iterator[_Step]:
        at = {"summary_index": 0}
        yield "response.reasoning_summary_part.added", {**at, "part": {**part, "text": ""}}
        for piece in self._said.reasoning:
            yield "response.reasoning_summary_text.delta", {**at, "delta": piece}
        yield "response.reasoning_summary_text.done", {**at, "text": part["text"]}
        yield "response.reasoning_summary_part.done", {**at, "part": part}


def _or(value: Any, usual: float) -> Any:
    return usual if value is None else value


_OPENED: Final[dict[str, Body]] = {
    "message": {"status": "in_progress", "content": []},
    "function_call": {"status": "in_progress", "arguments": ""},
    "reasoning": {"summary": []},
}
_FAILURE: Final = {"code": "server_error", "message": "The model failed to answer."}
