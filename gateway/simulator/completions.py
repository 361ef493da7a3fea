"""Legacy completions: prompts in, one choice for each of them (times `n`), whole or in chunks."""

from collections.abc import Iterator
from itertools import accumulate
from typing import Any, Final

from gateway.simulator.answer import Ask, Reply, reply
from gateway.simulator.chat import DONE, failure, usages_of, within
from gateway.simulator.errors import RefusalError
from gateway.simulator.outcome import Body, Event, Outcome, data, stream, unary
from gateway.simulator.request import Request
from gateway.simulator.tokens import estimate

_DEFAULT_TOKENS: Final = 16
_FINISH: Final = {"length": "length", "filter": "content_filter"}


def answer(request: Request) -> Outcome:
    """`POST /v1/completions`."""
    asked = request.body
    within(asked, "temperature", 0, 2)
    within(asked, "n", 1, 128)
    stops = asked.get("stop")
    said: list[Reply] = []
    prompts = texts_of(asked.get("prompt", "<|endoftext|>"), "prompt")
    for prompt in prompts:
        ask = Ask(last=prompt, prompt_tokens=0, limit=asked.get("max_tokens", _DEFAULT_TOKENS))
        ask.stops = [stops] if isinstance(stops, str) else stops or []
        said += [_answered(ask, request, index) for index in range(asked.get("n") or 1)]
    usage = usages_of(request, estimate(prompts), said)
    head: Body = {
        "id": request.mint.alphanumeric("cmpl-", 29),
        "object": "text_completion",
        "created": request.now,
        "model": asked["model"],
    }
    if asked.get("stream"):
        return stream(_chunks(request, head, said, usage), [failure(request)])
    choices = [_choice(index, "".join(each.text), each, asked) for index, each in enumerate(said)]
    return unary({**head, "choices": choices, **({"usage": usage[0]} if usage else {})})


def texts_of(given: Any, name: str) -> list[str]:
    """A text, texts, tokens or lists of tokens, as texts; tokens stand for themselves in decimal."""
    if given in ("", [], None):
        raise RefusalError("invalid_request", f"'{name}' must not be empty.", param=name)
    if isinstance(given, str):
        return [given]
    if isinstance(given[0], int):
        return [" ".join(map(str, given))]
    return [each if isinstance(each, str) else " ".join(map(str, each)) for each in given]


def _answered(ask: Ask, request: Request, index: int) -> Reply:
    said = reply(ask, request.behaviour, index)
    if request.body.get("echo"):
        said.text = [ask.last, *said.text]
    return said


def _choice(index: int, text: str, said: Reply, asked: Body, *, ended: bool = True) -> Body:
    pieces = said.text if ended else [text]
    logprobs = _logprobs(pieces) if asked.get("logprobs") is not None and text else None
    finish = _FINISH.get(said.finish, "stop") if ended else None
    return {"text": text, "index": index, "logprobs": logprobs, "finish_reason": finish}


def _logprobs(pieces: list[str]) -> Body:
    return {
        "tokens": pieces,
        "token_logprobs": [-0.125] * len(pieces),
        "top_logprobs": [{piece: -0.125} for piece in pieces],
        "text_offset": [0, *accumulate(len(piece) for piece in pieces[:-1])],
    }


def _chunks(request: Request, head: Body, said: list[Reply], usages: list[Body]) -> list[Event]:
    asked = request.body
    wanted = bool((asked.get("stream_options") or {}).get("include_usage"))
    extra: Body = {"usage": None} if wanted else {}
    frames = [Event(data({**head, "choices": [choice], **extra}), token=True) for choice in _turns(said, asked)]
    if wanted:
        frames += [Event(data({**head, "choices": [], "usage": usage})) for usage in usages]
    return [*frames, Event(DONE)]


def _turns(said: list[Reply], asked: Body) -> Iterator[Body]:
    """The pieces of all choices in turn, and behind each one's last piece its end."""
    for at in range(max(len(each.text) for each in said) + 1):
        for index, each in enumerate(said):
            if at < len(each.text):
                yield _choice(index, each.text[at], each, asked, ended=False)
            elif at == len(each.text):
                yield _choice(index, "", each, asked)
