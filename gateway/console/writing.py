"""A policy that somebody writes in the console: what is wrong with it, what it would do, what it changes. It changes nothing by itself.

What is typed goes to a process apart and comes back as an answer; it is neither kept nor logged.
"""

import re
import secrets
from typing import Any, Final

import msgspec
from msgspec import Struct
from starlette.responses import Response

from gateway.console.beside import around
from gateway.console.page import Way
from gateway.console.view import View
from gateway.drafts.apart import Unanswered
from gateway.drafts.asked import MOST_CHARS, MOST_SAID, Box, Checked, FoundSaid, Job, Said, Tried
from gateway.policy.coverage import STREAMED
from gateway.policy.structs import POLICY_NAME

SURFACES: Final = ("chat", "responses", "messages", "completions", "embeddings", "moderations", "rerank")
_NAME: Final = re.compile(POLICY_NAME)
SPEAKERS: Final = ("say", "system", "tool_result")
EMPTY: Final = """\
haechi: policy/v1
name: support
version: 1
description: What it is for.
bind: {models: ["*"]}

detectors:
  people: {kind: personal, entities: [EMAIL_ADDRESS, KR_PHONE]}
  registration: {kind: korean_rrn}
  codes: {kind: pattern, match: 'INT-[0-9]{6}', name: INTERNAL_CODE}

rules:
  - id: people-become-placeholders
    where: [system, developer, user, assistant, tool_result]
    detect: [people]
    action: tokenize
  - id: no-registration-numbers
    where: [system, developer, user, assistant, tool_result, content]
    detect: [registration]
    action: {mask: {with: "[{kind}]"}}
  - id: no-internal-codes
    where: [content]
    detect: [codes]
    action: {mask: {with: "[{kind}]"}}

tests:
  - name: a telephone number
    say: Call 010-1234-5678.
    model_sees: Call <KR_PHONE_*>.
    caller_sees: "You said: Call 010-1234-5678."
  - name: an internal code
    say: Which part is it?
    answer: It is INT-123456.
    caller_sees: It is [INTERNAL_CODE].
"""


class Piece(Struct, frozen=True):
    """A run of a text; `kind` is what was found there, empty where nothing was. `rule` is the one that decides."""

    text: str
    kind: str = ""
    rule: str = ""


async def write(view: View) -> Response:
    """The page, with what is in force under `?from=`, or something to begin with."""
    start = view.query.get("from", "")
    written = view.setup.written.get(start)
    return view.render("policy_write.html", **_page(view, written.text if written is not None else EMPTY, start))


async def write_posted(view: View) -> Response:
    """The same without a script: with all answers in it."""
    form = view.form
    text, start = form.get("text", ""), form.get("start", "")
    told = {**_page(view, text, start), "box": _box(view), "verdict": await _verdict(view), "came": await _came(view)}
    return view.render("policy_write.html", **told)


async def check(view: View) -> Response:
    """A part of the page: what is wrong, which tests pass, what changes."""
    verdict = await _verdict(view)
    if verdict["why"] == "newer":
        return Response(status_code=204)
    return view.render("policy_verdict.html", verdict=verdict)


async def try_it(view: View) -> Response:
    """A part of the page: what becomes of the text in the box."""
    came = await _came(view)
    if came["why"] == "newer":
        return Response(status_code=204)
    return view.render("policy_tried.html", came=came)


async def download(view: View) -> Response:
    """The file to commit, as it was typed."""
    name = file_name(view.form.get("text", ""))
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(view.form.get("text", "").replace("\r\n", "\n"), headers=headers, media_type="application/yaml")


def file_name(text: str) -> str:
    """Named for the policy, as far as a line says `name:` plainly."""
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key == "name" and _NAME.fullmatch(value.strip()):
            return f"{value.strip()}.yaml"
    return "policy.yaml"


def pieces(text: str, found: list[FoundSaid], where: str) -> list[Piece]:
    """The text with what was found in it: of findings that overlap the one that decides, else the first. Pure."""
    made: list[Piece] = []
    end = 0
    here = [one for one in found if one.where == where and one.span is not None and one.span[1] <= len(text)]
    for one in sorted(here, key=lambda one: (one.span or (0, 0), not one.decides)):
        start, stop = one.span or (0, 0)
        if start < end or start == stop:
            continue
        if start > end:
            made.append(Piece(text[end:start]))
        made.append(Piece(text[start:stop], one.kind, one.rule))
        end = stop
    if end < len(text) or not made:
        made.append(Piece(text[end:]))
    return made


async def _verdict(view: View) -> dict[str, Any]:
    text = view.form.get("text", "").replace("\r\n", "\n")
    written = view.setup.written.get(view.form.get("start", ""))
    before = written.text if written is not None else ""
    found, why = Checked(), ""
    if len(text) > MOST_CHARS:
        found = Checked(mistakes=[Said(f"has {len(text):,} characters; the console takes {MOST_CHARS:,} at most")])
    else:
        try:
            job = Job("check", around=around(view.setup), text=text, before=before)
            found = await view.gate.drafts.check(job, _name_of_page(view, "check"))
        except Unanswered as unanswered:
            why = unanswered.why
    return {
        "found": found,
        "why": why,
        "passed": sum(not one.said for one in found.cases),
        "before": view.form.get("start", "") if before else "",
        "file": written.file.name if written is not None else "",
    }


async def _came(view: View) -> dict[str, Any]:
    text, box = view.form.get("text", "").replace("\r\n", "\n"), _box(view)
    came, why = Tried(), ""
    if len(text) > MOST_CHARS or len(box.say) > MOST_SAID or len(box.answer) > MOST_SAID:
        came = Tried(mistakes=[Said(f"is too long; the box takes {MOST_SAID:,} characters at most")])
    else:
        try:
            job = Job("try", around=around(view.setup), text=text, box=box)
            came = await view.gate.drafts.try_box(job, _name_of_page(view, "try"))
        except Unanswered as unanswered:
            why = unanswered.why
    return {"said": came, "why": why, "box": box, "marked": pieces(box.say, came.found, came.said_at)}


def _box(view: View) -> Box:
    form = view.form
    surface, speaker = form.get("surface", ""), form.get("speaker", "")
    given = {
        "say": form.get("say", "").replace("\r\n", "\n"),
        "said_by": speaker if speaker in SPEAKERS else "say",
        "answer": form.get("answer", "").replace("\r\n", "\n"),
        "pieces": "pieces" in form,
        "surface": surface if surface in SURFACES else "chat",
        "streamed": "streamed" in form and surface in STREAMED,
    }
    return msgspec.convert(given, Box)


def _name_of_page(view: View, part: str) -> str:
    """Of one page that is open in one browser: its newer questions take the place of its older ones."""
    return f"{view.principal.id}:{view.form.get('open', '')[:32]}:{part}"


def _page(view: View, text: str, start: str) -> dict[str, Any]:
    return {
        "text": text,
        "start": start if start in view.setup.written else "",
        "names": sorted(view.setup.written),
        "open": view.form.get("open", "") or secrets.token_hex(8),
        "surfaces": SURFACES,
        "speakers": SPEAKERS,
        "box": Box(say="제 주민등록번호는 900101-1234568이고 전화는 010-1234-5678입니다.", streamed=True),
        "verdict": None,
        "came": None,
        "most": MOST_CHARS,
        "most_said": MOST_SAID,
    }


WAYS: Final = (
    Way("write", write),
    Way("write", write_posted, "POST"),
    Way("write/check", check, "POST"),
    Way("write/try", try_it, "POST"),
    Way("write/file", download, "POST"),
)
