"""`GET /v1/models`: what this caller may ask for, in the form of the API its SDK speaks."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.errors import GatewayError
from gateway.limits.keys import Principal
from gateway.routing.features import permits
from gateway.setup import Setup

_CREATED: Final = 1767225600  # 2026-01-01; a gateway's model has no date of its own
_CREATED_TEXT: Final = "2026-01-01T00:00:00Z"


def listed(setup: Setup, principal: Principal, headers: Mapping[str, str]) -> dict[str, Any]:
    """A wildcard is listed as far as the key reaches into it (`openai/*`): what it matches is the provider's to say."""
    names = _names(setup, principal)
    if "anthropic-version" in headers:
        return {
            "data": [_anthropic(name) for name in names],
            "has_more": False,
            "first_id": names[0] if names else None,
            "last_id": names[-1] if names else None,
        }
    return {"object": "list", "data": [_openai(name) for name in names]}


def one(setup: Setup, principal: Principal, headers: Mapping[str, str], name: str) -> dict[str, Any]:
    """Any name that a request could ask for. Raises `model_not_found`."""
    if not permits(principal.models, name) or (name not in setup.config.models and setup.routes.find(name) is None):
        raise GatewayError("model_not_found", "There is no model of this name.", param="model")
    return _anthropic(name) if "anthropic-version" in headers else _openai(name)


def _names(setup: Setup, principal: Principal) -> list[str]:
    """Each name of the configuration that the key may use; of two wildcards that meet, the narrower."""
    found: dict[str, None] = {}
    for name in setup.config.models:
        if permits(principal.models, name):
            found[name] = None
        elif name.endswith("*"):
            found.update(dict.fromkeys(one for one in principal.models if one.startswith(name[:-1])))
    return list(found)


def _openai(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "haechi"}


def _anthropic(name: str) -> dict[str, Any]:
    return {"type": "model", "id": name, "display_name": name, "created_at": _CREATED_TEXT}
