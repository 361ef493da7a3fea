"""Policies put to the test: a gateway of their own in this process, and no other network than memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import msgspec

from gateway.app import Gateway, start
from gateway.config.mistakes import Finding, Mistake
from gateway.config.strict import Secret
from gateway.config.structs import Config, Model, Provider, Target
from gateway.policy.bind import HEADER
from gateway.policy.coverage import STREAMED
from gateway.policy.load import LoadedPolicies
from gateway.policy.rule import Policy
from gateway.policy.structs import Case
from gateway.trying.answered import answer_of, strings
from gateway.trying.asking import Request, request_of
from gateway.trying.calling import called
from gateway.trying.came import Came, Wrong, expects_nothing, wrong
from gateway.trying.scripted import BASE_URL, Scripted
from gateway.trying.seen import DIALECTS, Seen, frames_of

_PROVIDER: Final = "scripted"
_HEADERS: Final = {"authorization": Secret("Bearer scripted"), "x-api-key": Secret("scripted")}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`tried`: how many cases. A failure says in which form it failed, if a case was run in both and they differ.
    `cases`: policy and name of each, with what failed of it.
    """

    tried: int
    failures: Sequence[Mistake]
    cases: Sequence[tuple[str, str, Sequence[Mistake]]] = ()


async def try_policies(found: LoadedPolicies) -> Outcome:
    """Runs every case of every policy, whatever the policy is bound to. Raises ValueError for what this gateway cannot enforce."""
    failures = set[Mistake]()
    cases: list[tuple[str, str, Sequence[Mistake]]] = []
    async with Trial(found.policies) as trial:
        for name, document in found.documents.items():
            for index, case in enumerate(document.tests):
                about = [
                    Finding(("tests", index, *trail), f"{case.name!r}: {message}")
                    for trail, message in await trial.wrongs(name, case)
                ]
                failed = _in_order(found.drafts[name].mistakes(about))
                cases.append((name, case.name, failed))
                failures.update(failed)
    return Outcome(len(cases), _in_order(failures), cases)


def _in_order(mistakes: Iterable[Mistake]) -> list[Mistake]:
    return sorted(mistakes, key=lambda one: (one.file, one.line, one.column, one.message))


class Trial:
    """A gateway in which a policy applies where a request asks for it, and nowhere else."""

    def __init__(self, policies: Mapping[str, Policy]) -> None:
        self._policies = {name: replace(one, bind=None) for name, one in policies.items()}
        self._model = Scripted()
        self._seen = Seen()

    async def __aenter__(self) -> Self:
        self._gateway = await start(CONFIG, self._policies, self._model.connect)
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
        x, frames = self._seen.last(), frames_of(raw)
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


def _forms(case: Case) -> list[str]:
    if case.answer_chunks is not None:
        return ["streamed"]
    return ["unary", "streamed"] if case.surface in STREAMED else ["unary"]


async def _called(gateway: Gateway, request: Request, policy: str) -> tuple[int, bytes, list[str]]:
    """Status, body and headers that the caller gets."""
    answer = await called(gateway.app, request.path, msgspec.json.encode(request.body), {HEADER: policy})
    return answer.status, answer.body, [f"{name.decode()}: {value.decode()}" for name, value in answer.headers]


CONFIG: Final = Config(
    providers={_PROVIDER: Provider(kind="openai_compatible", base_url=BASE_URL, dialects=DIALECTS, headers=_HEADERS)},
    models={"*": Model(targets=[Target(provider=_PROVIDER, model="*")])},
)
