"""A web page rates an answer in a real browser, by the lines that the documentation has for it."""

import shutil
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest

from tests.support.browser import NEEDED, Page, page
from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.pages import ROOT, snippets
from tests.support.rawclient import ask
from tests.support.simulation import in_process

pytestmark = pytest.mark.skipif(
    shutil.which(NEEDED) is None, reason=f"{NEEDED} is not installed (`make prerequisites` does it as root on Debian)"
)
TOKEN: Final = "x-haechi-feedback-token"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with page(tmp_path_factory.mktemp("page"), "app.test") as opened:
        yield opened


@pytest.fixture(scope="module")
def gateway(browser: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("gateway")
    with in_process() as simulation:
        feedback = {"tokens": {}, "origins": [browser.origin]}
        with running(folder, written(folder, simulated(simulation.url, feedback=feedback))) as process:
            yield process


def rate(browser: Page, gateway: GatewayProcess, token: str, said: dict[str, Any]) -> Any:
    """What the script of the page sees."""
    (documented,) = [one.text for one in snippets(ROOT / "docs" / "feedback.md") if one.title == "page.js"]
    given = msgspec.json.encode([gateway.url, token, said]).decode()
    return browser.run(
        f"{documented}\nconst answer = await rate(...{given}); return [answer.status, await answer.json()];"
    )


def asked(gateway: GatewayProcess) -> dict[str, str]:
    body = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}]}
    return dict(ask(gateway.url, "/v1/chat/completions", body).headers)


def test_a_declared_page_rates_the_answer_whose_token_it_has(browser: Page, gateway: GatewayProcess) -> None:
    head = asked(gateway)
    status, said = rate(browser, gateway, head[TOKEN], {"value": False, "comment": "아니에요 🙂"})
    assert (status, said["request_id"], said["comment"]) == (200, head["x-haechi-request-id"], "아니에요 🙂")
    assert rate(browser, gateway, head[TOKEN], {"value": False, "comment": "아니에요 🙂"}) == [status, said]


def test_its_script_can_read_why_not(browser: Page, gateway: GatewayProcess) -> None:
    status, refused = rate(browser, gateway, "hft_forged", {"value": True})
    assert (status, refused["error"]["code"]) == (401, "invalid_api_key")


def test_the_page_gets_no_further_leave(browser: Page, gateway: GatewayProcess) -> None:
    script = f'return await fetch("{gateway.url}/v1/models").then((answer) => answer.status);'
    assert "Failed to fetch" in browser.run(script)
