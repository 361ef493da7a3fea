"""The files of all dashboards."""

from pathlib import Path
from typing import Final

from tests.support.dashboards.cache import CACHE
from tests.support.dashboards.cost import COST
from tests.support.dashboards.guardrails import GUARDRAILS
from tests.support.dashboards.overview import OVERVIEW
from tests.support.dashboards.panel import json_of
from tests.support.dashboards.providers import PROVIDERS

ALL: Final = (OVERVIEW, COST, GUARDRAILS, CACHE, PROVIDERS)
FOLDER: Final = Path(__file__).parents[3] / "deploy" / "grafana" / "dashboards"


def files() -> dict[Path, str]:
    """Each with what should stand in it."""
    return {FOLDER / f"{one.name}.json": json_of(one, ALL) for one in ALL}
