"""Requests: the newest first, as they come, and each by itself."""

from typing import Final

from starlette.responses import Response

from gateway.console.page import Page, Way
from gateway.console.view import View
from gateway.console.words import Text


async def show(view: View) -> Response:
    return view.render("requests.html")


PAGE: Final = Page("requests", (Way("", show),), {"page.requests": Text("Requests", "요청")}, admin=False)
