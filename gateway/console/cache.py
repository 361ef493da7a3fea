"""The cache: what is held, which classes have a certificate and why, what splits the scopes; and would-be hits that people review.

The texts of those are of customers, as the model saw them. They are shown to administrators, and are neither kept here nor logged.
"""

import logging
from typing import Final

from msgspec import Struct
from starlette.responses import RedirectResponse, Response

from gateway.cache.answers import Answers
from gateway.cache.stats import Standing, stats_of
from gateway.cache.waiting import Waits
from gateway.console.cache_page_words import WORDS
from gateway.console.certificates import Picture, Point, nearest, picture, points
from gateway.console.page import Page, Way
from gateway.console.view import NotHere, View

log = logging.getLogger("haechi")

_SHOWN: Final = 5
_VERDICTS: Final = {"right": False, "wrong": True}
_BECAME: Final = ("counted", "certified", "withdrawn", "suspended", "twice", "share", "late", "lost", "gone", "skipped")


class Class(Struct, frozen=True):
    """One class of the configuration, as the page shows it."""

    name: str
    standing: Standing
    points: list[Point]
    picture: Picture | None
    nearest: Point | None


async def show(view: View) -> Response:
    answers = view.setup.cache
    if answers is None:
        return view.render("cache.html", stats=None)
    stats = await stats_of(answers)
    classes = [_class(name, one) for name, one in stats.classes.items()]
    asked = sum(one.count for one in stats.requests or ())
    given = sum(one.count for one in stats.requests or () if one.status in ("hit", "semantic"))
    return view.render(
        "cache.html",
        stats=stats,
        classes=classes,
        asked=asked,
        given=given,
        ratio=given / asked if asked else None,
        shadow=sum(one.count for one in stats.requests or () if one.status == "shadow"),
        for_people=_for_people(answers),
        waiting=len(await _waiting(answers)),
        left=answers.waiting.left if answers.waiting is not None else 0,
    )


async def review(view: View) -> Response:
    """Pairs side by side, the oldest first."""
    answers = view.setup.cache
    if answers is None:
        raise NotHere
    waiting = await _waiting(answers)
    became = view.query.get("became", "")
    return view.render(
        "cache_review.html",
        pairs=waiting[:_SHOWN],
        waiting=len(waiting),
        for_people=_for_people(answers),
        became=became if became in _BECAME else "",
    )


async def reviewed(view: View) -> Response:
    """One verdict: `right`, `wrong` or `skip`. It counts like any reviewer's, and each pair once."""
    answers = view.setup.cache
    if answers is None or answers.semantic is None or answers.waiting is None:
        raise NotHere
    verdict = view.form.get("verdict", "")
    if verdict not in _VERDICTS and verdict != "skip":
        raise NotHere
    one = answers.waiting.take(view.form.get("pair", ""))
    if one is None:
        became = "gone"
    elif verdict == "skip":
        answers.semantic.uncounted["no_verdict"] += 1
        became = "skipped"
    else:
        became = await answers.semantic.reviewed(one.found, wrong=_VERDICTS[verdict], by=view.principal.name)
        if became == "lost":
            answers.waiting.put_back(one)
        log.info(
            "cache: class %s: a pair (%s) is %s, says %s: %s",
            one.of_class,
            one.id,
            verdict,
            view.principal.name,
            became,
        )
    return RedirectResponse(view.url("cache/review", became=became), 303)


async def _waiting(answers: Answers) -> list[Waits]:
    return [] if answers.waiting is None else await answers.waiting.all(answers.store.epochs)


def _for_people(answers: Answers) -> list[str]:
    tier = answers.settings.semantic
    return [] if tier is None else [name for name, one in tier.classes.items() if one.reviewer == "people"]


def _class(name: str, standing: Standing) -> Class:
    all_ = points(standing)
    return Class(name, standing, all_, picture(standing), nearest(all_))


PAGE: Final = Page("cache", (Way("", show), Way("review", review), Way("review", reviewed, "POST")), WORDS)
