"""A real browser against the gateway without keys.

What protects it is `Origin`, `Host` and `Sec-Fetch-Site`, which no script can write. There are no CORS headers, for nobody: pages
of this machine may ask, as every program on it may, but their scripts cannot read the answer, and what needs the
gateway's leave first (JSON by its name, other headers) is never sent.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pytest

from tests.support.browser import NEEDED, Page, page
from tests.support.eventually import eventually, records
from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.simulation import Simulation, in_process

pytestmark = pytest.mark.skipif(
    shutil.which(NEEDED) is None, reason=f"{NEEDED} is not installed (`make prerequisites` does it as root on Debian)"
)

_SAID: Final = msgspec.json.encode({"model": "demo", "messages": [{"role": "user", "content": "Hi"}]}).decode()
_START: Final = f"""
const chat = GATEWAY + "/v1/chat/completions", said = {_SAID!r};
const frame = (named) => {{
  const made = document.createElement("iframe");
  made.name = named;
  document.body.append(made);
  return [made, new Promise((loaded) => made.addEventListener("load", () => loaded("loaded")))];
}};
const submit = (action, enctype, fields) => {{
  const [, loaded] = frame("answer" + Math.random());
  const form = Object.assign(document.createElement("form"), {{
    action, enctype, method: "post", target: document.querySelector("iframe:last-of-type").name,
  }});
  for (const [name, value] of fields) form.append(Object.assign(document.createElement("input"), {{name, value}}));
  document.body.append(form);
  form.submit();
  return loaded;
}};
"""


class Attempt(NamedTuple):
    """What a page may try, what its script sees of it, and what becomes of it where the page is one of this machine.

    `local`: the error code, `arrives` at the upstream, or `unsent`: the browser itself holds it back.
    """

    script: str
    sees: str
    local: str


ATTEMPTS: Final = {
    "a body without a type": Attempt(
        'return (await fetch(chat, {method: "POST", mode: "no-cors", body: new Blob([said])})).type',
        "opaque",
        "arrives",
    ),
    "a body of plain text": Attempt(
        'return (await fetch(chat, {method: "POST", mode: "no-cors", body: said})).type',
        "opaque",
        "unsupported_media_type",
    ),
    "a body from a page that hides its name": Attempt(
        'return (await fetch(chat, {method: "POST", mode: "no-cors", body: new Blob([said]), '
        'referrerPolicy: "no-referrer"})).type',
        "opaque",
        "arrives",
    ),
    "a script that wants to read the answer": Attempt(
        'return (await fetch(chat, {method: "POST", body: new Blob([said])})).type',
        "TypeError: Failed to fetch",
        "arrives",
    ),
    "JSON by its name": Attempt(
        'return (await fetch(chat, {method: "POST", headers: {"content-type": "application/json"}, body: said})).type',
        "TypeError: Failed to fetch",
        "unsent",
    ),
    "a beacon": Attempt("return String(navigator.sendBeacon(chat, new Blob([said])))", "true", "arrives"),
    "a form of plain text": Attempt(
        """return submit(chat, "text/plain", [[said.slice(0, -1) + ',"x":"', '"}']])""",
        "loaded",
        "unsupported_media_type",
    ),
    "a form that uploads": Attempt(
        'return submit(GATEWAY + "/v1/audio/transcriptions", "multipart/form-data", [["model", "demo"]])',
        "loaded",
        "arrives",
    ),
    "a redirect": Attempt(
        'return (await fetch("/away?to=" + encodeURIComponent(chat), '
        '{method: "POST", mode: "no-cors", body: new Blob([said])})).type',
        "opaque",
        "foreign_origin",  # whoever was led here has no origin
    ),
    "a sandboxed frame": Attempt(
        """
        const [made, loaded] = frame("box");
        made.sandbox = "allow-scripts";
        made.srcdoc = `<script>fetch("${chat}", {method: "POST", mode: "no-cors", body: new Blob([${JSON.stringify(said)}])})`
            + "</" + "script>";
        return loaded;
        """,
        "loaded",
        "foreign_origin",
    ),
    "a question without a body": Attempt(
        'return (await fetch(GATEWAY + "/v1/responses/resp_1", {mode: "no-cors"})).type', "opaque", "not_found"
    ),
    "a frame": Attempt(
        """
        const [made, loaded] = frame("look");
        made.src = GATEWAY + "/v1/responses/resp_1";
        return loaded;
        """,
        "loaded",
        "not_found",
    ),
}


class Gateway(NamedTuple):
    """A gateway without keys, and the file in which it writes down what happened."""

    process: GatewayProcess
    file: Path


@pytest.fixture(scope="module")
def upstream() -> Iterator[Simulation]:
    with in_process() as simulation:
        yield simulation


@pytest.fixture
def simulation(upstream: Simulation) -> Simulation:
    upstream.reset()
    return upstream


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("open")
    file = folder / "records.jsonl"
    with running(folder, written(folder, simulated(upstream.url, record={"file": str(file)}))) as process:
        yield Gateway(process, file)


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with page(tmp_path_factory.mktemp("evil"), "evil.test") as opened:
        yield opened


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with page(tmp_path_factory.mktemp("local"), "localhost") as opened:
        yield opened


def tried(by: Page, attempt: Attempt, gateway: Gateway, host: str) -> list[dict[str, Any]]:
    """What the gateway wrote down of it; nothing if the browser did not send it."""
    before = len(records(gateway.file))
    url = gateway.process.url.replace("127.0.0.1", host)
    assert by.run(f"const GATEWAY = {url!r};{_START}{attempt.script}") == attempt.sees
    if attempt.local == "unsent":
        return []
    return eventually(lambda: records(gateway.file)[before:])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_a_page_from_elsewhere_makes_the_gateway_do_nothing(
    evil: Page, gateway: Gateway, simulation: Simulation, attempt: Attempt, host: str
) -> None:
    refusals = tried(evil, attempt, gateway, host)
    assert {(one["code"], one["status"]) for one in refusals} <= {("foreign_origin", 403)}
    assert simulation.requests() == []


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_a_page_of_this_machine_may_ask_but_its_script_cannot_read_the_answer(
    local: Page, gateway: Gateway, simulation: Simulation, attempt: Attempt
) -> None:
    """Which shows that the attempts are real: nothing but the name of the page is different."""
    outcomes = {one["code"] for one in tried(local, attempt, gateway, "localhost")}
    arrived = len(simulation.requests())
    if attempt.local == "arrives":
        assert outcomes <= {None, "invalid_request"}, "what a simulator makes of an upload without a file is its own"
        assert arrived == 1
    else:
        assert outcomes == (set() if attempt.local == "unsent" else {attempt.local})
        assert arrived == 0


def test_a_page_of_this_machine_may_call_it_by_another_of_its_names(
    local: Page, gateway: Gateway, simulation: Simulation
) -> None:
    """`localhost` and `127.0.0.1` are two sites to a browser."""
    (answered,) = tried(local, ATTEMPTS["a body without a type"], gateway, "127.0.0.1")
    assert answered["code"] is None
    assert len(simulation.requests()) == 1


def test_a_page_from_elsewhere_opens_no_web_socket(evil: Page, gateway: Gateway, simulation: Simulation) -> None:
    url = gateway.process.url.replace("http", "ws")
    script = f"""
    const line = new WebSocket({url!r} + "/v1/responses");
    return new Promise((said) => {{ line.onopen = () => said("open"); line.onerror = () => said("refused"); }});
    """
    assert evil.run(script) == "refused"
    assert simulation.requests() == []


def test_a_page_whose_own_name_is_made_to_lead_here_is_refused_in_words_it_can_read(
    gateway: Gateway, simulation: Simulation, tmp_path: Path
) -> None:
    """DNS rebinding: for the browser the gateway is now the page's own server, so nothing but `Host` gives it away."""
    script = f"""
    const asked = async (path, how) => {{
      const answer = await fetch(path, how);
      return [answer.status, (await answer.json()).error.code];
    }};
    const json = {{method: "POST", headers: {{"content-type": "application/json"}}, body: {_SAID!r}}};
    return [await asked("/v1/chat/completions", json), await asked("/v1/models", {{}})];
    """
    with page(tmp_path, "evil.test") as rebound:
        rebound.rebind(gateway.process.url)
        assert rebound.run(script) == [[403, "foreign_origin"]] * 2
    assert simulation.requests() == []
