"""Answers one question about policies: what is wrong, what changes, which tests pass, what becomes of a text.

No detector that asks others or runs somebody else's code is asked here: rules lose it, and that is told.
"""

import asyncio
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.app import KNOWN_ENTITIES
from gateway.config.mistakes import ConfigError, Finding, Mistake
from gateway.config.reading import converted
from gateway.drafting.box import tried
from gateway.drafts.asked import Around, CaseSaid, Changed, Checked, Job, RuleSaid, Said, Tried
from gateway.policy.bind import without_code
from gateway.policy.detectors import Guest
from gateway.policy.diff import differences
from gateway.policy.finding import VERSIONS
from gateway.policy.inherit import Family
from gateway.policy.lint import lint
from gateway.policy.load import LoadedPolicies, load_text
from gateway.policy.references import Known, Names, Outline
from gateway.policy.rule import BoundRule, Policy
from gateway.policy.structs import Document
from gateway.trying.replay import REMOTE
from gateway.trying.trial import Trial, try_policies

NOT_RUN: Final = REMOTE | {"presidio", "guardrails_ai"}
"""Kinds that ask others, load libraries or run what a file names. So do those of other distributions."""
_FILE: Final = Path("(draft)")
_SOUND: Final = """
haechi: policy/v1
name: warm
detectors: {who: {kind: personal}}
rules: [{id: who, where: [user, content], detect: [who], action: tokenize}]
tests: [{name: one, say: hello, expect: {passes: true}}]
"""
_BROKEN: Final = _SOUND.replace("detectors", "detector")
_decode = msgspec.msgpack.Decoder(Job).decode
_encode = msgspec.msgpack.Encoder().encode


def work(question: bytes) -> bytes:
    job = _decode(question)
    return _encode(_WORK[job.what](job))


def warm() -> None:
    """Does all of it once."""
    check(Job("check", text=_BROKEN))
    check(Job("check", text=_SOUND))


def check(job: Job) -> Checked:
    """All that can be said of a policy as it stands there. Its tests run once nothing is wrong with it."""
    documents, strangers = _beside(job.around)
    try:
        found = _loaded(job, documents, strangers)
    except ConfigError as error:
        return Checked(mistakes=_said(error.mistakes), diff=_diff(job))
    name = next(iter(found.drafts))
    document, policy = found.documents[name], found.policies.get(name)
    if policy is None:
        message = "extends a policy that rests on a detector of another distribution, whose code is not run here; use `haechi policy test`"
        return Checked(name=name, mistakes=[Said(message, key="extends")], diff=_diff(job))
    able, unrun = without_others(policy)
    mine = [finding for one, finding in lint(found.documents, found.policies) if one == name]
    refused = [Said(one) for one in without_code([policy], VERSIONS)]
    before = Family(documents).settle().policies
    if (old := before.get(name)) is not None and old.digest != policy.digest and old.version >= policy.version:
        mine.append(Finding(("version",), f"is to be raised with every change; {old.version} is in force"))
    return Checked(
        name=name,
        version=policy.version,
        digest=policy.digest,
        description=document.description,
        mistakes=refused,
        remarks=_said(found.drafts[name].mistakes(mine)),
        rules=[_rule(one) for one in policy.rules],
        cases=[] if refused else _cases(replace(found, policies={name: able}, documents={name: document})),
        unrun=unrun,
        changes=[
            Changed(one.what, one.policy, one.rule, one.way, list(one.details))
            for one in differences(before, found.policies)
        ],
        diff=_diff(job),
    )


def prove(job: Job) -> Checked:
    """Of a policy in force: its tests. Its file is not read again."""
    documents, _ = _beside(job.around)
    policy = Family(documents).settle().policies.get(job.name)
    if policy is None:
        return Checked(name=job.name, unrun=[(job.name, "a detector of another distribution")])
    able, unrun = without_others(policy)
    cases = asyncio.run(_proven(able, documents[job.name]))
    return Checked(name=job.name, version=policy.version, digest=policy.digest, cases=cases, unrun=unrun)


def try_box(job: Job) -> Tried:
    documents, strangers = _beside(job.around)
    try:
        found = _loaded(job, documents, strangers)
    except ConfigError as error:
        return Tried(mistakes=_said(error.mistakes))
    policy = found.policies.get(next(iter(found.drafts)))
    if policy is None:
        return Tried(mistakes=[Said("extends a policy that cannot be tried here", key="extends")])
    able, unrun = without_others(policy)
    try:
        came = asyncio.run(tried(able, job.box))
    except ValueError as error:
        return Tried(mistakes=[Said(str(error))])
    return msgspec.structs.replace(came, unrun=unrun)


def without_others(policy: Policy) -> tuple[Policy, list[tuple[str, str]]]:
    """The same without detectors that are not asked here, and which those are: rule and detector."""
    rules: list[BoundRule] = []
    unrun: list[tuple[str, str]] = []
    for rule in policy.rules:
        left = tuple(one for one in rule.finders if one.kind not in NOT_RUN and not isinstance(one.spec, Guest))
        unrun += [(f"{rule.policy}/{rule.id}", f"{one.name} ({one.kind})") for one in rule.finders if one not in left]
        if left:
            rules.append(replace(rule, finders=left))
    return replace(policy, rules=tuple(rules)), unrun


def _loaded(job: Job, documents: Mapping[str, Document], strangers: Mapping[str, Outline]) -> LoadedPolicies:
    """Raises `ConfigError`."""
    around = job.around
    names = Names(around.models, around.teams, around.tags) if around.configured else None
    return load_text(_FILE, job.text, documents, Known(KNOWN_ENTITIES, names), strangers)


def _beside(around: Around) -> tuple[dict[str, Document], dict[str, Outline]]:
    """Documents, and outlines of those that hold what is none of ours."""
    documents: dict[str, Document] = {}
    strangers: dict[str, Outline] = {}
    for name, data in around.documents.items():
        try:
            documents[name] = converted(data, Document)
        except msgspec.ValidationError:
            strangers[name] = Outline.of(data)
    return documents, strangers


def _cases(found: LoadedPolicies) -> list[CaseSaid]:
    try:
        outcome = asyncio.run(try_policies(found))
    except ValueError as error:
        return [CaseSaid("all", [Said(str(error))])]
    return [CaseSaid(name, _said(failed)) for _, name, failed in outcome.cases]


async def _proven(policy: Policy, document: Document) -> list[CaseSaid]:
    async with Trial({policy.name: policy}) as trial:
        return [
            CaseSaid(one.name, [Said(message) for _, message in await trial.wrongs(policy.name, one)])
            for one in document.tests
        ]


def _said(mistakes: Iterable[Mistake]) -> list[Said]:
    said = [
        Said(one.message, one.line, one.column, one.key, "" if one.file == str(_FILE) else one.file, one.suggestion)
        for one in mistakes
    ]
    return sorted(said, key=lambda one: (one.file, one.line, one.column, one.message))


def _rule(rule: BoundRule) -> RuleSaid:
    return RuleSaid(
        rule.policy,
        rule.id,
        sorted(rule.places),
        rule.word,
        rule.mode,
        [f"{one.name} ({one.kind})" if one.name != one.kind else one.kind for one in rule.finders],
        {place: rule.promises(place) for place in sorted(rule.places)} if rule.is_enforced else {},
    )


def _diff(job: Job) -> list[str]:
    if not job.before:
        return []
    lines = difflib.unified_diff(job.before.splitlines(), job.text.splitlines(), "in force", "draft", lineterm="")
    return list(lines)


_WORK: Final[Mapping[str, Any]] = {"check": check, "prove": prove, "try": try_box}
