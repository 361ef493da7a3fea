"""Neutral requests and answers for property tests of the dialects.

What one dialect can say differs from another's, so the strategies take their parts as arguments; `chat_*` are those of chat
completions. Everything is canonical: equal meaning has one form, so that reading what was written gives an equal value.
"""

import base64
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gateway.wire.neutral import (
    Answer,
    Audio,
    Choice,
    File,
    Finish,
    Format,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Usage,
)

_TELLING = (
    "",
    "안녕하세요, 해치입니다.",
    "🦁🇰🇷👩‍👩‍👧",
    'quote " backslash \\ newline \n tab \t',
    "data: [DONE]\n\n",
    '{"usage": 1}',
    "\ufeff\u2028\u2029\x00\x7f",
    "가" * 3_000,
)


@cache
def texts() -> SearchStrategy[str]:
    """Any text JSON can carry: Korean, emoji, control characters, empty, long; no lone surrogates."""
    return st.sampled_from(_TELLING) | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@cache
def full_texts() -> SearchStrategy[str]:
    return texts().filter(bool)


@cache
def names() -> SearchStrategy[str]:
    return st.text("abcXYZ019_-", min_size=1, max_size=8)


_OBJECTS: tuple[dict[str, Any], ...] = (
    {},
    {"type": "ephemeral", "ttl": "1h"},
    {
        "type": "object",
        "properties": {"도시": {"type": ["string", "null"]}},
        "required": ["도시"],
        "additionalProperties": False,
    },
    {"deep": [[{"er": [1, 2.5, -3, True, None, "🦁"]}]], "": ""},
)


@cache
def json_objects() -> SearchStrategy[dict[str, Any]]:
    return st.sampled_from(_OBJECTS) | st.dictionaries(names(), texts() | st.integers(-(2**53), 2**53), max_size=2)


@cache
def base64_texts() -> SearchStrategy[str]:
    return st.binary(max_size=30).map(lambda raw: base64.b64encode(raw).decode())


def extras(*fixed: str) -> SearchStrategy[dict[str, Any]]:
    """Mostly none; else a cache marker or what else is in `fixed`, as a field that nobody models."""
    marked = st.dictionaries(st.sampled_from(("cache_control", *fixed)), json_objects(), max_size=2)
    return st.just({}) | marked


# --- parts -----------------------------------------------------------------------------------------------------------


@cache
def text_parts() -> SearchStrategy[Text]:
    return st.builds(Text, text=texts(), extras=extras())


@cache
def images() -> SearchStrategy[Image]:
    detail = st.none() | st.sampled_from(("low", "high", "auto"))
    linked = st.builds(
        Image, url=st.sampled_from(("https://example.com/a.png", "https://example.com/나.png")), detail=detail
    )
    media_type = st.sampled_from(("image/png", "image/jpeg", "image/webp"))
    return linked | st.builds(Image, data=base64_texts(), media_type=media_type, detail=detail, extras=extras())


@cache
def files() -> SearchStrategy[File]:
    named = st.none() | st.just("보고서.pdf")
    held = st.builds(File, data=base64_texts(), media_type=st.just("application/pdf"), filename=named)
    return held | st.builds(File, file_id=names())


@cache
def audios() -> SearchStrategy[Audio]:
    return st.builds(Audio, data=base64_texts(), format=st.sampled_from(("wav", "mp3")))


@cache
def arguments() -> SearchStrategy[str]:
    """JSON text as a model writes it, a broken one too, and a very long one."""
    escaped = st.sampled_from(
        ('{"city": "\\uc11c\\uc6b8", "at": "\\ud83e\\udd81"}', "{", "", '{"blob": "' + "x" * 50_000 + '"}')
    )
    return escaped | texts()


def tool_calls(call_ids: SearchStrategy[str] | None = None) -> SearchStrategy[ToolCall]:
    return st.builds(ToolCall, id=call_ids or names(), name=names(), arguments=arguments(), custom=st.booleans())


# --- requests --------------------------------------------------------------------------------------------------------


@st.composite
def conversations(
    draw: st.DrawFn,
    *,
    heads: SearchStrategy[list[Message]],
    asked: SearchStrategy[Part],
    said: SearchStrategy[list[Part]],
    result_part: SearchStrategy[Any],
    name: SearchStrategy[str | None],
) -> list[Message]:
    """System turns, then user and assistant in turn. Tool results answer exactly the calls of the turn before them."""
    turns = draw(heads)
    open_calls: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        results: list[Part] = [
            ToolResult(call_id=call_id, parts=draw(st.lists(result_part, min_size=1, max_size=2)))
            for call_id in open_calls
        ]
        words = draw(st.lists(asked, min_size=0 if results else 1, max_size=3))
        turns.append(Message(role="user", parts=[*results, *words], name=None if results else draw(name)))
        spoken = draw(said)
        calls = draw(st.lists(tool_calls(), max_size=2, unique_by=lambda call: call.id))
        if not spoken and not calls:
            break
        turns.append(Message(role="assistant", parts=[*spoken, *calls]))
        open_calls = [call.id for call in calls]
    return turns


def heads(*roles: str) -> SearchStrategy[list[Message]]:
    parts = st.lists(text_parts(), min_size=1, max_size=2)
    return st.lists(st.builds(Message, role=st.sampled_from(roles), parts=parts), max_size=2)


@cache
def tools() -> SearchStrategy[list[Tool]]:
    maybe_text = st.none() | texts()
    function = st.builds(
        Tool,
        name=names(),
        description=maybe_text,
        parameters=st.none() | json_objects(),
        strict=st.none() | st.booleans(),
        extras=extras(),
    )
    custom = st.builds(Tool, name=names(), description=maybe_text, custom=st.just(True))
    return st.lists(function | custom, max_size=3, unique_by=lambda tool: tool.name)


@cache
def formats() -> SearchStrategy[Format]:
    schema = st.builds(
        Format,
        kind=st.just("schema"),
        name=names(),
        schema=st.none() | json_objects(),
        strict=st.none() | st.booleans(),
        description=st.none() | texts(),
    )
    return schema | st.sampled_from((Format(kind="text"), Format(kind="json")))


def tool_choices(declared: list[Tool]) -> SearchStrategy[ToolChoice | None]:
    plain = st.sampled_from((None, ToolChoice(mode="auto"), ToolChoice(mode="none"), ToolChoice(mode="required")))
    if not declared:
        return plain
    return plain | st.sampled_from([ToolChoice(mode="tool", name=tool.name) for tool in declared])


def _maybe(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.none() | strategy


def _numbers(low: float, high: float) -> SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False).map(lambda number: number + 0.0)


@cache
def settings() -> SearchStrategy[dict[str, Any]]:
    """Fields of a request that stand for themselves, each there or not."""
    effort = st.sampled_from(("minimal", "low", "medium", "high")).map(lambda word: Thinking(effort=word))
    wide = st.integers(-(2**53), 2**53)
    return st.fixed_dictionaries(
        {},
        optional={
            "parallel_tools": st.booleans(),
            "max_tokens": st.integers(1, 10**6),
            "temperature": _numbers(0, 2),
            "top_p": _numbers(0, 1),
            "top_k": st.integers(1, 500),
            "stop": st.lists(texts(), max_size=4),
            "n": st.integers(1, 3),
            "seed": wide,
            "presence_penalty": _numbers(-2, 2),
            "frequency_penalty": _numbers(-2, 2),
            "logit_bias": st.dictionaries(st.integers(0, 10**5).map(str), st.integers(-100, 100), max_size=3),
            "logprobs": st.booleans(),
            "top_logprobs": st.integers(0, 20),
            "format": formats(),
            "thinking": effort | st.just(Thinking(effort="none", enabled=False)),
            "user": texts(),
            "metadata": st.dictionaries(names(), texts(), max_size=2),
            "service_tier": st.sampled_from(("auto", "default", "flex")),
        },
    )


@cache
@st.composite
def chat_requests(draw: st.DrawFn) -> Request:
    """Every request that the chat dialect can say, in its canonical neutral form."""
    declared = draw(tools())
    stream, counted = draw(st.sampled_from(((False, False), (True, False), (True, True))))
    return Request(
        dialect="chat",
        model=draw(names()),
        messages=draw(_chat_conversations()),
        tools=declared,
        hosted=draw(st.just([]) | st.just([{"type": "web_search", "search_context_size": "low"}])),
        tool_choice=draw(tool_choices(declared)),
        stream=stream,
        include_usage=counted,
        extras=draw(
            st.dictionaries(st.sampled_from(("prediction", "guided_json", "x_vendor")), json_objects(), max_size=2)
        ),
        **draw(settings()),
    )


@cache
def _chat_conversations() -> SearchStrategy[list[Message]]:
    return conversations(
        heads=heads("system", "developer"),
        asked=st.one_of(text_parts(), images(), files(), audios()),
        said=chat_said(),
        result_part=text_parts(),
        name=_maybe(names()),
    )


@cache
@st.composite
def chat_said(draw: st.DrawFn) -> list[Part]:
    """Reasoning, content, refusal in the order in which chat holds them."""
    parts: list[Part] = []
    if draw(st.booleans()):
        parts.append(Reasoning(text=draw(full_texts()), origin="chat"))
    parts += draw(st.lists(text_parts(), max_size=2))
    if draw(st.booleans()):
        parts.append(Refusal(text=draw(texts())))
    return parts


# --- answers ---------------------------------------------------------------------------------------------------------


@cache
def usages() -> SearchStrategy[Usage]:
    count = st.integers(0, 10**6)
    details: SearchStrategy[dict[str, Any]] = st.just({}) | st.just(
        {"prompt_tokens_details": {"audio_tokens": 3}, "cost": 0.5}
    )
    return st.builds(
        Usage,
        input_tokens=count,
        output_tokens=count,
        cached_tokens=count,
        cache_write_tokens=count,
        reasoning_tokens=count,
        estimated=st.booleans(),
        extras=details,
    )


@cache
def chat_logprobs() -> SearchStrategy[dict[str, Any]]:
    token = st.fixed_dictionaries(
        {"token": texts(), "logprob": st.floats(-9, 0), "bytes": st.none(), "top_logprobs": st.just([])}
    )
    return st.fixed_dictionaries({"content": st.lists(token, min_size=1, max_size=3), "refusal": st.none()})


_FINISHES: tuple[Finish, ...] = ("stop", "length", "tool_calls", "content_filter")


@st.composite
def chat_choices(draw: st.DrawFn, index: int) -> Choice:
    """A choice that a stream can say too: no empty runs of text, one run of each kind."""
    parts: list[Part] = []
    if draw(st.booleans()):
        parts.append(Reasoning(text=draw(full_texts()), origin="chat"))
    if draw(st.booleans()):
        notes: dict[str, Any] = draw(
            st.sampled_from(
                ({}, {"annotations": [{"type": "url_citation", "url_citation": {"url": "u", "start_index": 0}}]})
            )
        )
        parts.append(Text(text=draw(full_texts()), extras=notes))
    if draw(st.booleans()):
        parts.append(Refusal(text=draw(full_texts())))
    calls: list[ToolCall] = draw(st.lists(tool_calls(), max_size=3, unique_by=lambda call: call.id))
    met = draw(_maybe(st.just("끝")))
    finish: Finish = "stop_sequence" if met else draw(st.sampled_from(_FINISHES))
    logprobs = draw(_maybe(chat_logprobs()))
    held = draw(st.just({}) | st.just({"content_filter_results": {"hate": {"filtered": False}}}))
    return Choice(index=index, parts=[*parts, *calls], finish=finish, stop_sequence=met, logprobs=logprobs, extras=held)


@cache
@st.composite
def chat_answers(draw: st.DrawFn) -> Answer:
    return Answer(
        id=draw(names()),
        model=draw(names()),
        created=draw(st.integers(0, 2**40)),
        choices=[draw(chat_choices(index)) for index in range(draw(st.integers(1, 3)))],
        usage=draw(_maybe(usages())),
        extras=draw(st.just({}) | st.just({"system_fingerprint": "fp_1", "service_tier": "default"})),
    )
