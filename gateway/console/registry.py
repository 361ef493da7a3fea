"""All pages, in the order of the navigation."""

from typing import Final

from gateway.console import cache, cost, feedback, overview, policies, requests
from gateway.console.page import Page

PAGES: Final[tuple[Page, ...]] = (overview.PAGE, requests.PAGE, policies.PAGE, cache.PAGE, cost.PAGE, feedback.PAGE)
