"""Policies put to the test: a gateway of their own in this process, and no other network than memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import msgspec

from gateway.app import Gateway, start
from gateway.config.mistakes import Finding, Mistake
from gateway.config.structs import Config, Model, Provider, Secret, Target
from gateway.exchange import Exchange
from gateway.policy.bind import HEADER
from gateway.policy.coverage import STREAMED
from gateway.policy.load import LoadedPolicies
from gateway.policy.rule import Policy
from gateway.policy.structs import Case, Surface
from gateway.record.metrics import Metrics
from gateway.record.recorder import Recorder
from gateway.trying.answered import answer_of, strings
from gateway.trying.asking import Request, request_of
from gateway.trying.calling import called
from gateway.trying.came import Came, Wrong, expects_nothing, wrong
from gateway.trying.scripted import BASE_URL, Scripted
from gateway.wire.frames import DONE
from gateway.wire.sse import Parser

_PROVIDER: Final = "scripted"
_DIALECTS: Final[list[Surface]] = [
    "chat", "completions", "responses", "messages", "count_tokens", "embeddings", "moderations", "rerank",
]  # fmt: skip
_HEADERS: Final = {"authorization": Secret("Bearer scripted"), "x-api-key": Secret("scripted")}
_LARGEST: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """`tried`: how many cases. A failure says in which form it failed, if a case was run in both and they differ."""

    tried: int
    failures: Sequence[Mistake]


async def try_policies(found: LoadedPolicies) -> Outcome:
    """Runs every case of every policy, whatever the policy is bound to. Raises ValueError for what this gateway cannot enforce."""
    tried, failures = 0, set[Mistake]()
    async with _Trial(found.policies) as trial:
        for name, document in found.documents.items():
            for index, case in enumerate(document.tests):
                tried += 1
                for trail, message in await trial.wrongs(name, case):
                    about = Finding(("tests", index, *trail), f"{case.name!r}: {message}")
                    failures |= found.drafts[name].mistakes([about])
    return Outcome(tried, sorted(failures, key=lambda one: (one.file, one.line, one.column, one.message)))


class _Trial:
    """A gateway in which a policy applies where a request asks for it, and nowhere else."""

    def __init__(self, policies: Mapping[str, Policy]) -> None:
        self._policies = {name: replace(one, bind=None) for name, one in policies.items()}
        self._model = Scripted()
        self._seen = _Seen()

    async def __aenter__(self) -> Self:
        self._gateway = await start(_CONFIG, self._policies, self._model.connect)
        self._gateway.gate.pipeline.recorder = self._seen
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._gateway.close()

    async def wrongs(self, policy: str, case: Case) -> list[Wrong]:
        if expects_nothing(case):
            return [((), "expects nothing, so it can only pass; say what must come out")]
        by_form: dict[str, list[Wrong]] = {}
        for form in _forms(case):
            request = request_of(case, streamed=form == "streamed")
            if request is None:
                return [((), f"the surface `{case.surface}` cannot be tried: it takes uploads")]
            came = await self._run(policy, case, request)
            by_form[form] = list(wrong(case, request.said, came))
        first, *others = by_form.values()
        if all(one == first for one in others):
            return first
        return [(trail, f"{message} ({form})") for form, wrongs in by_form.items() for trail, message in wrongs]

    async def _run(self, policy: str, case: Case, request: Request) -> Came:
        self._model.case, self._model.got = case, None
        status, raw, headers = await _called(self._gateway, request, policy)
        x, frames = self._seen.last(), _frames(raw)
        answer = answer_of(case.surface, frames)
        verdicts = [verdict for verdict, _ in x.guarding.verdicts] if x.guarding is not None else []
        blocked = x.outcome == "blocked" or (x.error is not None and x.error.code == "policy_blocked")
        return Came(
            blocked=blocked,
            error=f"{x.error.code}: {x.error}"
            if x.error is not None
            else None
            if status == 200
            else f"status {status}",
            got=self._model.got,
            content=answer.content,
            arguments=answer.arguments,
            sent=[
                raw.decode("utf-8", "replace"),
                *headers,
                answer.content,
                *answer.arguments,
                *(text for one in frames for text in strings(one)),
            ],
            found=frozenset(one.rule for one in verdicts if one.said != "failed"),
            blocking=frozenset(
                one.rule for one in verdicts if one.effect in ("block", "restart") and one.said == "enforced"
            ),
            failed=frozenset(one.rule for one in verdicts if one.said == "failed"),
        )


class _Seen(Recorder):
    """Keeps the exchange that ended last, and counts nothing."""

    def __init__(self) -> None:
        super().__init__(_CONFIG.record, Metrics())
        self._ended: list[Exchange] = []

    def record(self, x: Exchange) -> None:
        self._ended.append(x)

    def last(self) -> Exchange:
        last = self._ended[-1]
        self._ended.clear()
        return last


def _forms(case: Case) -> list[str]:
    if case.answer_chunks is not None:
        return ["streamed"]
    return ["unary", "streamed"] if case.surface in STREAMED else ["unary"]


async def _called(gateway: Gateway, request: Request, policy: str) -> tuple[int, bytes, list[str]]:
    """Status, body and headers that the caller gets."""
    answer = await called(gateway.app, request.path, msgspec.json.encode(request.body), {HEADER: policy})
    return answer.status, answer.body, [f"{name.decode()}: {value.decode()}" for name, value in answer.headers]


def _frames(raw: bytes) -> list[Mapping[str, Any]]:
    """The one body, or the events of a stream."""
    if raw.startswith(b"{"):
        return [msgspec.json.decode(raw)]
    parser = Parser(_LARGEST)
    return list(_decoded(frame.data for frame in parser.feed(raw)))


def _decoded(data: Iterable[bytes | None]) -> Iterator[Mapping[str, Any]]:
    for one in data:
        if one is not None and one != DONE:
            value = msgspec.json.decode(one)
            if isinstance(value, dict):
                yield value


_CONFIG: Final = Config(
    providers={_PROVIDER: Provider(kind="openai_compatible", base_url=BASE_URL, dialects=_DIALECTS, headers=_HEADERS)},
    models={"*": Model(targets=[Target(provider=_PROVIDER, model="*")])},
)
