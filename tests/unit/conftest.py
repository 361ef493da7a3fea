"""A module that says `pytestmark = pytest.mark.clockwork` runs on a clock of its own."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from tests.support.clockwork import Clockwork


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("clockwork") is not None:
        return {"clockwork": Clockwork}
    return {"asyncio": asyncio.new_event_loop}
