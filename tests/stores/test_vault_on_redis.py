"""The vault on a real Redis: whatever is put there comes back, to its owner, from whichever process asks."""

import os
import random

from gateway.store.vault import Vault
from tests.stores.conftest import Connect
from tests.support.redis_server import RedisServer


async def test_any_bytes_come_back_to_their_owner_through_another_connection(
    server: RedisServer, connect: Connect
) -> None:
    one = Vault(await connect(server.url), b"secret")
    other = Vault(await connect(server.url), b"newer", b"secret")
    luck = random.Random(1)
    sizes = [0, 1, 300_000, *(luck.randrange(5_000) for _ in range(60))]
    put = {(f"owner{number % 7}", f"resp_{number}"): os.urandom(size) for number, size in enumerate(sizes)}
    for (owner, name), payload in put.items():
        assert await one.put(owner, name, payload, 60)
    for (owner, name), payload in put.items():
        assert await other.get(owner, name) == payload
        assert await other.get(f"{owner}x", name) is None
        assert await other.delete(owner, name)
        assert await one.get(owner, name) is None


async def test_the_server_forgets_by_itself(server: RedisServer, connect: Connect) -> None:
    with server.client() as client:
        client.flushall()
        await Vault(await connect(server.url), b"secret").put("anna", "resp_1", b"said", 5)
        (key,) = server.keys()
        assert 0 < client.pttl(key) <= 5_000
