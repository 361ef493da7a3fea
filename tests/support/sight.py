"""The console in a real browser, by Playwright: pages that keep what they complain of, and a look for what keeps people out.

A page is opened in a language and in light or dark; nothing but loopback can be reached.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from axe_core_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it has none
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

NEEDED: Final = "chromium"
PATIENCE_MS: Final = 60_000
"""Of everything that is waited for: a busy machine may stand still."""
PICTURES: Final = "HAECHI_SCREENSHOTS"
"""A folder for pictures of pages, as the documentation shows them. Without it none is made."""
_GRAVE: Final = ("serious", "critical")
_FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


class Sight:
    """One page. `complaints`: what it has written to its console, and what went wrong in it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", lambda one: self._hear_failed(one.url, str(one.failure)))

    def open(self, path: str) -> None:
        self.page.goto(f"{self.url}/console/{path}")

    def see(self, selector: str, text: str = "") -> Locator:
        """Waits until it is there, with this text in it."""
        found = self.page.locator(selector)
        expect(found.first).to_contain_text(text, timeout=PATIENCE_MS)
        return found.first

    def barriers(self) -> list[str]:
        """What axe finds serious, each with where it is."""
        found: dict[str, Any] = Axe().run(self.page)
        return [
            f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}"
            for one in found["violations"]
            if one["impact"] in _GRAVE
        ]

    def picture(self, name: str) -> None:
        """For the documentation, if somebody wants one."""
        if folder := os.environ.get(PICTURES):
            usual = self.page.viewport_size
            self.page.set_viewport_size(
                {"width": 1360, "height": 1600}
            )  # so that nothing sticks to the edge of a window
            whole = self.page.locator("main").bounding_box()
            last = self.page.locator("main > :last-child").bounding_box()
            assert whole is not None
            assert last is not None
            height = last["y"] + last["height"] + 16
            clip: Any = {"x": whole["x"], "y": 0, "width": whole["width"], "height": height}
            self.page.screenshot(path=Path(folder) / f"{name}.png", clip=clip)
            if usual is not None:
                self.page.set_viewport_size(usual)

    def window(self, name: str, height: int) -> None:
        """The whole window, navigation and all, for the same."""
        if folder := os.environ.get(PICTURES):
            self.page.set_viewport_size({"width": 1360, "height": height})
            self.page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
            self.page.screenshot(path=Path(folder) / f"{name}.png")

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{kind}: {text}")

    def _hear_failed(self, url: str, why: str) -> None:
        if "ERR_ABORTED" not in why:  # a newer question takes the place of an older one
            self.complaints.append(f"{url}: {why}")


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=shutil.which(NEEDED), args=_FLAGS)
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def sight(
    of: Browser, url: str, language: str = "en", theme: str = "light", *, scripts: bool = True
) -> Iterator[Sight]:
    """A page of somebody who was never here before."""
    context = of.new_context(
        locale=language,
        color_scheme="dark" if theme == "dark" else "light",
        timezone_id="Asia/Seoul",
        viewport={"width": 1360, "height": 850},
        java_script_enabled=scripts,
        accept_downloads=True,
    )
    try:
        yield Sight(context.new_page(), url)
    finally:
        context.close()
