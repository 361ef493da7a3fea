"""The overview: how it goes, in figures each of which leads to its rows."""

from typing import Final

from starlette.responses import Response

from gateway.console.page import Page, Way
from gateway.console.view import View
from gateway.console.words import Text


async def show(view: View) -> Response:
    return view.render("overview.html")


PAGE: Final = Page("", (Way("", show),), {"page.": Text("Overview", "개요")}, admin=False)
