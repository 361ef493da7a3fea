"""The pages about policies and the cache in a real browser: validation and tests as one types, the box, reviews; in both languages, light and dark."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, expect

from tests.support.gatewayprocess import GatewayProcess, running
from tests.support.sight import NEEDED, PATIENCE_MS, Sight, browser, sight

if shutil.which(NEEDED) is None:
    pytest.skip(f"no {NEEDED} here", allow_module_level=True)
pytest.importorskip("wordllama")

POLICY: Final = """\
haechi: policy/v1
name: house
version: 3
detectors:
  people: {kind: personal, entities: [KR_PHONE]}
  registration: {kind: korean_rrn}
rules:
  - {id: phones, where: [user], detect: [people], action: tokenize}
  - {id: registration, where: [user, content], detect: [registration], action: mask}
tests:
  - {name: a number, say: 010-1234-5678, model_sees: <KR_PHONE_*>}
"""
CONFIG: Final = """\
providers: {simulated: {}}
models: {demo: {targets: [{provider: simulated, model: demo}]}}
policies: {files: [house.yaml, 'haechi:baseline']}
cache:
  semantic:
    deadline_ms: 1000
    classes: {faq: {temperature: 1.0, one_caller: 1.0, reviewer: people}}
"""
PAGES: Final = (
    "policies",
    "policies/policy/house?at=chat.user",
    "policies/coverage",
    "policies/write?from=house",
    "cache",
    "cache/review",
)

PICTURED: Final = {
    "policies/write?from=house": "console-write",
    "policies/coverage": "console-coverage",
    "cache/review": "console-review",
}
"""Pages of which the documentation has a picture, and its name."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("console")
    (folder / "house.yaml").write_text(POLICY)
    (folder / "haechi.yaml").write_text(CONFIG)
    with running(folder, folder / "haechi.yaml") as process:
        for question in (
            "What is the capital of Ruritania?",
            "Please tell me what the capital of Ruritania is.",
            "What is the capital of Balovia?",
            "Please tell me what the capital of Balovia is.",
        ):
            body = msgspec.json.encode({"model": "demo", "messages": [{"role": "user", "content": question}]})
            answer = httpx.post(
                f"{process.v1}/chat/completions",
                content=body,
                headers={"content-type": "application/json"},
                timeout=60,
            )
            assert answer.status_code == 200
        yield process


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def seen(chromium: Browser, gateway: GatewayProcess) -> Iterator[Sight]:
    with sight(chromium, gateway.url) as made:
        yield made
        assert made.complaints == []


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("ko", "dark")])
def test_every_page_is_there_for_everybody_and_complains_of_nothing(
    chromium: Browser, gateway: GatewayProcess, language: str, theme: str
) -> None:
    with sight(chromium, gateway.url, language, theme) as one:
        for path in PAGES:
            one.open(path)
            if path == "policies":
                one.see("tbody tr:first-child .tests", "14")
            if path.startswith("policies/write"):
                one.see("#verdict .cases", "a number")
                one.see("#tried #model-sees", "[KR_RRN]")
            assert one.page.locator("html").get_attribute("lang") == language
            assert one.barriers() == [], path
            if language == "en" and path in PICTURED:
                if path.startswith("policies/write"):
                    one.page.locator("#text").fill(
                        POLICY.replace("version: 3", "version: 4").replace("[KR_PHONE]", "[korean]")
                    )
                    one.see("#verdict .diff", "+version: 4")
                    one.page.locator("#say").fill("My number is 900101-1234568, call 010-1234-5678.")
                    one.see("#model-sees", "My number is [KR_RRN]")
                one.picture(PICTURED[path])
        assert one.complaints == []


def test_a_mistake_is_named_as_it_is_typed_and_its_place_leads_there(seen: Sight) -> None:
    seen.open("policies/write?from=house")
    seen.see("#summary", "No mistakes")
    draft = seen.page.locator("#text")
    draft.fill(POLICY.replace("detect: [people]", "detekt: [people]"))
    seen.see("#verdict", "did you mean detect?")
    seen.page.locator("#verdict button[data-line]").first.click()
    chosen = draft.evaluate("one => one.value.slice(one.selectionStart, one.selectionEnd)")
    assert chosen.startswith("detekt")
    expect(seen.page.locator("#gutter b")).to_have_text("8\n", timeout=PATIENCE_MS)
    assert seen.barriers() == []


def test_tests_run_as_one_types_and_the_last_text_is_the_one_that_is_answered(seen: Sight) -> None:
    seen.open("policies/write?from=house")
    draft = seen.page.locator("#text")
    for number in range(4, 9):
        draft.fill(POLICY.replace("version: 3", f"version: {number}"))
    seen.see("#summary", "Version 8")
    seen.see("#verdict .diff", "+version: 8")
    draft.fill(POLICY.replace("action: tokenize", "action: log"))
    seen.see("#verdict .cases .failed", "expected")
    seen.see("#verdict .changes .bad", "looser")


def test_a_resident_number_in_the_box_reaches_neither_the_model_nor_the_answer(seen: Sight) -> None:
    seen.open("policies/write?from=house")
    seen.page.locator("#say").fill("주민번호 900101-1234568, 전화 010-1234-5678")
    seen.see("#model-sees", "주민번호 [KR_RRN], 전화 <KR_PHONE_")
    seen.see("#caller-sees", "주민번호 [KR_RRN], 전화 010-1234-5678")
    seen.see("#tried table", "house/registration")
    seen.page.locator("#answer").fill("번호는 900101-\n1234568입니다")
    seen.page.locator("input[name=pieces]").check()
    seen.see("#caller-sees", "번호는 [KR_RRN]입니다")
    seen.page.locator("#surface").select_option("messages")
    seen.see("#caller-sees", "번호는 [KR_RRN]입니다")
    assert seen.barriers() == []


def test_the_file_is_for_whoever_commits_it_and_nothing_is_in_force_meanwhile(seen: Sight) -> None:
    seen.open("policies/write?from=house")
    changed = POLICY.replace("version: 3", "version: 4")
    seen.page.locator("#text").fill(changed)
    with seen.page.expect_download() as coming:
        seen.page.get_by_role("button", name="Download the file").click()
    assert coming.value.suggested_filename == "house.yaml"
    assert Path(coming.value.path()).read_text() == changed
    seen.open("policies/policy/house")
    seen.see("h1", "Version 3")


def test_without_scripts_one_button_brings_all_answers(chromium: Browser, gateway: GatewayProcess) -> None:
    with sight(chromium, gateway.url, scripts=False) as one:
        one.open("policies/write?from=house")
        one.page.get_by_role("button", name="Check", exact=True).click()
        one.see("#verdict .cases", "a number")
        one.see("#tried #model-sees", "[KR_RRN]")


def test_a_verdict_counts_and_the_pair_is_gone(seen: Sight) -> None:
    seen.open("cache/review")
    pairs = seen.page.locator(".pair")
    expect(pairs).to_have_count(2, timeout=PATIENCE_MS)
    pairs.first.get_by_role("button", name="Serves as well").click()
    seen.see("[role=status]", "Counted.")
    expect(pairs).to_have_count(1, timeout=PATIENCE_MS)
    pairs.first.get_by_role("button", name="Wrong for this question").click()
    expect(pairs).to_have_count(0, timeout=PATIENCE_MS)
    seen.open("cache")
    seen.see(".class table", "50.0%")
    assert seen.page.locator(".curve circle").count() > 0
    assert seen.barriers() == []
