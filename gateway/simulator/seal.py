"""Signed and encrypted blocks, as far as a test needs them: they change with their text and the caller's key, and are checked
when they come back, so that whoever edits one or sends it to another account gets the vendor's refusal.
"""

import base64
import hashlib
from typing import Final

from gateway.simulator.request import Request

_KEY: Final = b"the simulator's own"


def sign(request: Request, text: str) -> str:
    """A signature over `text` by the account that asks."""
    account = _account(request)
    return base64.b64encode(hashlib.blake2b(f"{account}\n{text}".encode(), key=_KEY).digest()).decode()


def signed(request: Request, text: str, signature: object) -> bool:
    return signature == sign(request, text)


def encrypt(request: Request, text: str) -> str:
    """Opaque content that only the same account can send back."""
    return base64.urlsafe_b64encode(f"{sign(request, text)}{text}".encode()).decode()


def encrypted(request: Request, content: object) -> bool:
    try:
        opened = base64.urlsafe_b64decode(str(content)).decode()
    except ValueError:
        return False
    length = len(sign(request, ""))
    return opened[:length] == sign(request, opened[length:])


def _account(request: Request) -> str:
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    return request.headers.get("x-api-key") or request.headers.get("api-key") or bearer
