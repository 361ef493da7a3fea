"""The console's pages about records in a real browser: charts, filters, the live tail, both languages, light and dark."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from playwright.sync_api import Browser, expect

from tests.support.consoled import opinions, rows
from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.seeded import written_apart
from tests.support.sight import NEEDED, PATIENCE_MS, Sight, browser, sight

if shutil.which(NEEDED) is None:
    pytest.skip(f"no {NEEDED} here", allow_module_level=True)

PAGES: Final = {
    "": "?range=15m",
    "requests": "requests?range=15m",
    "cost?by=team": "cost?by=team&range=15m",
    "feedback": "feedback?range=1h",
    "requests/ONE": "requests/ONE",
}
"""Each, and the same with less on it, through which axe is a minute faster."""
PICTURED: Final = {
    ("", "en", "light"): ("console-overview", 1120),
    ("", "ko", "dark"): ("console-overview-korean", 850),
    ("requests", "en", "light"): ("console-requests", 700),
    ("requests/ONE", "en", "light"): ("console-request", 1250),
    ("cost?by=team", "en", "light"): ("console-cost", 800),
    ("feedback", "en", "light"): ("console-feedback", 900),
}
"""Pages of which the documentation has a picture: its name, and the height of the window."""


class Seeded(NamedTuple):
    """A gateway whose ledger has a day in it; and the newest of those requests."""

    process: GatewayProcess
    newest: str


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    folder = tmp_path_factory.mktemp("records")
    made = rows(time.time() - 5, 1500)
    url = written_apart(folder / "ledger.db", made, opinions(made))
    config = written(
        folder,
        {
            "providers": {"simulated": {}},
            "models": {"demo": {"targets": [{"provider": "simulated", "model": "demo"}]}},
            "ledger": {"url": url},
        },
    )
    with running(folder, config) as process:
        yield Seeded(process, made[-1].request_id)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def seen(chromium: Browser, gateway: Seeded) -> Iterator[Sight]:
    with sight(chromium, gateway.process.url) as looked:
        yield looked
        assert looked.complaints == []


def opened(looked: Sight, page: str, gateway: Seeded) -> None:
    looked.open(page.replace("ONE", gateway.newest))
    looked.see("h1")


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("ko", "dark")])
def test_every_page_is_whole_and_keeps_nobody_out(
    chromium: Browser, gateway: Seeded, language: str, theme: str
) -> None:
    with sight(chromium, gateway.process.url, language, theme) as looked:
        for page, less in PAGES.items():
            opened(looked, page, gateway)
            assert looked.page.locator("html").get_attribute("lang") == language
            if looked.page.locator("figure.chart").count():
                looked.see(".plot canvas")
            if (pictured := PICTURED.get((page, language, theme))) is not None:
                looked.window(*pictured)
            opened(looked, less, gateway)
            assert looked.barriers() == [], page
        assert looked.complaints == []


def test_the_first_page_has_the_times_of_the_reader(seen: Sight) -> None:
    seen.open("")
    seen.see("#zone", "Asia/Seoul")


def test_filters_go_into_the_address_and_figures_lead_to_their_rows(seen: Sight) -> None:
    seen.open("")
    seen.see(".figures")
    seen.page.get_by_label("Model", exact=True).select_option("llama")
    seen.page.wait_for_url("**model=llama**", timeout=PATIENCE_MS)
    count = seen.page.locator(".figure", has_text="Blocked").locator("dd a")
    shown = int(count.inner_text().replace(",", ""))
    count.click()
    seen.page.wait_for_url("**/requests?**outcome=blocked**", timeout=PATIENCE_MS)
    seen.see("#rows")
    assert seen.page.locator("#rows tr .badge.warn").count() >= shown > 0


def test_older_pages_follow_and_lead_back(seen: Sight) -> None:
    seen.open("requests")
    first = seen.see("#rows a").get_attribute("id")
    seen.page.get_by_role("link", name="Older").click()
    seen.page.wait_for_url("**before=**", timeout=PATIENCE_MS)
    assert seen.see("#rows a").get_attribute("id") != first
    seen.page.get_by_role("link", name="Newest").click()
    expect(seen.page.locator("#rows a").first).to_have_attribute("id", first or "", timeout=PATIENCE_MS)


def test_a_chart_has_its_figures_in_a_table(seen: Sight) -> None:
    seen.open("")
    seen.see(".plot canvas")
    figure = seen.page.locator("figure.chart").first
    figure.locator("summary").click()
    assert figure.locator("tbody tr").count() > 50


def test_an_id_is_copied_by_the_keyboard(chromium: Browser, gateway: Seeded) -> None:
    with sight(chromium, gateway.process.url) as looked:
        looked.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        opened(looked, "requests/ONE", gateway)
        button = looked.page.locator("[data-copy]").first
        button.focus()
        looked.page.keyboard.press("Enter")
        looked.see("#said", "Copied")
        assert looked.page.evaluate("navigator.clipboard.readText()") == gateway.newest
        assert looked.complaints == []


def test_the_first_thing_the_keyboard_reaches_leads_to_the_content(seen: Sight) -> None:
    seen.open("requests")
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("document.activeElement.className") == "skip"
    seen.page.keyboard.press("Enter")
    assert seen.page.evaluate("document.activeElement.id") == "content"


def test_language_and_colours_are_chosen_without_a_script(chromium: Browser, gateway: Seeded) -> None:
    with sight(chromium, gateway.process.url, scripts=False) as looked:
        looked.open("requests?model=llama")
        looked.page.get_by_role("button", name="한국어").click()
        looked.see("h1", "요청")
        assert "model=llama" in looked.page.url
        looked.page.get_by_role("button", name="어둡게").click()
        expect(looked.page.locator("html")).to_have_attribute("data-theme", "dark", timeout=PATIENCE_MS)
        assert looked.complaints == []


def test_the_printed_lines_appear_in_the_live_tail_as_they_are_run(chromium: Browser, tmp_path: Path) -> None:
    """`haechi serve` without a configuration, which keeps a ledger where programs of a user keep what they know."""
    with running(tmp_path, env={"XDG_STATE_HOME": str(tmp_path / "state")}) as process:
        assert f"console: {process.url}/console/" in process.greeting
        with sight(chromium, process.url) as looked:
            looked.open("requests")
            looked.see("#rows", "Nothing here yet")
            lines = [
                line for line in process.greeting.splitlines() if line.startswith(("curl ", "python3 -c", "for i in"))
            ]
            assert len(lines) >= 4
            for count, line in enumerate(lines, 1):
                subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=60)
                expected = count if not line.startswith("for") else count + 1
                expect(looked.page.locator("#rows tr td:nth-child(3)", has_text="demo")).to_have_count(
                    expected, timeout=PATIENCE_MS
                )
            looked.see("#rows", "hit")
            looked.see("#rows", "tokenize KR_PHONE")
            pause = looked.page.get_by_role("button", name="Pause")
            pause.click()
            looked.see("#tailing", "Go on")
            looked.page.locator("#rows a").first.click()
            looked.see(".waterfall", "cache")
            assert looked.complaints == []
