"""The console as an ASGI application: what is asked for, by whom, and what every answer carries."""

import logging
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from gateway.api.llm import Gate, headers_of
from gateway.config.console import Console
from gateway.console.assets import Asset, Assets
from gateway.console.figures import Figures, zone_named
from gateway.console.origin import is_own
from gateway.console.page import Page, Way
from gateway.console.registry import PAGES
from gateway.console.rendering import Templates
from gateway.console.sessions import Session
from gateway.console.shell import WORDS, is_path, settled, shell_of
from gateway.console.view import NotHere, View
from gateway.console.visitors import Visitors, is_secure
from gateway.console.words import Words, chosen, merged
from gateway.errors import GatewayError
from gateway.ledger.lazily import Lazily
from gateway.ledger.views import LedgerError
from gateway.limits import open_mode
from gateway.limits.keys import Principal

log = logging.getLogger("haechi")

USUAL: Final = "/console"
_LONGEST_FORM: Final = 1024 * 1024
_MOST_FIELDS: Final = 200
_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # `no-referrer` would take the origin from our own forms, too
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-robots-tag": "noindex, nofollow",
}
"""Of every answer. Nothing is loaded from elsewhere, nothing runs that is not a file of the console, and nobody frames it."""
_FOR_GOOD: Final = "public, max-age=31536000, immutable"
_NOBODY: Final = Principal(id="", name="")


class Site:
    """All pages, for one gateway."""

    def __init__(self, gate: Gate, console: Console, ledger: Lazily | None) -> None:
        self._gate = gate
        self._ledger = ledger
        self._path = None if console.path == USUAL else console.path
        self._visitors = Visitors(console.session_seconds)
        self._assets = Assets()
        self._templates = Templates()
        self._texts = merged([WORDS, *(page.words for page in PAGES)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`scope` is that of a mounted application: `root_path` is where the console begins."""
        request = Request(scope, receive)
        response = await self._answer(request)
        response.headers.update(_HEADERS)
        response.headers.setdefault("cache-control", "no-store")
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        """Foreign pages get nothing, not even a style, where only this machine is served."""
        try:
            if not self._gate.pipeline.setup.keys:
                open_mode.check(headers_of(request.scope))
        except GatewayError as error:
            return PlainTextResponse(f"{error.message}\n", error.status)
        path = request.scope["path"].removeprefix(request.scope["root_path"])
        segments = tuple(path.strip("/").split("/"))
        if segments[0] == "static":
            return self._static(request, "/".join(segments[1:]))
        if path == "":
            return RedirectResponse(f"{self._base(request)}/", 307)
        if request.method not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("GET or POST\n", 405, {"allow": "GET, HEAD, POST"})
        return await self._page(request, segments)

    def _base(self, request: Request) -> str:
        return self._path if self._path is not None else str(request.scope["root_path"])

    def _static(self, request: Request, name: str) -> Response:
        asset = self._assets.find(name)
        if asset is None:
            return PlainTextResponse("There is no such file.\n", 404)
        return _sent(asset, packed="gzip" in request.headers.get("accept-encoding", ""))

    async def _page(self, request: Request, segments: tuple[str, ...]) -> Response:
        form: Mapping[str, str] = {}
        if request.method == "POST":
            if not is_own(headers_of(request.scope)):
                return PlainTextResponse("This was not sent from a page of the console.\n", 403)
            read = await _form(request)
            if read is None:
                return PlainTextResponse(f"A form here has no more than {_LONGEST_FORM} bytes.\n", 413)
            form = read
        setup = self._gate.pipeline.setup
        session = self._visitors.session(setup, request)
        principal = self._visitors.principal(setup, session)
        view = self._view(request, principal, self._visitors.token(setup, session), form)
        if segments == ("settings",) and request.method == "POST":
            return settled(view, secure=is_secure(request))
        if segments == ("sign-in",) and setup.keys:
            return self._sign_in(view)
        if principal is None:
            return _to_sign_in(view, "/".join(segments))
        if request.method == "POST":
            return await self._posted(view, segments, session)
        return await self._found(view, segments)

    async def _posted(self, view: View, segments: tuple[str, ...], session: Session | None) -> Response:
        if not self._visitors.is_token(view.setup, session, view.form.get("token", "")):
            return _refused(view, 403, "shell.stale")
        if segments == ("sign-out",):
            response = RedirectResponse(view.url("sign-in"), 303)
            self._visitors.sign_out(session, response, f"{view.base}/")
            return response
        if not view.principal.admin:
            return _refused(view, 403, "shell.administrators")
        return await self._found(view, segments)

    def _view(self, request: Request, principal: Principal | None, token: str, form: Mapping[str, str]) -> View:
        words = Words(
            self._texts,
            chosen(request.cookies.get("haechi_language"), request.headers.get("accept-language", "")),
        )
        figures = Figures(words.language, zone_named(request.cookies.get("haechi_zone")))
        base = self._base(request)
        return View(
            request=request,
            gate=self._gate,
            principal=principal or _NOBODY,
            t=words,
            f=figures,
            base=base,
            around=shell_of(
                request,
                figures,
                principal,
                base=base,
                token=token,
                assets=self._assets,
                open_to_all=not self._gate.pipeline.setup.keys,
            ),
            rendering=self._templates,
            ledger=None if self._ledger is None else self._ledger.reader,
            form=form,
        )

    def _sign_in(self, view: View) -> Response:
        if view.request.method != "POST":
            return view.render("sign_in.html", after=_after(view.query), why=None)
        after = _after(view.form)
        if (wait := self._visitors.wait(view.request)) > 0:
            response = view.render("sign_in.html", 429, after=after, why="shell.wait")
            response.headers["retry-after"] = str(int(wait) + 1)
            return response
        response = RedirectResponse(f"{view.base}/{after}", 303)
        if self._visitors.sign_in(
            view.setup, view.request, view.form.get("key", "").strip(), response, f"{view.base}/"
        ):
            return response
        return view.render("sign_in.html", 401, after=after, why="shell.unknown_key")

    async def _found(self, view: View, segments: tuple[str, ...]) -> Response:
        method = "POST" if view.request.method == "POST" else "GET"
        for page in PAGES:
            for way in page.ways:
                at = _match(page, way, segments)
                if at is None or way.method != method:
                    continue
                if page.admin and not view.principal.admin:
                    return _refused(view, 403, "shell.administrators")
                try:
                    return await way.answer(view.there(page.name, at))
                except NotHere:
                    return _refused(view, 404, "shell.not_here")
                except LedgerError as error:
                    log.warning("the console cannot read the ledger: %s", error)
                    return _refused(view, 503, "shell.ledger_away")
        return _refused(view, 404, "shell.not_here")


def _match(page: Page, way: Way, segments: tuple[str, ...]) -> dict[str, str] | None:
    """What stands in the path where the way has `{name}`; None where the way leads elsewhere."""
    wanted = tuple(f"{page.name}/{way.path}".strip("/").split("/"))
    if len(wanted) != len(segments):
        return None
    found: dict[str, str] = {}
    for want, have in zip(wanted, segments, strict=True):
        if want.startswith("{") and have:
            found[want.strip("{}")] = have
        elif want != have:
            return None
    return found


async def _form(request: Request) -> dict[str, str] | None:
    """The fields of an `application/x-www-form-urlencoded` body, of each the last value. None for one that is too long."""
    whole = bytearray()
    async for piece in request.stream():
        whole += piece
        if len(whole) > _LONGEST_FORM:
            return None
    try:
        return dict(parse_qsl(whole.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}


def _to_sign_in(view: View, after: str) -> Response:
    """A script that asks for a part of a page is told to lead the browser there."""
    query = view.request.url.query
    if view.request.method == "POST":  # what was sent is gone, and most of these paths show nothing by themselves
        after = query = ""
    url = view.url("sign-in", after=f"{after}?{query}" if query else after or None)
    if view.is_fragment:
        return Response(status_code=401, headers={"hx-redirect": view.url("sign-in")})
    return RedirectResponse(url, 303)


def _refused(view: View, status: int, why: str) -> Response:
    """A script gets what fits into the place of the part that it asked for."""
    return view.render("refused_part.html" if view.is_fragment else "refused.html", status, why=why)


def _after(given: Mapping[str, str]) -> str:
    """Where to go after signing in."""
    after = given.get("after", "")
    return after if is_path(after) else ""


def _sent(asset: Asset, *, packed: bool) -> Response:
    headers = {"cache-control": _FOR_GOOD, "vary": "accept-encoding"}
    if packed:
        return Response(asset.packed, headers={**headers, "content-encoding": "gzip"}, media_type=asset.media_type)
    return Response(asset.plain, headers=headers, media_type=asset.media_type)
