"""The headers that vendors send with every answer."""

from datetime import UTC, datetime
from typing import Final

from gateway.simulator.errors import Family, RefusalError
from gateway.simulator.request import Request

_OPENAI: Final = {
    "openai-organization": "simulated",
    "openai-processing-ms": "7",
    "openai-project": "proj_simulated",
    "openai-version": "2020-10-01",
    "x-ratelimit-limit-requests": "10000",
    "x-ratelimit-limit-tokens": "2000000",
    "x-ratelimit-remaining-requests": "9999",
    "x-ratelimit-remaining-tokens": "1999000",
    "x-ratelimit-reset-requests": "6ms",
    "x-ratelimit-reset-tokens": "30ms",
}
_LIMITS: Final = {"requests": 4000, "tokens": 480_000, "input-tokens": 400_000, "output-tokens": 80_000}


def vendor_headers(family: Family, request: Request) -> dict[str, str]:
    """Request id, rate limits and the rest, as each family names them."""
    if family == "openai":
        return {**_OPENAI, "x-request-id": request.id}
    reset = datetime.fromtimestamp(request.now + 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    made = {"request-id": request.id, "anthropic-organization-id": "00000000-0000-4000-8000-000000000000"}
    for name, limit in _LIMITS.items():
        made[f"anthropic-ratelimit-{name}-limit"] = str(limit)
        made[f"anthropic-ratelimit-{name}-remaining"] = str(limit - 1)
        made[f"anthropic-ratelimit-{name}-reset"] = reset
    return made


def check_key(family: Family, request: Request) -> None:
    """Refuse a request without the credentials that the vendor demands.

    The OpenAI family works without any key unless the script names some, as a self-hosted model server does.
    """
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    key = bearer or request.headers.get("api-key", "")
    if family == "anthropic":
        key = request.headers.get("x-api-key", "") or bearer
        if not key:
            raise RefusalError("invalid_api_key", "The header x-api-key is required.")
        if "anthropic-version" not in request.headers:
            raise RefusalError("invalid_request", "anthropic-version: the header is required.")
    if request.script.keys and key not in request.script.keys:
        raise RefusalError("invalid_api_key")
