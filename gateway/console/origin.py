"""Whether a post comes from a page of the console itself."""

from collections.abc import Mapping
from urllib.parse import urlsplit


def is_own(headers: Mapping[str, str]) -> bool:
    """By what no script of another site can write: `Sec-Fetch-Site` where the browser sends it, else `Origin` against `Host`.

    A reverse proxy may have changed `Host`; what it was before stands in `X-Forwarded-Host`, which no form and no page of another
    site can set either. A post without any of this comes from no browser of today, and is refused.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        name = urlsplit(origin).netloc
    except ValueError:
        return False
    return bool(name) and name in (headers.get("host"), headers.get("x-forwarded-host"))
