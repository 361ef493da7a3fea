"""What the console tells of requests: figures that agree, nobody else's rows, and no text that is anything but text."""

import re
import time
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.config.strict import Secret
from gateway.record.row import Row
from tests.support.console import Looker, gateway, keyed, looking, text_of
from tests.support.consoled import opinions, rows
from tests.support.ledgered import a_row
from tests.support.seeded import written, written_apart

COUNT: Final = 240


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Row]]:
    """A ledger that nobody writes to, and what is in it."""
    made = rows(time.time() - 60, COUNT)
    return written_apart(tmp_path_factory.mktemp("day") / "ledger.db", made), made


@pytest.fixture
async def day(kept: tuple[str, list[Row]]) -> AsyncIterator[tuple[Looker, list[Row]]]:
    url, made = kept
    async with gateway(ledger={"url": Secret(url)}) as running, looking(running.app) as looker:
        yield looker, made


def figure(html: str, name: str) -> tuple[str, str | None]:
    """The figure of that name, and where it leads."""
    found = re.search(rf'<dt>{re.escape(name)}</dt>\s*<dd>(?:<a href="([^"]*)">)?([^<]*)', html)
    assert found, name
    return found[2], found[1] and found[1].replace("&amp;", "&")


def listed(html: str) -> list[str]:
    """Ids of the requests in a list."""
    return re.findall(r'id="r-(req_[0-9a-f]+)"', html)


async def all_listed(looker: Looker, url: str) -> list[str]:
    """Of all pages, from the first to the last."""
    found: list[str] = []
    next_url: str | None = url
    while next_url is not None:
        page = (await looker.client.get(next_url)).text
        found += listed(page)
        older = re.search(r'rel="next" href="([^"]+)"|href="([^"]+)" rel="next"', page)
        next_url = (older[1] or older[2]).replace("&amp;", "&") if older else None
    return found


async def test_every_figure_leads_to_the_rows_that_it_counts(day: tuple[Looker, list[Row]]) -> None:
    looker, made = day
    page = (await looker.get()).text
    for name, count in (
        ("Requests", len(made)),
        ("Not answered", sum(one.outcome != "answered" for one in made)),
        ("Blocked", sum(one.outcome == "blocked" for one in made)),
    ):
        shown, leads = figure(page, name)
        assert shown == f"{count:,}"
        assert leads is not None
        assert len(await all_listed(looker, leads)) == count
    hits = sum(one.cache in ("hit", "semantic") for one in made)
    _, leads = figure(page, "From the cache")
    assert leads is not None
    assert f"{hits} of" in text_of(page)
    assert len(await all_listed(looker, leads)) == hits


async def test_two_pages_never_disagree(day: tuple[Looker, list[Row]]) -> None:
    looker, made = day
    for query in ("", "?model=llama", "?key=search&outcome=answered", "?team=-"):
        overview, cost = (await looker.get(query)).text, (await looker.get(f"cost{query}")).text
        for name in ("Requests", "Cost", "Tokens", "Saved by the cache"):
            assert figure(overview, name)[0] == figure(cost, name)[0], (query, name)
    cents = sum(one.cost_nanodollars or 0 for one in made) / 1e9
    total = re.search(r"<tfoot>.*?\$([0-9.,]+)", (await looker.get("cost?by=team")).text, re.DOTALL)
    assert total
    assert float(total[1].replace(",", "")) == pytest.approx(cents, abs=0.005)


async def test_pages_of_the_list_hold_each_row_once_the_newest_first(day: tuple[Looker, list[Row]]) -> None:
    looker, made = day
    found = await all_listed(looker, "/console/requests")
    assert found == [one.request_id for one in reversed(made)]
    assert listed((await looker.get("requests?before=nonsense")).text) == found[:50]


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("model=llama", lambda one: one.model == "llama"),
        ("team=-", lambda one: one.team is None),
        ("conversation=conv-3", lambda one: one.conversation == "conv-3"),
        ("cache=given&key=search", lambda one: one.cache in ("hit", "semantic") and one.key == "search"),
        ("model=no-such", lambda one: False),
    ],
)
async def test_filters_in_the_address_filter_the_list(day: tuple[Looker, list[Row]], query: str, fits: Any) -> None:
    looker, made = day
    found = await all_listed(looker, f"/console/requests?{query}")
    assert found == [one.request_id for one in reversed(made) if fits(one)]


async def test_the_tail_tells_of_what_came_since_and_else_nothing(tmp_path: Path) -> None:
    url = await written(tmp_path / "ledger.db", [])
    async with gateway(ledger={"url": Secret(url)}) as running, looking(running.app) as looker:
        page = (await looker.get("requests")).text
        assert "hx-trigger" in page
        (place,) = re.findall(r'hx-get="([^"]+)"', page)
        assert (await looker.client.get(place)).status_code == 204
        first, second = (a_row(number, time=time.time()) for number in range(2))
        for one in (first, second):
            await written(tmp_path / "ledger.db", [one])
            news = (await looker.client.get(place.replace("&amp;", "&"))).text
            assert listed(news)[0] == one.request_id
            assert "New requests: 1" in news
            assert "<html" not in news
            (place,) = re.findall(r'hx-get="([^"]+)"', news)
        assert (await looker.client.get(place.replace("&amp;", "&"))).status_code == 204


async def test_a_page_of_the_past_does_not_wait_for_news(day: tuple[Looker, list[Row]]) -> None:
    looker, _ = day
    assert "hx-trigger" not in (await looker.get("requests?since=1&until=2")).text


async def test_a_key_that_is_no_administrator_sees_its_own_requests_alone(tmp_path: Path) -> None:
    config, admin, user = keyed()
    now = time.time()
    own = [a_row(number, time=now - number, key="anna", model="hers") for number in range(3)]
    others = [a_row(number, time=now - number, key="root", model="canary-model") for number in range(9, 14)]
    url = await written(tmp_path / "ledger.db", own + others)
    async with gateway(**config, ledger={"url": Secret(url)}) as running, looking(running.app) as looker:
        await looker.sign_in(user)
        for path in ("", "requests", "cost", "cost?by=key", "requests?key=root", "?key=root", "requests/tail?key=root"):
            page = await looker.get(path)
            assert page.status_code == 200
            assert "canary-model" not in page.text
            assert others[0].request_id not in page.text
        assert figure((await looker.get("?key=root")).text, "Requests")[0] == "3"
        assert (await looker.get(f"requests/{own[0].request_id}")).status_code == 200
        hidden, missing = [await looker.get(f"requests/{name}") for name in (others[0].request_id, "req_none")]
        assert (hidden.status_code, missing.status_code) == (404, 404)
        assert hidden.text.replace(others[0].request_id, "X") == missing.text.replace("req_none", "X")
    async with gateway(**config, ledger={"url": Secret(url)}) as running, looking(running.app) as looker:
        await looker.sign_in(admin)
        assert figure((await looker.get()).text, "Requests")[0] == "8"
        assert (await looker.get(f"requests/{own[0].request_id}")).status_code == 200


async def test_what_was_said_of_answers_is_shown_to_administrators(tmp_path: Path) -> None:
    config, admin, user = keyed()
    made = rows(time.time() - 60, COUNT)
    said = opinions(made, 20)
    url = await written(tmp_path / "ledger.db", made, said)
    async with gateway(**config, ledger={"url": Secret(url)}) as running, looking(running.app) as looker:
        await looker.sign_in(admin)
        page = text_of((await looker.get("feedback")).text)
        assert f"thumbs {len(said)} {sum(one.bad for one in said)}" in re.sub(r"\s+", " ", page)
        assert next(str(one.comment) for one in said if one.comment) in page
        good = text_of((await looker.get("feedback?bad=1&words=1")).text)
        assert "This solved it" not in good
        one = next(one for one in said if one.comment)
        assert str(one.comment) in text_of((await looker.get(f"requests/{one.request_id}")).text)
        assert (await looker.get("feedback?before=x&model=llama&since=1&range=z")).status_code == 200
    async with gateway(**config, ledger={"url": Secret(url)}) as running, looking(running.app) as looker:
        await looker.sign_in(user)
        assert (await looker.get("feedback")).status_code == 403


async def test_without_a_ledger_the_pages_say_how_to_turn_it_on() -> None:
    async with gateway() as running, looking(running.app) as looker:
        for path in ("", "requests", "cost", "feedback"):
            assert "ledger:" in (await looker.get(path)).text
            assert "원장" in (await looker.get(path, accept_language="ko")).text
        assert (await looker.get("requests/req_1")).status_code == 404
        assert (await looker.get("requests/tail")).status_code == 204


async def test_a_ledger_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    url = f"sqlite:///{tmp_path}/file/ledger.db"
    async with gateway(ledger={"url": Secret(url)}) as running, looking(running.app) as looker:
        answer = await looker.get("requests")
        assert answer.status_code == 503
        assert "does not answer" in answer.text
        assert str(tmp_path) not in answer.text


class Elements(HTMLParser):
    """Elements that a browser would make, and the attributes that act."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: dict[str, int] = {}
        self.acting: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        for name, value in attrs:
            if name.startswith("on") or (value or "").strip().lower().startswith("javascript:"):
                self.acting.append(name)


def elements(html: str) -> tuple[dict[str, int], list[str]]:
    parser = Elements()
    parser.feed(html)
    parser.close()
    return parser.tags, parser.acting


MARKUP: Final = st.sampled_from(
    [
        "<img src=x onerror=alert(1)>",
        '"><script>alert(1)</script>',
        "</script><b>",
        "' onfocus='x",
        "{{ 7*7 }}",
        "<!--",
        "]]>",
    ]
)
HOSTILE: Final = st.lists(
    st.one_of(MARKUP, st.text("<>&\"'{}%\\ \u2028\u202e가", max_size=6)), min_size=1, max_size=3
).map("".join)
_TEXTS: Final = (
    "key", "team", "model", "served_by", "code", "finish", "user", "model_served", "provider", "region", "response_id",
    "conversation", "prompt", "outcome", "cache", "dialect", "policy_digest",
)  # fmt: skip


def planted(text: str, number: int) -> Row:
    """With the text in every field that holds one."""
    row = rows(time.time() - 60, 3)[-1]
    found = [(text, text, text, text, text, text, 1)]
    detail: dict[str, Any] = {
        "candidate": text,
        "failure": text,
        "strategy": text,
        "order": [text],
        "excluded": [(text, text, text, text)],
    }
    detail |= {"pinned": text, "side": "in", "rules": [(text, text, text, text, (text,))], "status": text, "why": text}
    detail |= {"class": text, "like_why": text, "kept": text, "neighbours": [(0.5, text, [text], 1)], "threshold": 0.5}
    steps = [msgspec.structs.replace(step, name=step.name, detail={**step.detail, **detail}) for step in row.steps]
    return msgspec.structs.replace(
        row,
        request_id=f"req_{number:024x}",
        attempts=[(text, text)],
        verdicts=found,
        unscanned={text: 1},
        policies=[text],
        exempted=[text],
        guarantee=text,
        steps=steps,
        **dict.fromkeys(_TEXTS, text),
    )


@settings(
    max_examples=2, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(HOSTILE, min_size=6, max_size=6))
async def test_whatever_a_name_holds_comes_out_as_text(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    """The same elements as with a harmless name, and none that acts."""
    made = [planted(text, number) for number, text in enumerate(["harmless", *(f"x{text}" for text in texts)])]
    said = [
        msgspec.structs.replace(one, comment=text, correction=text, metric=text, source=text, label=text, model=text)
        for one, text in zip(opinions(rows(time.time() - 60, 200), 1) * 6, texts, strict=True)
    ]
    named = [msgspec.structs.replace(one, id=f"fb_{number}") for number, one in enumerate(said)]
    url = await written(tmp_path_factory.mktemp("planted") / "ledger.db", made, named)
    async with gateway(ledger={"url": Secret(url)}) as running, looking(running.app) as looker:
        plain, *odd = [elements((await looker.get(f"requests/{one.request_id}")).text) for one in made]
        assert odd == [plain] * len(texts)
        assert plain[1] == []
        for path in ("", "requests", "cost", "cost?by=key", "feedback"):
            answer = await looker.get(path)
            assert answer.status_code == 200
            tags, acting = elements(answer.text)
            assert acting == []
            assert tags["script"] == 4 + answer.text.count('<script type="application/json"')
            assert not {"img", "b", "iframe"} & tags.keys()
