"""The `openai` SDK, sync and async: every call gives through the gateway what it gives straight at the upstream."""

from typing import Any

import openai
import pytest

from tests.contract.sdk_scripts import Scripts, Trip, same_through_both
from tests.support.gatewayprocess import GatewayProcess
from tests.support.simulation import Simulation, events, result

SAID = "안녕하세요, 오늘 날씨 어때요? 🙂"
_PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
_USER: Any = [{"role": "user", "content": SAID}]
_SEEN: Any = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": SAID},
            {"type": "image_url", "image_url": {"url": _PIXEL, "detail": "low"}},
        ],
    }
]
_LOOKED: Any = [
    {
        "role": "user",
        "content": [
            {"type": "input_text", "text": SAID},
            {"type": "input_image", "image_url": _PIXEL, "detail": "low"},
        ],
    }
]
_SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
_TOOLS: Any = [
    {"type": "function", "function": {"name": name, "parameters": _SCHEMA}} for name in ("weather", "forecast")
]
_FLAT: Any = [{"type": "function", "strict": False, **tool["function"]} for tool in _TOOLS]
_BATCH = b'{"custom_id": "a", "method": "POST", "url": "/v1/embeddings", "body": {"model": "demo", "input": "x"}}\n'
_SOUND = b"RIFF\x00\xff\r\n--\r\n" * 100


script = Scripts()


async def _streamed(manager: Any) -> list[Any]:
    """The events of a stream helper and what it gathered in the end."""
    if hasattr(manager, "__aenter__"):
        async with manager as stream:
            seen = [event async for event in stream]
            return [
                *map(_plain, seen),
                await (getattr(stream, "get_final_completion", None) or stream.get_final_response)(),
            ]
    with manager as stream:
        seen = list(stream)
        return [*map(_plain, seen), (getattr(stream, "get_final_completion", None) or stream.get_final_response)()]


def _plain(event: Any) -> Any:
    return event.model_dump(exclude={"snapshot"}, warnings=False)


@script
async def chat(client: Any) -> Any:
    return await result(client.chat.completions.create(model="demo", messages=_USER))


@script
async def chat_with_an_image_tools_and_choices(client: Any) -> Any:
    asked: Any = {"model": "demo", "messages": _SEEN, "tools": _TOOLS, "n": 2, "logprobs": True, "seed": 1}
    return [
        await result(client.chat.completions.create(**asked, tool_choice="none")),
        await result(client.chat.completions.create(**asked, tool_choice="required", parallel_tool_calls=False)),
        await events(client.chat.completions.create(**asked, tool_choice="none", stream=True)),
    ]


@script
async def chat_streamed_by_the_helper(client: Any) -> Any:
    text = await _streamed(client.chat.completions.stream(model="demo", messages=_USER))
    asked: Any = [{"role": "user", "content": "Use all tools please"}]
    tools = [{"type": "function", "function": {**tool["function"], "strict": True}} for tool in _TOOLS]
    return text, await _streamed(client.chat.completions.stream(model="demo", messages=asked, tools=tools))


@script
async def chat_parsed(client: Any) -> Any:
    made = await result(client.chat.completions.parse(model="demo", messages=_USER, response_format=Trip))
    assert isinstance(made.choices[0].message.parsed, Trip)
    streamed = await _streamed(client.chat.completions.stream(model="demo", messages=_USER, response_format=Trip))
    assert isinstance(streamed[-1].choices[0].message.parsed, Trip)
    return made, streamed


@script
async def completions(client: Any) -> Any:
    asked: Any = {"model": "demo", "prompt": [SAID, "b"], "n": 2, "echo": True, "logprobs": 1}
    return [
        await result(client.completions.create(**asked)),
        await events(client.completions.create(**asked, stream=True)),
    ]


@script
async def embeddings(client: Any) -> Any:
    return [
        await result(client.embeddings.create(model="demo", input=[SAID, "b"], dimensions=8)),
        await result(client.embeddings.create(model="demo", input=SAID, encoding_format="base64")),
    ]


@script
async def moderations(client: Any) -> Any:
    return [
        await result(client.moderations.create(model="demo", input=[SAID, "violence"])),
        await result(client.moderations.create(input=[SAID, "violence"])),
        await result(client.moderations.create(input=SAID, extra_body={"model": None})),
    ]


@script
async def responses(client: Any) -> Any:
    return [
        await result(
            client.responses.create(model="demo", input=_LOOKED, instructions="Be brief", metadata={"a": "b"})
        ),
        await events(client.responses.create(model="demo", input=SAID, stream=True, store=False)),
        await result(client.responses.create(model="demo", input="Use all tools please", tools=_FLAT)),
    ]


@script
async def responses_streamed_by_the_helper(client: Any) -> Any:
    text = await _streamed(client.responses.stream(model="demo", input=SAID, reasoning={"effort": "low"}))
    return text, await _streamed(client.responses.stream(model="demo", input="Use all tools please", tools=_FLAT))


@script
async def responses_parsed(client: Any) -> Any:
    made = await result(client.responses.parse(model="demo", input=SAID, text_format=Trip))
    assert isinstance(made.output_parsed, Trip)
    return made


@script
async def responses_stored(client: Any) -> Any:
    first = await result(client.responses.create(model="demo", input="one"))
    second = await result(client.responses.create(model="demo", input="recall", previous_response_id=first.id))
    assert second.previous_response_id == first.id
    found = await result(client.responses.retrieve(second.id))
    assert found.id == second.id
    items = await result(client.responses.input_items.list(second.id, order="asc", limit=3))
    again = await events(client.responses.retrieve(second.id, stream=True, starting_after=1))
    await result(client.responses.delete(second.id))
    with pytest.raises(openai.NotFoundError):
        await result(client.responses.retrieve(second.id))
    return first, second, found, items, again


@script
async def responses_in_the_background(client: Any) -> Any:
    queued = await result(client.responses.create(model="demo", input="x", background=True))
    cancelled = await result(client.responses.cancel(queued.id))
    waiting = await result(client.responses.create(model="demo", input="x", background=True))
    return queued, cancelled, await result(client.responses.retrieve(waiting.id))


@script
async def images(client: Any) -> Any:
    picture = ("그림.png", b"\x89PNG\r\n\x1a\n", "image/png")
    return [
        await result(client.images.generate(model="demo", prompt=SAID, n=2)),
        await result(client.images.edit(model="demo", image=picture, mask=picture, prompt=SAID)),
        await result(client.images.edit(model="demo", image=[picture, picture], prompt=SAID, n=2)),
        await result(client.images.create_variation(model="demo", image=picture, n=3)),
    ]


@script
async def speech(client: Any) -> Any:
    whole = await result(client.audio.speech.create(model="demo", voice="alloy", input=SAID))
    asked = client.audio.speech.with_streaming_response.create(model="demo", voice="alloy", input=SAID)
    if hasattr(asked, "__aenter__"):
        async with asked as answer:
            pieces = b"".join([piece async for piece in answer.iter_bytes()])
    else:
        with asked as answer:
            pieces = b"".join(answer.iter_bytes())
    assert pieces == whole.content
    return whole.content.hex(), whole.response.headers["content-type"]


@script
async def sound(client: Any) -> Any:
    file = ("소리.wav", _SOUND, "audio/wav")
    return [
        await result(client.audio.transcriptions.create(model="demo", file=file, language="ko")),
        await result(client.audio.transcriptions.create(model="demo", file=file, response_format="text")),
        await events(client.audio.transcriptions.create(model="demo", file=file, stream=True)),
        await result(client.audio.translations.create(model="demo", file=file)),
    ]


@script
async def files_and_batches(client: Any) -> Any:
    file = await result(client.files.create(file=("묶음.jsonl", _BATCH), purpose="batch"))
    content = await result(client.files.content(file.id))
    asked: Any = {"endpoint": "/v1/embeddings", "completion_window": "24h", "metadata": {"a": "b"}}
    batch = await result(client.batches.create(input_file_id=file.id, **asked))
    done = await result(client.batches.retrieve(batch.id))
    output = await result(client.files.content(done.output_file_id))
    other = await result(client.batches.create(input_file_id=file.id, **asked))
    cancelled = await result(client.batches.cancel(other.id))
    found = await result(client.files.retrieve(file.id))
    gone = await result(client.files.delete(file.id))
    with pytest.raises(openai.NotFoundError):
        await result(client.files.retrieve(file.id))
    return file, content.text, batch, done, len(output.content), cancelled, found, gone


@script
async def rerank(client: Any) -> Any:
    asked = {"model": "demo", "query": "cat", "documents": ["dog", "a cat", "fish"], "top_n": 2}
    return await result(client.post("/rerank", body=asked, cast_to=object))


@pytest.mark.parametrize("kind", [openai.OpenAI, openai.AsyncOpenAI], ids=["sync", "async"])
@pytest.mark.parametrize("name", script.keys())
async def test_a_call_gives_what_it_gives_without_the_gateway(
    name: str, kind: Any, behind: Simulation, gateway: GatewayProcess
) -> None:
    await same_through_both(script[name], kind, behind.v1, gateway.v1)
