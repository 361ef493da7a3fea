"""Who looks at the console: an administrator, a key that sees what it asked itself, or nobody yet."""

import time
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.console.sessions import Session, Sessions, is_token, token
from gateway.console.tries import Tries
from gateway.limits.keys import ANYONE, Principal
from gateway.setup import Setup

COOKIE: Final = "haechi_console"


class Visitors:
    """Signs in, signs out, and recognises. With no keys configured everybody on this machine is the administrator."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.time) -> None:
        self._seconds = seconds
        self._clock = clock
        self._sessions = Sessions(seconds)
        self._tries = Tries()

    def session(self, setup: Setup, request: Request) -> Session | None:
        cookie = request.cookies.get(COOKIE)
        return None if cookie is None else self._sessions.open(_secret(setup), cookie, self._clock())

    def principal(self, setup: Setup, session: Session | None) -> Principal | None:
        """A key that has left the configuration is nobody."""
        if not setup.keys:
            return ANYONE
        return None if session is None else setup.keys.of_id(session.key_id)

    def token(self, setup: Setup, session: Session | None) -> str:
        """What forms carry."""
        return token(_secret(setup), _nonce(session))

    def is_token(self, setup: Setup, session: Session | None, given: str) -> bool:
        return is_token(_secret(setup), _nonce(session), given)

    def wait(self, request: Request) -> float:
        """Seconds until this address may try again."""
        return self._tries.wait(_address(request), self._clock())

    def sign_in(self, setup: Setup, request: Request, key: str, response: Response, path: str) -> bool:
        """Whether the key is known; the response then has the cookie, for what is below `path` alone."""
        principal = setup.keys.find(key)
        if principal is None:
            self._tries.failed(_address(request), self._clock())
            return False
        cookie = self._sessions.begun(_secret(setup), principal.id, self._clock())
        response.set_cookie(
            COOKIE,
            cookie,
            max_age=int(self._seconds),
            path=path,
            secure=is_secure(request),
            httponly=True,
            samesite="strict",
        )
        return True

    def sign_out(self, session: Session | None, response: Response, path: str) -> None:
        if session is not None:
            self._sessions.end(session, self._clock())
        response.delete_cookie(COOKIE, path=path, httponly=True, samesite="strict")


def is_secure(request: Request) -> bool:
    """Whether the browser came by TLS, here or as far as the reverse proxy. Who lies about that harms its own cookie."""
    return request.url.scheme == "https" or request.headers.get("x-forwarded-proto", "").startswith("https")


def _secret(setup: Setup) -> bytes:
    """Shared by replicas as `secret` is, and good for nothing else."""
    return bytes.fromhex(setup.sealer.disguised("haechi console", "sessions"))


def _nonce(session: Session | None) -> str:
    return "nobody" if session is None else session.nonce


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else "-"
