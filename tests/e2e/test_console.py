"""The console over HTTP: who gets in, what every answer carries, and where it may live."""

import re
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from gateway.app import Gateway
from tests.support.console import Looker, gateway, keyed, looking, text_of

ELSEWHERE: Final = "http://evil.test"


@pytest.fixture
async def open_mode() -> AsyncIterator[Looker]:
    async with gateway() as running, looking(running.app) as looker:
        yield looker


class Keyed:
    """A gateway with keys, and somebody who has not signed in."""

    def __init__(self, running: Gateway, looker: Looker, admin: str, user: str) -> None:
        self.running = running
        self.looker = looker
        self.admin = admin
        self.user = user


@pytest.fixture
async def closed() -> AsyncIterator[Keyed]:
    config, admin, user = keyed()
    async with gateway(**config) as running, looking(running.app) as looker:
        yield Keyed(running, looker, admin, user)


def guarded(answer: httpx.Response) -> bool:
    policy = answer.headers["content-security-policy"]
    return (
        "default-src 'none'" in policy
        and "unsafe" not in policy
        and "http" not in policy
        and "frame-ancestors 'none'" in policy
        and answer.headers["x-content-type-options"] == "nosniff"
        and answer.headers["x-frame-options"] == "DENY"
    )


async def test_without_keys_this_machine_sees_the_console(open_mode: Looker) -> None:
    answer = await open_mode.get()
    assert answer.status_code == 200
    assert guarded(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert (await open_mode.client.get("/console")).headers["location"] == "/console/"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.test"},
        {"origin": ELSEWHERE},
        {"sec_fetch_site": "cross-site"},
        {"x_forwarded_for": "10.0.0.1"},
        {"forwarded": "for=10.0.0.1"},
    ],
    ids=str,
)
async def test_without_keys_nobody_else_sees_any_of_it(open_mode: Looker, headers: dict[str, str]) -> None:
    style = re.search(r"static/console\.[0-9a-f]+\.css", (await open_mode.get()).text)
    assert style
    for path in ("", "requests", "sign-in", "nowhere", style[0]):
        answer = await open_mode.get(path, **headers)
        assert answer.status_code == 403
        assert "<" not in answer.text
        assert guarded(answer)


async def test_every_way_that_is_not_there_says_so_and_is_guarded(open_mode: Looker) -> None:
    for path in ("nowhere", "requests/a/b/c", "static/nothing.css", "static/../assets.py", "%2e%2e/", "//evil.test"):
        answer = await open_mode.get(path)
        assert answer.status_code == 404, path
        assert guarded(answer)
    assert (await open_mode.client.put("/console/")).status_code == 405


async def test_assets_may_be_kept_for_good(open_mode: Looker) -> None:
    page = (await open_mode.get()).text
    for name in ("console", "uplot", "htmx", "charts", "icon"):
        found = re.search(rf'"(/console/static/{name}\.[0-9a-f]{{16}}\.\w+)"', page)
        assert found, name
        answer = await open_mode.client.get(found[1])
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert guarded(answer)


async def test_a_key_signs_in_and_the_cookie_is_not_the_key(closed: Keyed) -> None:
    looker = closed.looker
    asked = await looker.get("requests?model=a%26b")
    assert asked.status_code == 303
    assert asked.headers["location"] == "/console/sign-in?after=requests%3Fmodel%3Da%2526b"
    assert 'name="after" value="requests?model=a%26b"' in (await looker.client.get(asked.headers["location"])).text
    answer = await looker.sign_in(closed.admin, "requests?model=a%26b")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/requests?model=a%26b"
    cookie = answer.headers["set-cookie"]
    assert closed.admin not in cookie
    assert {"HttpOnly", "SameSite=strict", "Path=/console/"} <= set(cookie.split("; "))
    page = await looker.get("requests")
    assert page.status_code == 200
    assert "root" in text_of(page.text)


async def test_behind_tls_the_cookie_is_for_tls_alone(closed: Keyed) -> None:
    answer = await closed.looker.post("sign-in", {"key": closed.admin}, x_forwarded_proto="https")
    assert "Secure" in answer.headers["set-cookie"]


async def test_an_unknown_key_does_not_sign_in_and_tries_are_limited(closed: Keyed) -> None:
    for _ in range(10):
        answer = await closed.looker.sign_in("hk-guess")
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        assert "hk-guess" not in answer.text
    answer = await closed.looker.sign_in(closed.admin)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    "after", ["//evil.test", "https://evil.test", "/\\evil.test", "\\evil.test", "a\r\nb: c", "..//x"]
)
async def test_signing_in_leads_nowhere_else(closed: Keyed, after: str) -> None:
    answer = await closed.looker.sign_in(closed.admin, after)
    assert answer.headers["location"] == "/console/"


async def test_signing_out_ends_the_session_even_for_a_stolen_cookie(closed: Keyed) -> None:
    looker = closed.looker
    await looker.sign_in(closed.admin)
    stolen = dict(looker.client.cookies)
    answer = await looker.post("sign-out", {"token": await looker.token()})
    assert answer.status_code == 303
    async with looking(closed.running.app) as thief:
        thief.client.cookies.update(stolen)
        assert (await thief.get("requests")).status_code == 303


async def test_a_key_that_left_the_configuration_is_signed_out(closed: Keyed) -> None:
    await closed.looker.sign_in(closed.user)
    assert (await closed.looker.get()).status_code == 200
    config, *_ = keyed()
    async with gateway(**config) as other, looking(other.app) as looker:
        looker.client.cookies.update(closed.looker.client.cookies)
        assert (await looker.get()).status_code == 303


@pytest.mark.parametrize(
    "headers", [{"origin": ELSEWHERE}, {"origin": "null"}, {"sec_fetch_site": "same-site"}], ids=str
)
async def test_posts_from_elsewhere_are_refused(closed: Keyed, headers: dict[str, str]) -> None:
    looker = closed.looker
    await looker.sign_in(closed.admin)
    token = await looker.token()
    for path in ("sign-out", "sign-in", "settings"):
        answer = await looker.post(path, {"token": token, "key": closed.admin}, **headers)
        assert answer.status_code == 403
    assert (await looker.get()).status_code == 200


@pytest.mark.parametrize("token", ["", "0" * 64, "ü"])
async def test_posts_without_the_token_are_refused(closed: Keyed, token: str) -> None:
    await closed.looker.sign_in(closed.admin)
    answer = await closed.looker.post("sign-out", {"token": token})
    assert answer.status_code == 403
    assert (await closed.looker.get()).status_code == 200


async def test_a_script_with_an_old_token_is_told_so_in_place_of_the_part(open_mode: Looker) -> None:
    answer = await open_mode.post("policies/write/check", {"token": "0" * 64, "text": "x"}, hx_request="true")
    assert answer.status_code == 403
    assert "<html" not in answer.text
    assert "too old" in text_of(answer.text)
    assert '{"code":"403","swap":true' in (await open_mode.get("policies/write")).text


async def test_whoever_posts_when_the_session_is_over_is_not_led_to_where_nothing_is(closed: Keyed) -> None:
    answer = await closed.looker.post("sign-out", {"token": "0" * 64})
    assert answer.headers["location"] == "/console/sign-in"
    assert (await closed.looker.get("requests?range=1h")).headers["location"].endswith("?after=requests%3Frange%3D1h")


async def test_only_an_administrator_may_change_anything(closed: Keyed) -> None:
    await closed.looker.sign_in(closed.user)
    token = await closed.looker.token()
    assert (await closed.looker.post("requests", {"token": token})).status_code == 403
    await closed.looker.post("sign-out", {"token": token})
    await closed.looker.sign_in(closed.admin)
    assert (await closed.looker.post("requests", {"token": await closed.looker.token()})).status_code == 404


async def test_a_form_that_is_too_long_is_refused(closed: Keyed) -> None:
    answer = await closed.looker.post("sign-in", {"key": "k" * 1_100_000})
    assert answer.status_code == 413


async def test_language_colours_and_zone_are_chosen_and_kept(open_mode: Looker) -> None:
    assert '<html lang="ko"' in (await open_mode.get(accept_language="ko-KR,ko;q=0.9")).text
    answer = await open_mode.post("settings", {"language": "ko", "after": "requests?model=x"})
    assert answer.headers["location"] == "/console/requests?model=x"
    await open_mode.post("settings", {"theme": "dark"})
    await open_mode.post("settings", {"zone": "Asia/Seoul"})
    page = (await open_mode.get()).text
    assert 'lang="ko" data-theme="dark" data-zone="Asia/Seoul"' in page
    assert "UTC+09:00" in page
    await open_mode.post("settings", {"language": "xx", "theme": '"><script>', "zone": "../../etc/passwd"})
    page = (await open_mode.get()).text
    assert 'lang="ko" data-theme="dark" data-zone="UTC"' in page


@pytest.mark.parametrize("root", ["", "/llm"])
async def test_it_works_below_a_path(root: str) -> None:
    """Mounted in another application, or behind a proxy that takes its own part off and says so in the configuration."""
    async with gateway(console={} if root else {"path": "/llm/console"}) as running:
        app: Any = Starlette(routes=[Mount(root, app=running.app)]) if root else running.app
        for base in ["/llm/console"] if root else ["/console", "/llm/console"]:
            async with looking(app, base=base) as looker:
                page = await looker.get("requests")
                assert page.status_code == 200
                links = re.findall(r'(?:href|src|action)="([^"#]+)"', page.text)
                assert links
                assert all(link.startswith("/llm/console/") for link in links)
                assert (await looker.client.get(base)).headers["location"] == "/llm/console/"


async def test_there_may_be_none() -> None:
    async with gateway(console={"enabled": False}) as running, looking(running.app) as looker:
        assert (await looker.get()).status_code == 404
        assert (await looker.client.get("/console")).status_code == 404
