"""Policies in force: which there are, where they are bound, what each says, whether its tests pass, and what nobody looks at."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from starlette.responses import Response

from gateway.config.source import stamp_of
from gateway.console.beside import around
from gateway.console.page import Page, Way
from gateway.console.policy_words import WORDS
from gateway.console.view import NotHere, View
from gateway.console.writing import WAYS
from gateway.drafts.apart import Unanswered
from gateway.drafts.asked import Job
from gateway.drafts.matrix import COLUMNS, Look, matrix, unscanned
from gateway.drafts.matrix import Row as Squares
from gateway.policy.rule import Policy
from gateway.policy.structs import Bind
from gateway.policy.written import Written
from gateway.record.row import Row
from gateway.setup import Setup

_LOOKED_BACK: Final = 500
"""Rows of the ledger, the newest ones."""


class Bound(Struct, frozen=True):
    """One condition of a binding: which, and what fits it."""

    by: str
    what: list[str]


class Listed(Struct, frozen=True):
    """One policy in force. `modes`: how many of its rules are in each. `changed`: its file is another one by now."""

    policy: Policy
    written: Written | None
    bound: list[Bound]
    modes: dict[str, int]
    changed: bool = False


class Used(Struct, frozen=True):
    """One version that requests met, under one digest of all rules together."""

    version: str
    digest: str
    first: float
    last: float
    count: int


async def show(view: View) -> Response:
    """The list."""
    setup = view.setup
    listed = [await _listed(setup, name) for name in sorted(setup.policies)]
    return view.render("policies.html", listed=listed, exempt=setup.config.policies.exempt)


async def show_one(view: View) -> Response:
    name = view.at["name"]
    if name not in view.setup.policies:
        raise NotHere
    one = await _listed(view.setup, name)
    rows = await asyncio.to_thread(matrix, [one.policy])
    tested = await _tested(view, name) if "tests" in view.query else None
    return view.render(
        "policy.html",
        one=one,
        rows=rows,
        columns=COLUMNS,
        prefix=f"policies/policy/{name}",
        tested=tested,
        **_square(view, rows),
    )


async def show_tests(view: View) -> Response:
    """Whether the tests of a policy in force pass: a badge, or with `?all` each of them. A part of a page."""
    if view.at["name"] not in view.setup.policies:
        raise NotHere
    return view.render("policy_tests.html", tested=await _tested(view, view.at["name"]), every="all" in view.query)


async def show_used(view: View) -> Response:
    """Which versions of a policy the last requests met, as far as the ledger tells. A part of a page."""
    if view.ledger is None:
        return view.render("policy_used.html", used=None, count=0)
    page = await (await view.ledger()).page(limit=_LOOKED_BACK)
    return view.render("policy_used.html", used=used(page.rows, view.at["name"]), count=len(page.rows))


async def show_coverage(view: View) -> Response:
    setup = view.setup
    chosen = view.query.get("policy", "")
    policies = [one for name, one in setup.policies.items() if not chosen or name == chosen]
    rows = await asyncio.to_thread(matrix, policies)  # some 20 ms for a few policies
    return view.render(
        "coverage.html",
        rows=rows,
        columns=COLUMNS,
        names=sorted(setup.policies),
        chosen=chosen if chosen in setup.policies else "",
        prefix="policies/coverage",
        open=unscanned(rows),
        **_square(view, rows),
    )


def used(rows: Iterable[Row], name: str) -> list[Used]:
    """By version and the digest of all rules that applied, the last one first. Pure."""
    found: dict[tuple[str, str], Used] = {}
    for row in rows:
        for one in row.policies or ():
            policy, _, version = one.rpartition("@")
            if policy != name:
                continue
            key = (version, row.policy_digest or "")
            met = found.get(key) or Used(version, row.policy_digest or "", row.time, row.time, 0)
            found[key] = Used(version, key[1], min(met.first, row.time), max(met.last, row.time), met.count + 1)
    return sorted(found.values(), key=lambda one: -one.last)


async def _tested(view: View, name: str) -> Mapping[str, Any]:
    try:
        found = await view.gate.drafts.prove(Job("prove", around=around(view.setup), name=name))
    except Unanswered as unanswered:
        return {"found": None, "why": unanswered.why}
    return {"found": found, "why": ""}


async def _listed(setup: Setup, name: str) -> Listed:
    policy, written = setup.policies[name], setup.written.get(name)
    modes: dict[str, int] = {}
    for rule in policy.rules:
        modes[rule.mode] = modes.get(rule.mode, 0) + 1
    changed = written is not None and await asyncio.to_thread(stamp_of, written.file) != written.stamp
    return Listed(policy, written, bound(policy.bind), modes, changed)


def bound(bind: Bind | None) -> list[Bound]:
    """The conditions of a binding that are any; none where it is bound to everything, or by name alone."""
    if bind is None:
        return []
    said: dict[str, Sequence[str]] = {
        "models": bind.models,
        "teams": bind.teams,
        "tags": bind.tags,
        "surfaces": bind.surfaces,
        "zones": bind.zones,
    }
    return [Bound(by, list(what)) for by, what in said.items() if what and "*" not in what]


def _square(view: View, rows: list[Squares]) -> Mapping[str, Any]:
    """What stands at the square that was chosen by `?at=surface.place`."""
    surface, _, place = view.query.get("at", "").partition(".")
    looks: list[Look] | None = None
    for row in rows:
        for square in row.squares:
            if (row.surface, square.place) == (surface, place):
                looks = square.looks
    return {"at": (surface, place) if looks is not None else None, "looks": looks or []}


PAGE: Final = Page(
    "policies",
    (
        Way("", show),
        Way("coverage", show_coverage),
        Way("policy/{name}", show_one),
        Way("policy/{name}/tests", show_tests),
        Way("policy/{name}/used", show_used),
        *WAYS,
    ),
    WORDS,
)
