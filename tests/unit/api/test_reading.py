"""What the border reads from the query of an operation on a stored resource."""

import pytest
from starlette.types import Message

from gateway.api.reading import read_stored
from gateway.config.structs import Config
from tests.support.exchanges import exchange


async def nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


@pytest.mark.parametrize(
    ("query", "streamed"),
    [
        ("", False),
        ("?stream=true", True),
        ("?starting_after=3&stream=true", True),
        ("?str%65am=true", True),
        ("?stream=false", False),
        ("?stream=trueish", False),
        ("?xstream=true", False),
        ("?include=stream=true", False),
        ("?stream=true&stream=false", False),
    ],
)
async def test_a_stored_answer_is_streamed_where_the_query_says_so(query: str, streamed: bool) -> None:
    x = exchange(method="GET", path="/v1/responses/resp_1", query=query)
    await read_stored(x, nothing, Config())
    assert x.streamed is streamed
    assert x.target_path == f"/responses/resp_1{query}"
