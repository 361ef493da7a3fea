"""The `openai` SDK, sync and async, talks to the simulator's small endpoints directly."""

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from msgspec import json

from tests.support.simulation import Simulation, close, events, result


@pytest.fixture(params=[openai.OpenAI, openai.AsyncOpenAI], ids=["sync", "async"])
async def client(request: pytest.FixtureRequest, simulation: Simulation) -> AsyncIterator[Any]:
    made = request.param(base_url=simulation.v1, api_key="sk-test", max_retries=0)
    yield made
    await close(made)


async def test_completions_answer_whole_and_in_chunks(client: Any) -> None:
    asked = {"model": "demo", "prompt": ["one", "둘"], "echo": True, "logprobs": 1}
    whole = await result(client.completions.create(**asked))
    assert [choice.text for choice in whole.choices] == ["oneYou said: one", "둘You said: 둘"]
    assert "".join(whole.choices[0].logprobs.tokens) == whole.choices[0].text
    chunks = await events(client.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    for index, choice in enumerate(whole.choices):
        mine = [each for chunk in chunks for each in chunk.choices if each.index == index]
        assert "".join(each.text for each in mine) == choice.text
        assert mine[-1].finish_reason == "stop"
    assert chunks[-1].usage == whole.usage


async def test_a_legacy_completion_has_sixteen_tokens(client: Any) -> None:
    made = await result(client.completions.create(model="demo", prompt="word " * 30))
    assert made.choices[0].finish_reason == "length"
    assert made.usage.completion_tokens == 16


async def test_embeddings_are_the_same_in_both_encodings(client: Any) -> None:
    texts = ["a red fox", "a red hen", "달력"]
    packed = await result(client.embeddings.create(model="demo", input=texts, dimensions=64))
    plain = await result(client.embeddings.create(model="demo", input=texts, dimensions=64, encoding_format="float"))
    vectors = [each.embedding for each in plain.data]
    assert vectors == [each.embedding for each in packed.data]
    assert [len(vector) for vector in vectors] == [64] * 3
    assert all(abs(sum(value * value for value in vector) - 1) < 1e-5 for vector in vectors)
    near, far = (sum(a * b for a, b in zip(vectors[0], other, strict=True)) for other in vectors[1:])
    assert near > far


@pytest.mark.parametrize("dimensions", [True, False, 0, -1, 4097, 1.5, "64", [64]])
async def test_dimensions_that_are_no_such_number_are_refused(client: Any, dimensions: Any) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await result(client.embeddings.create(model="demo", input="a", extra_body={"dimensions": dimensions}))
    assert caught.value.param == "dimensions"
    with pytest.raises(openai.BadRequestError):
        await result(client.embeddings.create(model="demo", input=""))


async def test_moderations_flag_one_word(client: Any) -> None:
    made = await result(client.moderations.create(input=["fine", "violence"]))
    assert [each.flagged for each in made.results] == [False, True]
    assert made.results[1].categories.violence


async def test_models_are_those_of_the_script(client: Any, simulation: Simulation) -> None:
    simulation.play({"offers": ["one", "two/three"]})
    assert [model.id for model in (await result(client.models.list())).data] == ["one", "two/three"]
    assert (await result(client.models.retrieve("two/three"))).id == "two/three"
    with pytest.raises(openai.NotFoundError):
        await result(client.models.retrieve("three"))


async def test_files_come_back_as_they_went(client: Any) -> None:
    content = bytes(range(256)) + b"\r\n--not a boundary\r\n"
    made = await result(client.files.create(file=("a.bin", content), purpose="user_data"))
    assert made.bytes == len(content)
    assert (await result(client.files.content(made.id))).content == content
    assert made.id in [each.id for each in (await result(client.files.list())).data]
    await result(client.files.delete(made.id))
    with pytest.raises(openai.NotFoundError):
        await result(client.files.retrieve(made.id))


async def test_a_batch_runs(client: Any) -> None:
    body = {"model": "demo", "messages": [{"role": "user", "content": "hi"}]}
    line = json.encode({"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body})
    source = await result(client.files.create(file=("in.jsonl", line + b"\n"), purpose="batch"))
    asked = {"endpoint": "/v1/chat/completions", "completion_window": "24h", "input_file_id": source.id}
    made = await result(client.batches.create(**asked))
    assert made.status == "validating"
    ended = await result(client.batches.retrieve(made.id))
    assert ended.status == "completed"
    output = json.decode((await result(client.files.content(ended.output_file_id))).content)
    assert output["custom_id"] == "a"
    assert output["response"]["body"]["choices"][0]["message"]["content"] == "You said: hi"
    other = await result(client.batches.create(**asked))
    assert (await result(client.batches.cancel(other.id))).status == "cancelled"


async def test_images_and_sounds(client: Any) -> None:
    made = await result(client.images.generate(model="demo", prompt="a fox", n=2))
    assert len(made.data) == 2
    spoken = await result(client.audio.speech.create(model="demo", voice="alloy", input="hello there"))
    assert spoken.response.headers["content-type"] == "audio/mpeg"
    sound = spoken.content
    heard = await result(client.audio.transcriptions.create(model="demo", file=("a.mp3", sound)))
    assert heard.text == f"{len(sound)} bytes of sound"
    seen = await events(client.audio.transcriptions.create(model="demo", file=("a.mp3", sound), stream=True))
    assert "".join(event.delta for event in seen[:-1]) == seen[-1].text == heard.text


async def test_rerank_puts_the_best_first(client: Any) -> None:
    asked = {"model": "demo", "query": "red fox", "documents": ["blue sea", "the red fox", "a red hen"], "top_n": 2}
    made = await result(client.post("/rerank", body=asked, cast_to=object))
    assert [each["index"] for each in made["results"]] == [1, 2]
