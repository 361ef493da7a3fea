"""The request of the Responses API, read as strictly as the vendor does."""

from typing import Any

from gateway.simulator.answer import Ask, Tool
from gateway.simulator.errors import RefusalError
from gateway.simulator.outcome import Body
from gateway.simulator.request import Request
from gateway.simulator.seal import encrypted
from gateway.simulator.tokens import estimate


def conversation(request: Request) -> tuple[list[Body], list[Body]]:
    """The items before this request (of the stored response that it continues) and its own, each complete."""
    own = [_completed(request, item) for item in _items(request.body.get("input"))]
    previous = request.body.get("previous_response_id")
    if previous is None:
        return [], own
    kept = request.shelf.find(previous)
    if kept is None:
        text = f"Previous response with id '{previous}' not found."
        raise RefusalError("invalid_request", text, param="previous_response_id", code="previous_response_not_found")
    return [*kept.items, *kept.body["output"]], own


def _items(given: Any) -> list[Body]:
    if given is None:
        raise RefusalError("missing_parameter", "The parameter 'input' is missing.", param="input")
    return [{"role": "user", "content": given}] if isinstance(given, str) else list(given)


def _completed(request: Request, item: Body) -> Body:
    """An item as the vendor stores it: with type, id and typed content."""
    if item.get("type") == "item_reference":
        stored = request.shelf.item(item.get("id"))
        if stored is None:
            raise RefusalError("not_found", f"Item with id '{item.get('id')}' not found.", param="input")
        return stored
    kind = item.get("type") or "message"
    if kind != "message":
        prefix = {"function_call": "fc_", "function_call_output": "fco_", "reasoning": "rs_"}.get(kind, "item_")
        return {"id": request.mint.hexadecimal(prefix, 48), **item}
    content = item["content"]
    if isinstance(content, str):
        text = "output_text" if item["role"] == "assistant" else "input_text"
        content = [{"type": text, "text": content}]
    named = item.get("id") or request.mint.hexadecimal("msg_", 48)
    return {"id": named, "type": "message", "status": "completed", "content": content, "role": item["role"]}


def read(request: Request, before: list[Body], own: list[Body]) -> Ask:
    """What is asked, in the light of the conversation."""
    asked = request.body
    everything = [*before, *own]
    _check(request, everything)
    texts = [_text(item.get("content")) or str(item.get("output") or "") for item in everything]
    spoken = [text for item, text in zip(everything, texts, strict=True) if text and item.get("role") == "user"]
    prompt = estimate([str(asked.get("instructions") or ""), *texts]) + 3 * len(texts)
    ask = Ask(last=spoken.pop() if spoken else "", prompt_tokens=prompt, before=spoken)
    if everything and everything[-1].get("type") == "function_call_output":
        ask.heard = texts[-1]
    ask.limit = _limit(asked)
    ask.thinking = (asked.get("reasoning") or {}).get("effort") not in {None, "none", "minimal"}
    shape = (asked.get("text") or {}).get("format") or {}
    ask.schema = shape.get("schema") if shape.get("type") == "json_schema" else None
    _read_tools(asked, ask)
    return ask


def _limit(asked: Body) -> int | None:
    limit: int | None = asked.get("max_output_tokens")
    if limit is not None and limit < 16:
        text = "'max_output_tokens' must be at least 16."
        raise RefusalError("invalid_request", text, param="max_output_tokens", code="integer_below_min_value")
    return limit


def _read_tools(asked: Body, ask: Ask) -> None:
    functions = [tool for tool in asked.get("tools") or [] if tool.get("type") == "function"]
    ask.tools = [Tool(str(tool["name"]), tool.get("parameters") or {"type": "object"}) for tool in functions]
    ask.parallel = asked.get("parallel_tool_calls") is not False
    choice = asked.get("tool_choice")
    ask.forbid_tools = choice == "none"
    if choice == "required":
        ask.force = "*"
    elif isinstance(choice, dict):
        ask.force = choice.get("name")


def _check(request: Request, items: list[Body]) -> None:
    """What the vendor refuses: results without a call, and encrypted content that is not its own."""
    called = {item.get("call_id") for item in items if item.get("type") == "function_call"}
    for item in items:
        if item.get("type") == "function_call_output" and item.get("call_id") not in called:
            text = f"No tool call found for the output with call_id {item.get('call_id')}."
            raise RefusalError("invalid_request", text, param="input")
        content = item.get("encrypted_content") if item.get("type") == "reasoning" else None
        if content and not encrypted(request, content):
            text = "The encrypted content of a reasoning item could not be verified."
            raise RefusalError("invalid_request", text, code="invalid_encrypted_content")


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(str(part.get("text") or "") for part in parts if isinstance(part, dict))
