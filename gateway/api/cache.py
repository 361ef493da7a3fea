"""`/haechi/cache/…`: what operators ask a running gateway of its cache.

Of everybody only for an administrator: a key with `admin: true`, or, where there are no keys, somebody on this machine. Whoever asks
about a request of its own is told without that.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from starlette.requests import Request

from gateway.cache.answers import Answers
from gateway.cache.purging import NotOne, Purge, name_of
from gateway.cache.stats import stats_of
from gateway.errors import GatewayError
from gateway.limits.keys import Principal
from gateway.setup import Setup

_LONGEST: Final = 16 * 1024
_decode = msgspec.json.Decoder(Purge).decode


async def answer(setup: Setup, request: Request, headers: Mapping[str, str]) -> Any:
    """What is answered, as plain values or structs. Raises GatewayError."""
    principal = setup.keys.identify(headers)
    answers = setup.cache
    if answers is None:
        raise GatewayError("not_found", "This gateway has no cache; `cache:` in its configuration makes one.")
    request_id = request.path_params.get("request_id")
    if request_id is not None:
        return _trail(answers, principal, request_id)
    if not principal.admin:
        raise GatewayError(
            "not_an_administrator",
            "This is for administrators: set `admin: true` at a key in the configuration, and ask with that key.",
        )
    if request.method == "POST":
        return await _purged(setup, answers, request)
    return await stats_of(answers)


def _trail(answers: Answers, principal: Principal, request_id: str) -> Any:
    """Of somebody else's request nobody learns even that it was there."""
    trail = answers.trails.find(request_id)
    if trail is None or not (principal.admin or trail.caller == principal.id):
        raise GatewayError(
            "not_found",
            "Nothing is known of a request of this id: only of the last ones, by the process that served it.",
        )
    return trail


async def _purged(setup: Setup, answers: Answers, request: Request) -> Any:
    try:
        name = name_of(_decode(await _body(request)), setup.config.keys)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise GatewayError(
            "invalid_request", 'Write one of {"tag": …}, {"model": …}, {"tenant": …}, {"all": true}.'
        ) from None
    except NotOne as error:
        raise GatewayError("invalid_request", str(error)) from None
    if await answers.store.next_epoch(name) is None:
        raise GatewayError(
            "store_away", "The store of the cache is away: nothing was purged. Try again.", retry_after=1
        )
    return {"purged": name}


async def _body(request: Request) -> bytes:
    whole = bytearray()
    async for piece in request.stream():
        whole += piece
        if len(whole) > _LONGEST:
            raise GatewayError("body_too_large", f"This takes no more than {_LONGEST} bytes.")
    return bytes(whole)
