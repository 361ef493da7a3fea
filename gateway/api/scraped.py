"""What is true of the gateway at the moment of a scrape."""

import asyncio
from typing import Final

from gateway.cache.answers import Answers
from gateway.cache.stats import Standing, stats_of_store
from gateway.pipeline import Pipeline
from gateway.record.state import State, of_targets

_WAITS: Final = 1.0
"""Seconds for the cache's store, which may be away. Scrapers wait for ten, usually."""


async def state_of(pipeline: Pipeline) -> State:
    setup = pipeline.setup
    now = asyncio.get_running_loop().time()
    targets, up = of_targets(pipeline.attempts.health, now, setup.targets, setup.checked)
    classes, held = ({}, {}) if setup.cache is None else await _of_cache(setup.cache)
    return State(
        targets=targets,
        up=up,
        classes=classes,
        held=held,
        under_way=pipeline.inside,
        records=pipeline.recorder.waiting(),
    )


async def _of_cache(answers: Answers) -> tuple[dict[str, tuple[Standing, float]], dict[str, int]]:
    """Nothing where the store does not answer: a figure that is missing is better than one that is old."""
    semantic = answers.settings.semantic
    by = "" if answers.semantic is None else answers.semantic.embedding().id
    try:
        async with asyncio.timeout(_WAITS):
            stats = await stats_of_store(answers.settings, answers.store, by)
    except TimeoutError:
        return {}, {}
    if not stats.held:  # it is away, and all classes look as if nothing had ever been counted
        return {}, {}
    declared = {} if semantic is None else semantic.classes
    return {name: (one, declared[name].wrong) for name, one in stats.classes.items()}, stats.held
