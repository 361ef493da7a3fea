"""Conversations that go on by the id of the last response, over gateways that share a Redis."""

import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import msgspec
from openai import OpenAI

from gateway.limits.keys import hashed
from tests.support.gatewayprocess import GatewayProcess, running
from tests.support.policed import PERSONAL, by_dialect, placeholders, policed, seen
from tests.support.rawclient import ask
from tests.support.redis_server import RedisServer
from tests.support.simulation import Simulation
from tests.support.tenants import ALICE

PHONE: Final = "010-9274-6183"
EMAIL: Final = "gildong.hong@corp.co.kr"
ACCOUNT: Final = "110-482-739165"
VALUES: Final = {"KR_PHONE": PHONE, "EMAIL_ADDRESS": EMAIL, "KR_BANK_ACCOUNT": ACCOUNT}
ASKED: Final = f"제 번호는 {PHONE}이고 메일은 {EMAIL}입니다. 신한은행 계좌 {ACCOUNT}도 있어요."
TOOL: Final[Any] = {
    "type": "function",
    "name": "weather",
    "strict": False,
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@contextmanager
def gateways(
    folder: Path, upstream: Simulation, *configs: dict[str, Any], policies: tuple[Any, ...] = (PERSONAL,)
) -> Iterator[list[GatewayProcess]]:
    keys = [{"name": name, "hash": hashed(f"hk-{name}")} for name in ("alice", "bob")]
    with ExitStack() as stack:
        started = []
        for number, config in enumerate(configs):
            own = folder / f"replica{number}"
            own.mkdir(exist_ok=True)
            made = by_dialect(upstream.url, keys=keys, record={"file": str(own / "records.jsonl")}) | config
            started.append(stack.enter_context(running(own, policed(own, made, *policies))))
        yield started


def shared(redis: RedisServer, **more: Any) -> dict[str, Any]:
    """The time-out is no matter of these tests, and other programs run beside them."""
    return {"redis": {"url": redis.url, "timeout_ms": 5000}, **more}


class Talk:
    """One caller, over any number of replicas in turn."""

    def __init__(self, replicas: list[GatewayProcess], model: str, *, streamed: bool = False, key: str = ALICE) -> None:
        made = [OpenAI(base_url=one.v1, api_key=key, max_retries=0) for one in replicas]
        self._clients = cycle(made)
        weakref.finalize(self, _close, made)
        self._model = model
        self._streamed = streamed

    @property
    def client(self) -> OpenAI:
        return next(self._clients)

    def say(self, said: Any, previous: Any = None, **more: Any) -> Any:
        """The response; of a stream what stands in its last event, which must be what its pieces say."""
        fields = {"previous_response_id": previous.id} if previous is not None else {}
        answer: Any = self.client.responses.create(
            model=self._model, input=said, tools=[TOOL], stream=self._streamed, **fields, **more
        )
        if not self._streamed:
            return answer
        events = list(answer)
        pieces = "".join(one.delta for one in events if one.type == "response.output_text.delta")
        assert pieces == events[-1].response.output_text
        return events[-1].response


def _close(clients: list[OpenAI]) -> None:
    for one in clients:
        one.close()


def known(replicas: list[GatewayProcess], simulation: Simulation, model: str) -> dict[str, str]:
    """The placeholders of the values: the same for all that a key asks."""
    simulation.reset()
    Talk(replicas, model).say(ASKED, store=False)
    found = placeholders(seen(simulation)[0])
    assert found.keys() == VALUES.keys()
    simulation.clear()
    return found


def cut(text: str) -> list[str]:
    return [text[at : at + 3] for at in range(0, len(text), 3)]


def call_of(response: Any) -> tuple[str, str]:
    (call,) = [item for item in response.output if item.type == "function_call"]
    return call.call_id, msgspec.json.decode(call.arguments)["city"]


def returned(call_id: str, output: str) -> Any:
    return [{"type": "function_call_output", "call_id": call_id, "output": output}]


def raw(text: str) -> list[str]:
    return [label for label, value in VALUES.items() if value in text or value.replace("-", "") in text]


def vault_counts(gateway: GatewayProcess) -> dict[str, float]:
    page = ask(gateway.url, "/metrics", b"", method="GET", headers={"authorization": f"Bearer {ALICE}"}).body.decode()
    found = {}
    for line in page.splitlines():
        if line.startswith("haechi_vault_total{"):
            labels, _, value = line.partition("} ")
            went, what = (part.split('"')[1] for part in labels.split(","))
            found[f"{what},{went}"] = float(value)
    return found
