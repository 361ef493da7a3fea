"""Planted values, searched for in every sink of a gateway with policies, however its exchanges end."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pytest

from tests.support.eventually import eventually, records
from tests.support.gatewayprocess import GatewayProcess, running
from tests.support.policed import SPOKEN, by_dialect, placeholders, policed, policy, seen
from tests.support.rawclient import Answer, ask
from tests.support.simulation import Simulation

PAIRS: Final = [(caller, model) for caller in SPOKEN for model in SPOKEN]

PHONE: Final = "010-7391-2846"
RESIDENT: Final = "900113-1123451"
EMAIL: Final = "seol.canary@planted.co.kr"
KEY: Final = "ghp" + "_R7kQ2mZx9LpW4tVb8NcY1sDf6HjG3aEu5TqK"
PLANTED: Final = f"제 번호는 {PHONE}이고 {EMAIL}로, {RESIDENT}, 열쇠 {KEY}입니다"

_NUMBERS: Final = (PHONE, RESIDENT)
_DIGITS: Final = 6
"""Of a number's beginning, so many are too many."""
_OWN_IDS: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{16,}(?![0-9a-f])")
"""Random ids of requests and traces, in which six digits of a value come up by chance."""
TRACES: Final = (
    *(number[:length] for number in _NUMBERS for length in range(_DIGITS + 1, len(number) + 1)),
    *(number.replace("-", "")[:_DIGITS] for number in _NUMBERS),
    EMAIL,
    "seol.canary",
    KEY,
    KEY[4:16],
)

POLICY: Final = policy(
    "canary",
    detectors={
        "pii": {"kind": "personal", "entities": ["KR_PHONE", "EMAIL_ADDRESS"]},
        "resident": {"kind": "korean_rrn"},
        "keys": {"kind": "secrets"},
        "forbidden": {"kind": "keywords", "words": ["verboten"]},
        "code": {"kind": "pattern", "match": "INT-[0-9]{6}"},
    },
    rules=[
        {"id": "tokenize", "where": ["system", "user", "assistant", "tool_result", "tool_definition"], "detect": ["pii"], "action": "tokenize"},
        {"id": "mask", "where": ["system", "user", "assistant", "tool_result", "tool_definition", "content"], "detect": ["resident", "keys"], "action": "mask"},
        {"id": "no-words", "where": ["user"], "detect": ["forbidden"], "action": "block"},
        {"id": "no-codes", "where": ["content", "tool_args"], "detect": ["code"], "action": "block"},
    ],
)  # fmt: skip


class Play(NamedTuple):
    """What the upstream does, and how the exchange ends then: unary and streamed. `{phone}` and `{email}` become placeholders.

    `patience`: where time is what goes wrong, which of `_TIMES` the upstream of a stream gets; that of a whole answer is hasty then.
    """

    step: dict[str, Any]
    whole: str
    streamed: str
    more: str = ""
    patience: str = ""


_TIMES: Final[dict[str, dict[str, float]]] = {"hasty": {"first_token": 1}, "stalling": {"between_tokens": 3}}
_LONG: Final = ["말 " * 40, *(["말 "] * 7), "{phone}에 ", "{email} "]
_SLOWLY: Final = {"tokens_per_second": 2}  # text is out seconds before what goes wrong has come, on a busy machine too
PLAYS: Final[dict[str, Play]] = {
    "an answer": Play({"chunks": _LONG}, "answered", "answered"),
    "an echo": Play({}, "answered", "answered"),
    "a word that is forbidden": Play({}, "blocked", "blocked", more=" verboten"),
    "an answer that is forbidden": Play({"chunks": ["{phone} ", "INT-", "123456"], "tokens_per_second": 0.5}, "blocked", "cut"),
    "an answer that is forbidden from its beginning": Play({"chunks": ["INT-", "123456 {phone}"]}, "blocked", "blocked"),
    "an answer that is forbidden in its end": Play({"chunks": [*_LONG, "INT-", "123456"], **_SLOWLY}, "blocked", "cut"),
    "values that only the model knows": Play({"chunks": [RESIDENT[:9], RESIDENT[9:], f" {KEY}"]}, "answered", "answered"),
    "a refusal that quotes": Play({"status": 400, "message": "cannot read {phone} {email}"}, "failed", "failed"),
    "a failure that quotes": Play({"status": 500, "message": "cannot read {phone} {email}"}, "failed", "failed"),
    "a failure that quotes what it should not know": Play({"status": 500, "message": PLANTED}, "failed", "failed"),
    "a failure that quotes in the stream": Play(
        {"chunks": _LONG, **_SLOWLY, "error_after": -4, "error": "overloaded", "message": "lost {phone} {email}"}, "answered", "cut"
    ),
    "a page that quotes": Play({"body": "<p>{phone} {email}</p>", "content_type": "text/html"}, "failed", "failed"),
    "something malformed": Play({"chunks": _LONG, **_SLOWLY, "malformed_after": -4}, "failed", "cut"),
    "a cut": Play({"chunks": _LONG, **_SLOWLY, "cut": {"half": True}}, "failed", "cut"),
    "a cut inside a placeholder": Play({"chunks": _LONG, **_SLOWLY, "end_after": -5}, "failed", "cut"),
    "nothing": Play({"cut": {"before_head": True}}, "failed", "failed"),
    "silence": Play({"delay_head": 60}, "failed", "failed", patience="hasty"),
    "silence in the middle": Play({"chunks": _LONG, **_SLOWLY, "stall_after": -6}, "failed", "cut", patience="stalling"),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("policies")


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, folder: Path) -> Iterator[GatewayProcess]:
    """Beside `chat` there is `chat-hasty`, and so on."""
    config: dict[str, Any] = by_dialect(upstream.url, record={"file": str(folder / "records.jsonl")})
    for name, made in dict(config["providers"]).items():
        for patience, times in _TIMES.items():
            config["providers"][f"{name}-{patience}"] = {**made, "timeouts": times}
            config["models"][f"{name}-{patience}"] = {"targets": [{"provider": f"{name}-{patience}", "model": "demo"}]}
    with running(folder, policed(folder, config, POLICY)) as process:
        yield process


@pytest.mark.parametrize("play", PLAYS.values(), ids=PLAYS.keys())
def test_however_an_exchange_ends_nothing_of_a_value_is_left(
    play: Play, gateway: GatewayProcess, simulation: Simulation, folder: Path
) -> None:
    simulation.misbehave(_with(play.step, _known(gateway, simulation)))
    asked = [(*pair, streamed) for pair in PAIRS for streamed in (False, True)]

    def one(caller: str, model: str, streamed: bool) -> Answer:
        patience = f"-{play.patience if streamed else 'hasty'}" if play.patience else ""
        return _asked(gateway, caller, model + patience, PLANTED + play.more, streamed=streamed)

    with ThreadPoolExecutor(max_workers=len(asked)) as workers:
        answers = list(workers.map(one, *zip(*asked, strict=True)))
    for (caller, model, _), answer in zip(asked, answers, strict=True):
        _search(f"headers, {caller} of {model}", str(answer.headers))
        _search(f"errors, {caller} of {model}", _errors(answer))
        assert RESIDENT[:7] not in answer.body.decode(), "what is masked comes back to nobody"
        assert KEY[:8] not in answer.body.decode()
    _search_upstream(simulation)
    ids = {answer.headers["x-haechi-request-id"]: how for how, answer in zip(asked, answers, strict=True)}
    rows = eventually(lambda: _rows(folder, ids.keys())) or {}
    wanted = {how: play.streamed if how[-1] else play.whole for how in asked}
    assert {ids[key]: row["outcome"] for key, row in rows.items()} == wanted
    _search_sinks(gateway, folder)


ODD: Final[dict[str, dict[str, Any]]] = {
    "an unknown field": {"notes": {PHONE: [EMAIL, RESIDENT]}},
    "the user's name": {"user": EMAIL},
    "metadata": {"metadata": {"user_id": EMAIL, "phone": PHONE}},
    "a stop sequence": {"stop": [PHONE]},
    "a wrong type": {"tools": [PLANTED]},
    "a number": {"notes": int(PHONE.replace("-", "")[1:])},
}


@pytest.mark.parametrize("more", ODD.values(), ids=ODD.keys())
def test_wherever_a_value_stands_in_a_request_no_sink_shows_it(
    more: dict[str, Any], gateway: GatewayProcess, simulation: Simulation, folder: Path
) -> None:
    for caller, model in PAIRS:
        answer = _asked(gateway, caller, model, PLANTED, more=more)
        _search(f"headers, {caller} of {model}", str(answer.headers))
        _search(f"errors, {caller} of {model}", _errors(answer))
    _search_upstream(simulation)
    _search_sinks(gateway, folder)


def _known(gateway: GatewayProcess, simulation: Simulation) -> dict[str, str]:
    """The placeholders of the planted values: the same for everything that is asked here."""
    assert _asked(gateway, "chat", "chat", PLANTED).status == 200
    found = placeholders(seen(simulation)[0])
    assert found.keys() == {"KR_PHONE", "EMAIL_ADDRESS"}
    return found


def _asked(
    gateway: GatewayProcess,
    caller: str,
    model: str,
    text: str,
    *,
    streamed: bool = False,
    more: dict[str, Any] | None = None,
) -> Answer:
    asked: dict[str, Any] = {"model": model, "stream": streamed, **(more or {})}
    if caller == "responses":
        asked |= {"input": text, "instructions": text}
    else:
        asked |= {"messages": [{"role": "user", "content": text}], "max_tokens": 500}
    paths = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}
    return ask(gateway.url, paths[caller], asked)


def _with(step: dict[str, Any], known: dict[str, str]) -> dict[str, Any]:
    written = msgspec.json.encode(step).decode()
    for name, label in (("{phone}", "KR_PHONE"), ("{email}", "EMAIL_ADDRESS")):
        written = written.replace(name, known[label])
    made: dict[str, Any] = msgspec.json.decode(written)
    return made


def _errors(answer: Answer) -> str:
    """What the caller is told instead of, or behind, an answer."""
    if answer.status >= 400:
        return answer.body.decode()
    return "\n".join(
        data for name, data in answer.events if name in ("error", "response.failed") or '"error":{' in data
    )


def _rows(folder: Path, wanted: Any) -> dict[str, dict[str, Any]] | None:
    found = {row["request_id"]: row for row in records(folder / "records.jsonl") if row["request_id"] in wanted}
    return found if len(found) == len(wanted) else None


def _search_upstream(simulation: Simulation) -> None:
    for one in simulation.requests():
        _search("what the model saw", msgspec.json.encode([one["path"], one["headers"], one["body"]]).decode())


def _search_sinks(gateway: GatewayProcess, folder: Path) -> None:
    metrics = ask(gateway.url, "/metrics", b"", method="GET").body.decode()
    sinks = {
        "log": gateway.log,
        "records": "\n".join(map(_words, records(folder / "records.jsonl"))),
        "metrics": "\n".join(line.rpartition(" ")[0] for line in metrics.splitlines()),
    }
    for name, text in sinks.items():
        _search(name, text)


def _words(row: dict[str, Any]) -> str:
    """A record without its times, which may hold any digits."""
    return msgspec.json.encode({key: one for key, one in row.items() if not isinstance(one, float)}).decode()


def _search(name: str, text: str) -> None:
    """Says where something was found and which planted value it is of, not what stands around."""
    shown = _OWN_IDS.sub("", text)
    assert not [trace for trace in TRACES if trace in shown], name
