"""The proxy that does nothing, written in the plain way: Starlette in front, aiohttp behind, bytes passed on.

Run by uvicorn with uvloop and httptools; `BENCH_UNARY` and `BENCH_STREAM` are the two upstreams' base URLs. `parsing` is a second
application that also reads both unary bodies as JSON, and still passes the bytes on.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

UPSTREAMS = {"unary": os.environ.get("BENCH_UNARY", ""), "stream": os.environ.get("BENCH_STREAM", "")}
PASSED = ("content-type", "authorization", "accept", "user-agent")


async def chat(request: Request) -> Response:
    """Sends the body on and the answer back; an event stream passes as it comes."""
    session: aiohttp.ClientSession = request.app.state.session
    headers = {name: request.headers[name] for name in PASSED if name in request.headers}
    url = UPSTREAMS[request.path_params["kind"]] + "/v1/chat/completions"
    answer = await session.post(url, data=await request.body(), headers=headers)
    content_type = answer.headers.get("content-type", "")
    if content_type.startswith("text/event-stream"):
        return StreamingResponse(_passed(answer), answer.status, {"content-type": content_type})
    async with answer:
        return Response(await answer.read(), answer.status, {"content-type": content_type})


async def parsed_chat(request: Request) -> Response:
    """As `chat`, with both bodies parsed; for unary answers alone."""
    json.loads(await request.body())  # Starlette keeps the body for `chat`
    answer = await chat(request)
    json.loads(bytes(answer.body))
    return answer


async def _passed(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    async with answer:
        async for data in answer.content.iter_any():
            yield data


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        app.state.session = session
        yield


app = Starlette(routes=[Route("/{kind}/v1/chat/completions", chat, methods=["POST"])], lifespan=lifespan)
parsing = Starlette(routes=[Route("/{kind}/v1/chat/completions", parsed_chat, methods=["POST"])], lifespan=lifespan)
