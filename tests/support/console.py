"""A console without a browser: a whole gateway in this process, and somebody who looks, with cookies."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from html import unescape
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
import msgspec

from gateway.app import Gateway, start
from gateway.config.structs import Config
from gateway.limits.keys import new_key

HOST: Final = "127.0.0.1:8080"
_TOKEN: Final = re.compile(r'name="token" value="([0-9a-f]{64})"')


class Looker:
    """Somebody with a browser, who follows no redirects by themselves."""

    def __init__(self, client: httpx.AsyncClient, base: str) -> None:
        self.client = client
        self.base = base

    async def get(self, path: str = "", **headers: str) -> httpx.Response:
        return await self.client.get(f"{self.base}/{path}", headers=_named(headers))

    async def post(self, path: str, form: Mapping[str, str], **headers: str) -> httpx.Response:
        """From a page of the console, unless `headers` say otherwise."""
        sent = {"origin": f"http://{self.client.base_url.netloc.decode()}", **_named(headers)}
        return await self.client.post(f"{self.base}/{path}", data=dict(form), headers=sent)

    async def sign_in(self, key: str, after: str = "") -> httpx.Response:
        return await self.post("sign-in", {"key": key, "after": after})

    async def token(self, page: str = "") -> str:
        """The one that the forms of a page carry."""
        found = _TOKEN.search((await self.get(page)).text)
        assert found
        return found[1]


@asynccontextmanager
async def gateway(**config: Any) -> AsyncIterator[Gateway]:
    """Its records wait in a folder of their own, unless `config` names one."""
    with TemporaryDirectory() as folder:
        running = await start(msgspec.convert({"record": {"spool": f"{folder}/spool"}, **config}, Config))
        try:
            yield running
        finally:
            await running.close()


@asynccontextmanager
async def looking(app: Any, base: str = "/console", host: str = HOST, root: str = "") -> AsyncIterator[Looker]:
    """`root`: where the application itself is mounted."""
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1), root_path=root)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        yield Looker(client, base)


def keyed(**more: Any) -> tuple[dict[str, Any], str, str]:
    """A configuration with two keys, and these: that of an administrator and that of somebody else."""
    (admin, admin_hash), (user, user_hash) = new_key(), new_key()
    keys = [
        {"name": "root", "hash": admin_hash, "admin": True},
        {"name": "anna", "hash": user_hash},
    ]
    return {"keys": keys, **more}, admin, user


def text_of(html: str) -> str:
    """What a reader sees, roughly."""
    return unescape(re.sub(r"<[^>]+>", " ", html))


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
