"""A canary driven through every cell of the coverage matrix, with a rule there, without it, and with rules everywhere else.

Each model of the gateway is called `UPSTREAM.RULES`: which API its upstream speaks, and which rules apply. So one process holds all
of them, and a cell is tried with nothing but the model's name changed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.policy.coverage import PLACES, Cell, coverage
from gateway.policy.kinds import INPUT
from tests.support.gatewayprocess import written
from tests.unit.policy.documents import one_policy, rule

CANARY: Final = "카나리739201"
BEGINS: Final = "카"  # stands nowhere else, so that the smallest part of a canary shows
NUMBER: Final = 804_171_234_567
HIDDEN: Final = "[hidden]"
SAID: Final = f"before {CANARY} behind"
UPSTREAMS: Final = ("native", "chat", "messages", "responses")
PATTERNS: Final = ["카나리[0-9]{6}", "80417[0-9]{7}"]
LONGEST: Final = len(SAID) - 1
_DETECTORS: Final[dict[str, Any]] = {
    "d": {"kind": "pattern", "name": "CANARY", "match": PATTERNS},
    "long": {"kind": "length", "max_chars": LONGEST},  # which looks at whole texts, as every check does
}
_ACTIONS: Final[dict[str, Any]] = {"mask": {"mask": {"with": HIDDEN}}, "block": "block", "tokenize": "tokenize"}


def enforced() -> list[Cell]:
    """Every cell that says so, of a rule that looks everywhere."""
    policy = one_policy(rule(where=list(PLACES)), detectors=_DETECTORS)
    return [cell for cell in coverage([policy]) if cell.state == "enforced"]


def rules() -> dict[str, tuple[list[str], str, str]]:
    """Places, action and detector by the name of the rules. `elsewhere.P` masks at every place but P."""
    found: dict[str, tuple[list[str], str, str]] = {}
    for place in PLACES:
        found[f"mask.{place}"] = [place], "mask", "d"
        found[f"block.{place}"] = [place], "block", "d"
        found[f"check.{place}"] = [place], "block", "long"
        found[f"elsewhere.{place}"] = [one for one in PLACES if one != place], "mask", "d"
        if place in INPUT:
            found[f"tokenize.{place}"] = [place], "tokenize", "d"
    return found


def configuration(folder: Path, url: str) -> Path:
    """The file, with those of its policies beside it. A policy has one rule, and applies to one model of each upstream."""
    for name, (where, action, detector) in rules().items():
        document = {
            "haechi": "policy/v1",
            "name": name.replace(".", "-"),
            "bind": {"models": [f"{upstream}.{name}" for upstream in UPSTREAMS]},
            "defaults": {"opaque": "allow", "timeout_ms": 30_000},
            "detectors": _DETECTORS,
            "rules": [rule(where=where, action=_ACTIONS[action], detect=[detector])],
        }
        (folder / f"{name}.policy.yaml").write_bytes(msgspec.json.encode(document))
    names = [f"{upstream}.{one}" for upstream in UPSTREAMS for one in ("bare", *rules())]
    return written(
        folder,
        {
            "providers": {
                one: {"kind": "simulated", "base_url": f"{url}/v1", **({} if one == "native" else {"dialects": [one]})}
                for one in UPSTREAMS
            },
            "models": {name: {"targets": [{"provider": name.partition(".")[0], "model": "demo"}]} for name in names},
            "policies": {"files": ["*.policy.yaml"]},
            "retry": {"attempts": 1},
            "breaker": {"failures": 100_000},
        },
    )


FORM: Final = {"content-type": "multipart/form-data; boundary=x"}


def form(body: dict[str, Any]) -> bytes:
    """An upload of sound with these fields."""
    said = {name: str(value).lower() if isinstance(value, bool) else value for name, value in body.items()}
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in said.items()]
    parts.append('--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nsound\r\n--x--\r\n')
    return "".join(parts).encode()


def seen(value: Any) -> str:
    """All that somebody can read in a JSON value, in names too and in JSON inside texts, whatever the escapes."""
    return "\n".join(_leaves(value))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, held in value.items():
            yield name
            yield from _leaves(held)
    elif isinstance(value, list):
        for held in value:
            yield from _leaves(held)
    elif isinstance(value, str):
        yield value
        yield from _leaves(_inside(value))
    elif value is not None:
        yield str(value)


def _inside(text: str) -> Any:
    """The objects or lists that a text is, which a model reads as such."""
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, dict | list) else None


def joined(events: list[Any]) -> dict[str, str]:
    """What a caller makes of a stream: the strings of every field that says the same of itself in event after event, joined.
    A body is a stream of one.
    """
    found: dict[str, str] = {}
    for event in events:
        for path, text in _fields(event, _place_of(event)):
            found[path] = found.get(path, "") + text
    return found


def _place_of(value: dict[str, Any]) -> str:
    numbers = [
        f"{name}={value[name]}" for name in ("output_index", "content_index", "summary_index", "index") if name in value
    ]
    return " ".join([str(value.get("type") or ""), *numbers])


def _fields(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, held in value.items():
            yield from _fields(held, f"{path}/{name}")
    elif isinstance(value, list):
        for at, held in enumerate(value):
            index = held.get("index", at) if isinstance(held, dict) else at
            yield from _fields(held, f"{path}/{index}")
    elif isinstance(value, str):
        yield path, value
    elif value is not None and not isinstance(value, bool):
        yield path, f" {value} "
