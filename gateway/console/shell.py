"""What stands around every page: navigation, settings of who looks, signing in and out; and the words for it."""

import re
import time
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.console.assets import Assets
from gateway.console.figures import Figures, zone_named
from gateway.console.filtering import WORDS as FILTER_WORDS
from gateway.console.registry import PAGES
from gateway.console.view import View
from gateway.console.words import LANGUAGES, Text
from gateway.limits.keys import Principal

_YEAR: Final = 365 * 86_400
_PATH: Final = re.compile(r"([A-Za-z0-9_~-][A-Za-z0-9._~%@-]*(/[A-Za-z0-9._~%@-]+)*)?")
_THEMES: Final = ("system", "light", "dark")

WORDS: Final[Mapping[str, Text]] = {
    **FILTER_WORDS,
    "shell.skip": Text("Skip to the content", "본문으로 건너뛰기"),
    "shell.navigation": Text("Pages", "페이지"),
    "shell.settings": Text("Settings", "설정"),
    "shell.language": Text("Language", "언어"),
    "shell.theme": Text("Colours", "색상"),
    "shell.theme.system": Text("Auto", "자동"),
    "shell.theme.light": Text("Light", "밝게"),
    "shell.theme.dark": Text("Dark", "어둡게"),
    "shell.zone": Text("Times in {zone} ({offset})", "시간대: {zone} ({offset})"),
    "shell.signed_in": Text("Signed in as {name}", "{name}(으)로 로그인함"),
    "shell.local": Text("This machine, no keys", "이 컴퓨터, 키 없음"),
    "shell.sign_in": Text("Sign in", "로그인"),
    "shell.sign_out": Text("Sign out", "로그아웃"),
    "shell.key": Text("Key", "키"),
    "shell.key_hint": Text(
        "A key of this gateway. One with `admin: true` sees everything, any other what it asked itself.",
        "이 게이트웨이의 키입니다. `admin: true`인 키는 모두 볼 수 있고, 다른 키는 자신의 요청만 볼 수 있습니다.",
    ),
    "shell.unknown_key": Text("This key is not known here.", "이 게이트웨이에 없는 키입니다."),
    "shell.wait": Text("Too many tries. Wait a minute.", "시도가 너무 많습니다. 1분 뒤에 다시 시도하세요."),
    "shell.stale": Text(
        "This page is too old. Go back, load it again and repeat what you did.",
        "페이지가 오래되었습니다. 뒤로 가서 새로 고친 뒤 다시 시도하세요.",
    ),
    "shell.administrators": Text(
        "This is for administrators: keys with `admin: true`.", "관리자(`admin: true`인 키) 전용입니다."
    ),
    "shell.not_here": Text("There is nothing here.", "여기에는 아무것도 없습니다."),
    "shell.refused": Text("Not possible", "할 수 없음"),
    "shell.copy": Text("Copy", "복사"),
    "shell.copied": Text("Copied", "복사됨"),
    "shell.apply": Text("Apply", "적용"),
    "shell.no_ledger": Text("No ledger", "원장 없음"),
    "shell.turn_on": Text(
        "Requests are not kept yet. Add a section `ledger:` to the configuration:",
        "아직 요청을 저장하지 않습니다. 설정에 `ledger:` 절을 추가하세요:",
    ),
    "shell.ledger_away": Text(
        "The ledger does not answer. Nothing is lost: what is to be written waits. Try again in a moment.",
        "원장이 응답하지 않습니다. 기록할 내용은 대기 중이며 사라지지 않습니다. 잠시 뒤에 다시 시도하세요.",
    ),
    "shell.time": Text("Time", "시각"),
    "shell.chart_table": Text("The figures of this chart", "이 차트의 수치"),
    "shell.yes": Text("yes", "예"),
    "shell.no": Text("no", "아니요"),
}


def shell_of(
    request: Request,
    figures: Figures,
    principal: Principal | None,
    *,
    base: str,
    token: str,
    assets: Assets,
    open_to_all: bool,
) -> Mapping[str, Any]:
    """The values that every template is given."""
    theme = request.cookies.get("haechi_theme", "system")

    def static(name: str) -> str | None:
        served = assets.name_of(name)
        return None if served is None else f"{base}/static/{served}"

    query = request.url.query
    here = request.scope["path"].removeprefix(request.scope["root_path"]).strip("/")
    return {
        "static": static,
        "pages": [page for page in PAGES if principal is not None and (principal.admin or not page.admin)],
        "page": None,
        "here": f"{here}?{query}" if query else here,
        "token": token,
        "languages": LANGUAGES,
        "themes": _THEMES,
        "theme": theme if theme in _THEMES else "system",
        "zone": figures.zone.key,
        "zone_chosen": "haechi_zone" in request.cookies,
        "offset": figures.offset(time.time()),
        "signed_in": None if principal is None or open_to_all else principal.name,
        "open_to_all": open_to_all,
    }


def settled(view: View, *, secure: bool) -> Response:
    """Keeps a setting in a cookie of its own, and leads back to where it was made."""
    after = view.form.get("after", "")
    response = RedirectResponse(f"{view.base}/{after if is_path(after) else ''}", 303)
    for name, known in (("language", tuple(LANGUAGES)), ("theme", _THEMES)):
        if (value := view.form.get(name)) in known:
            _keep(response, view, name, str(value), secure=secure)
    if (zone := view.form.get("zone")) is not None:
        _keep(response, view, "zone", str(zone_named(zone).key), secure=secure)
    return response


def _keep(response: Response, view: View, name: str, value: str, *, secure: bool) -> None:
    response.set_cookie(
        f"haechi_{name}", value, max_age=_YEAR, path=f"{view.base}/", secure=secure, httponly=True, samesite="strict"
    )


def is_path(after: str) -> bool:
    """Whether it is one below the console: a link must not lead elsewhere whoever follows it."""
    path = after.partition("?")[0]
    return after.isascii() and after.isprintable() and _PATH.fullmatch(path) is not None
