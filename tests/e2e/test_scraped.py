"""The metrics page while what it asks is away."""

from pathlib import Path

import httpx

from tests.support.eventually import eventually
from tests.support.gatewayprocess import running, simulated, written
from tests.support.redis_server import redis_server
from tests.support.simulation import Simulation


def test_classes_are_missing_while_their_store_is_away_and_not_as_if_they_had_never_been(
    upstream: Simulation, tmp_path: Path
) -> None:
    """An alert compares them with what they were."""
    with redis_server(tmp_path) as redis:
        config = simulated(
            upstream.url,
            secret="one secret",
            redis={"url": redis.url, "timeout_ms": 10_000},
            cache={"backend": "redis", "wait_ms": 5000, "semantic": {"classes": {"faq": {"wrong": 0.02}}}},
        )
        with running(tmp_path, written(tmp_path, config)) as gateway:

            def page() -> str:
                answer = httpx.get(f"{gateway.url}/metrics", timeout=60)
                assert answer.status_code == 200
                return answer.text

            shown = eventually(lambda: text if "haechi_cache_held{" in (text := page()) else "", 60)
            assert 'haechi_cache_class_bound{class="faq"} 0.02' in shown
            assert 'haechi_cache_class_certified{class="faq"} 0.0' in shown
            assert 'haechi_cache_held{figure="keys_of_the_server"}' in shown
            redis.kill()
            assert "haechi_cache_class_bound{" not in page()
            assert "haechi_cache_held{" not in page()
