"""Callers that ask the same at once, behind a gateway whose upstreams answer when a test says so."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from tests.support import scripted
from tests.support.eventually import eventually
from tests.support.gatewayprocess import running
from tests.support.policed import PERSONAL, SECRET, policed, policy
from tests.support.rawclient import Answer, Line, ask
from tests.support.scripted import (
    DONE,
    LAST,
    PATHS,
    Stage,
    asking,
    chat_chunk,
    chunk,
    configured,
    target,
    upstreams,
)

CODES: Final = {"codes": {"kind": "pattern", "match": "INT-[0-9]{6}", "name": "CODE"}}
USAGE: Final = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
COST: Final = 3 * 1000 + 2 * 2000
CLOSE: Final = {"connection": "close"}
"""An upstream of tests holds no connection for longer than ten seconds."""
HEAD: Final = scripted.HEAD.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
BEGUN: Final = (HEAD, chunk(chat_chunk(), chat_chunk("하나 ")))
REST: Final = (chunk(chat_chunk("둘 "), chat_chunk(finish="stop", usage=USAGE)), chunk(DONE), LAST)
ONE: Final = "하나".encode()
CHANGING: Final = re.compile(r'"(?:item_)?id":"[^"]*"|"(?:created|created_at|completed_at)":\d+')


def rules(name: str, action: Mapping[str, Any]) -> dict[str, Any]:
    """For models below `name/`: what is done about a code in an answer."""
    one = {"id": "codes", "where": ["content"], "detect": ["codes"], "action": action}
    return policy(name, detectors=CODES, rules=[one], bind={"models": [f"{name}/*"]})


@contextmanager
def flights(folder: Path, simulated: str, **more: Any) -> Iterator[Stage]:
    """`one/…` leads to the provider `one`, with a price; `ruled/…` too, through rules; `both/…` to `one`, then `two`; `sim/…`,
    `personal/…`, `blocking/…` and `asking/…` to the simulator at this address.
    """
    with upstreams() as made:
        priced = target("one", prices={"input": 1, "output": 2})
        models = {"one/*": priced, "ruled/*": priced}
        models |= {f"{name}/*": target("sim", "demo") for name in ("sim", "personal", "blocking", "asking")}
        config = configured(
            made,
            folder,
            {"one": ["chat"], "two": ["chat"]},
            {name: {"targets": [one]} for name, one in models.items()}
            | {"both/*": {"targets": [target("one"), target("two")]}},
            **{
                "cache": {"value_independent": ["personal/free*"]},
                "secret": SECRET,
                "breaker": {"failures": 1000},
                **more,
            },
        )
        config["providers"]["sim"] = {"kind": "simulated", "base_url": f"{simulated}/v1"}
        policies = [
            PERSONAL | {"bind": {"models": ["ruled/*", "personal/*"]}},
            rules("blocking", {"block": {}}),
            rules("asking", {"reask": {"times": 1}}),
        ]
        with running(folder, policed(folder, config, *policies)) as process:
            yield Stage(process, made, folder / "records.jsonl")
        assert "Traceback" not in process.log, process.log
        assert "never retrieved" not in process.log, process.log
        assert "defect" not in process.log, process.log


class Callers(ExitStack):
    """Lines to a gateway, on each of which something was asked with a temperature of 0."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage

    def ask(self, model: str, caller: str = "chat", headers: dict[str, str] | None = None, **more: Any) -> Line:
        asked = asking(model, caller, **({"streamed": True, "temperature": 0} | more)) | more
        asked.pop("streamed", None)
        return self.post(PATHS[caller], asked, headers)

    def post(self, path: str, asked: Any, headers: dict[str, str] | None = None) -> Line:
        """A line on which that has been asked, and has come as far as the cache."""
        before = looked(self._stage)
        line = self.enter_context(Line(self._stage.process.url))
        line.ask(path, asked, headers=headers)
        eventually(lambda: looked(self._stage) > before)
        return line


def looked(stage: Stage) -> int:
    """How many requests have asked the cache."""
    figures = ask(stage.process.url, "/haechi/cache/stats", b"", method="GET").json
    return sum(one["count"] for one in figures["requests"])


def under_way(stage: Stage) -> int:
    return int(ask(stage.process.url, "/haechi/cache/stats", b"", method="GET").json["under_way"])


def said(answer: Answer) -> str:
    """The transcript, but for id and time."""
    assert (answer.status, answer.end) == (200, "whole"), answer
    return CHANGING.sub("…", answer.body.decode())


def ids(answer: Answer) -> set[str]:
    return set(re.findall(r'"id":"([^"]*)"', answer.body.decode()))


def marks(answers: list[Answer]) -> list[str]:
    return [one.headers["x-haechi-cache"] for one in answers]


def body(value: Any, status: int = 200) -> bytes:
    """A whole answer, and the end of its connection."""
    return scripted.whole(value, status, CLOSE)
