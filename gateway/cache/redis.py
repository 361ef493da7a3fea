"""Entries in Redis, shared by replicas: the exact tier on any server, the semantic one where it has vector sets (Redis 8).

A vector set for each scope: nobody's question is ever compared with another scope's. Elements of a set have no time to live of
their own, so the entry holds the authority: what a set names and is gone is dropped when it is met.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from gateway.cache.epochs import Epochs
from gateway.cache.sealing import Sealing
from gateway.cache.store import LASTING, First, Near, Placed
from gateway.store.redis import Redis
from gateway.store.shelf import Away
from gateway.store.vault import worked

log = logging.getLogger("haechi")

_T = TypeVar("_T")
Command = tuple[Any, ...]
_OUTLIVES: Final = 400 * 86_400
"""Seconds: more than any entry lives. Epochs and complaints may leave then, so callers who make up tags fill nothing for good."""
_PROBE_EVERY: Final = 2.0
"""Seconds: a server can be replaced by another one."""
NO_VECTOR_SETS: Final = "the Redis of the cache has no vector sets (they came with Redis 8.0), so answers are only given again to equal requests"
VECTOR_SETS: Final = "its Redis has vector sets: answers to like questions may be given"
AWAY: Final = "its Redis cannot be reached now: nothing is kept or given again until it is there"
EVICTS_ALL: Final = (
    "its Redis may evict what must not leave, certificates and complaints (maxmemory-policy {}): set volatile-lfu"
)
EVICTS_NOTHING: Final = (
    "its Redis refuses what is new once it is full (maxmemory-policy {}): set volatile-lfu, so that older answers leave"
)
_SWAP: Final = """
local held = redis.call('GET', KEYS[1])
if (held or '') ~= ARGV[1] then return 0 end
if ARGV[3] == '0' then redis.call('SET', KEYS[1], ARGV[2]) else redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
return 1
"""
_SETTLE: Final = """
local settled = {}
for place, key in ipairs(KEYS) do
  local held = tonumber(redis.call('GET', key) or -1) or -1
  if held < tonumber(ARGV[2 * place]) then
    held = ARGV[2 * place + 1]
    redis.call('SET', key, held, 'EX', ARGV[1])
  end
  settled[place] = tonumber(held)
end
return settled
"""
"""Each argument pair: the least that counts, and what is written where there is less. Numbers of Lua are exact up to 2**53."""
_NEXT: Final = """
local made = math.max((tonumber(redis.call('GET', KEYS[1]) or 0) or 0) + 1, tonumber(ARGV[2]))
redis.call('SET', KEYS[1], string.format('%.0f', made), 'EX', ARGV[1])
return made
"""


class Shared:
    """See `Store`. Time-outs and the breaker are those of `redis`; what it refuses (it is full, say) is a miss as well.

    `most`: vectors in one scope; 0 where nobody looks for neighbours. `clock` in seconds. Without `sealing` entries are in clear.
    """

    def __init__(
        self,
        redis: Redis,
        most: int,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        sealing: Sealing | None = None,
    ) -> None:
        self._redis = redis
        self._most = most
        self._clock = clock
        self._epochs = Epochs(wall)
        self._sealing = sealing
        self._semantic: bool | None = None
        self._told = True
        self._probe_at = 0.0

    @property
    def semantic(self) -> bool:
        """Until the server was asked it is believed to have them: what it cannot do it refuses."""
        return self._semantic is not False

    async def _probe_now_and_then(self) -> None:
        if self._most and self._semantic is not True and self._clock() >= self._probe_at:
            await self.probe()

    async def probe(self) -> bool | None:
        """Asks the server; the log says when what it can do has changed. None while nobody knows."""
        self._probe_at = self._clock() + _PROBE_EVERY

        async def asked(client: Any) -> bool:
            try:
                await self._known(client.execute_command("VCARD", self._named("v", b"")))
            except self._redis.refused:  # no such command
                return False
            return True

        found = await self._run(asked)
        if found is not None:
            self._semantic = found
            if self._most and found is not self._told:
                self._told = found
                log.warning("cache: %s", VECTOR_SETS if found else NO_VECTOR_SETS)
        return self._semantic

    async def first(self, names: Sequence[str], key: bytes | None, scope: bytes | None) -> First | None:
        """Epochs before the entry: what was purged between the two counts as it did before."""
        await self._probe_now_and_then()
        commands: list[Command] = [("MGET", *[self._named("n", name) for name in names])]
        if key is not None:
            commands.append(("GET", self._named("e", key)))
        if scope is not None:
            commands.append(("EXISTS", self._named("v", scope)))
        said = await self._run(lambda client: _piped(client, commands))
        epochs = None if said is None else await self._counted(names, said[0])
        if said is None or epochs is None:
            return None
        value = None if key is None else await self._opened(key, said[1])
        return First(epochs, value, scope is not None and bool(said[-1]))

    async def get(self, key: bytes) -> bytes | None:
        return await self._opened(key, await self._run(lambda client: client.get(self._named("e", key))))

    async def get_all(self, keys: Sequence[bytes]) -> list[bytes | None] | None:
        """One by one for a cluster, in which they lie on different nodes."""
        commands: list[Command] = [("GET", self._named("e", key)) for key in keys]
        found = await self._run(lambda client: _piped(client, commands)) if keys else []
        return None if found is None else [await self._opened(*one) for one in zip(keys, found, strict=True)]

    async def put(self, key: bytes, value: bytes, seconds: float, worth: float, placed: Placed | None = None) -> None:  # noqa: ARG002  Redis decides by itself what leaves
        if self._sealing is not None:
            value = await worked(len(value), self._sealing.sealed, key, value)
        kept: Command = ("SET", self._named("e", key), value, "PX", _milliseconds(seconds))
        if placed is not None and self._semantic:
            await self._run_vectors(lambda client: self._place(client, key, placed, seconds, kept))
            return
        await self._run(lambda client: client.execute_command(*kept))
        if placed is not None:
            await self.place(key, placed, seconds)

    async def place(self, key: bytes, placed: Placed, seconds: float) -> None:
        """An element whose entry is gone is dropped when it is met."""
        if self.semantic:
            await self._run_vectors(lambda client: self._place(client, key, placed, seconds))

    async def _place(self, client: Any, key: bytes, placed: Placed, seconds: float, *before: Command) -> None:
        scope = self._named("v", placed.scope)
        blob = placed.vector.astype("<f4").tobytes()
        added: Command = ("VADD", scope, "FP32", blob, key.hex(), "Q8")
        said = await _piped(client, [*before, added, ("PEXPIRE", scope, _milliseconds(seconds)), ("VCARD", scope)])
        if said[-1] > self._most:
            gone = await client.execute_command("VRANDMEMBER", scope)
            if gone is not None:
                await client.execute_command("VREM", scope, gone)

    async def _opened(self, key: bytes, stored: bytes | None) -> bytes | None:
        """Empty for what does not open: something is there, but it is no entry that can be read here."""
        if stored is None or self._sealing is None:
            return stored
        value: bytes | None = await worked(len(stored), self._sealing.opened, key, stored)
        return value or b""

    async def delete(self, key: bytes) -> None:
        await self._run(lambda client: client.delete(self._named("e", key)))

    async def unplace(self, key: bytes, scope: bytes) -> None:
        if self.semantic:
            await self._run(lambda client: client.execute_command("VREM", self._named("v", scope), key.hex()))

    async def near(self, placed: Placed, count: int) -> list[Near]:
        """Redis tells (1 + cosine) / 2."""
        scope, blob = self._named("v", placed.scope), placed.vector.astype("<f4").tobytes()
        found: Any = await self._run_vectors(
            lambda client: client.execute_command("VSIM", scope, "FP32", blob, "WITHSCORES", "COUNT", count)
        )
        return sorted(_near(found or []), key=lambda one: -one.similarity)

    async def epochs(self, names: Sequence[str]) -> list[int] | None:
        found = await self._run(lambda client: client.mget([self._named("n", name) for name in names]))
        return None if found is None else await self._counted(names, found)

    async def _counted(self, names: Sequence[str], found: Sequence[bytes | None]) -> list[int] | None:
        """What was found, with new ones for what is lost."""
        epochs = dict(zip(names, map(_number, found), strict=True))
        if lost := self._epochs.lost(names, list(epochs.values())):
            settled = await self._settled(lost)
            if settled is None:
                return None
            epochs |= zip(lost, settled, strict=True)
        return [self._epochs.saw(name, epochs[name] or 0) for name in names]

    async def _settled(self, names: Sequence[str]) -> list[int] | None:
        keys = [self._named("n", name) for name in names]
        pairs = [str(one) for name in names for one in (self._epochs.highest(name), self._epochs.fresh(name))]
        return await self._run(lambda client: client.eval(_SETTLE, len(keys), *keys, _OUTLIVES, *pairs))

    async def next_epoch(self, name: str) -> int | None:
        key, fresh = self._named("n", name), self._epochs.fresh(name)
        made = await self._run(lambda client: client.eval(_NEXT, 1, key, _OUTLIVES, fresh))
        return None if made is None else self._epochs.saw(name, made)

    async def load(self, name: str) -> bytes | None:
        return await self._run(lambda client: client.get(self._named("s", name)))

    async def load_all(self, names: Sequence[str]) -> list[bytes | None] | None:
        return await self._run(lambda client: client.mget([self._named("s", name) for name in names]))

    async def save(self, name: str, value: bytes, before: bytes | None) -> bool:
        seconds = 0 if name.startswith(LASTING) else _OUTLIVES
        key = self._named("s", name)
        return bool(await self._run(lambda client: client.eval(_SWAP, 1, key, before or b"", value, str(seconds))))

    async def figures(self) -> dict[str, int]:
        """Of the whole server: counting what is the cache's own would mean to walk through all keys."""

        async def asked(client: Any) -> dict[str, int]:
            keys, told = await client.dbsize(), await client.info()
            nodes = [told] if "used_memory" in told else list(told.values())  # a cluster tells node by node
            return {
                "keys of the server": keys,
                "bytes of the server": sum(node["used_memory"] for node in nodes),
                "evicted by the server": sum(node["evicted_keys"] for node in nodes),
            }

        return await self._run(asked) or {}

    async def remark(self) -> str:
        """What is wrong with how it makes room; empty if nothing is, it has no bound, or it does not tell."""
        told = await self._run(lambda client: client.info("memory")) or {}
        for node in [told] if "maxmemory_policy" in told else told.values():
            policy = str(node.get("maxmemory_policy", "")) if isinstance(node, dict) else ""
            if policy and node.get("maxmemory"):
                found = (
                    EVICTS_ALL if policy.startswith("allkeys-") else EVICTS_NOTHING if policy == "noeviction" else ""
                )
                if found:
                    return found.format(policy)
        return ""

    async def aclose(self) -> None:
        await self._redis.aclose()

    async def _run_vectors(self, command: Callable[[Any], Awaitable[_T]]) -> _T | None:
        """A server that refuses one of these may be another than the one that was asked: the next request asks it."""

        async def tried(client: Any) -> _T | None:
            try:
                return await self._known(command(client))
            except self._redis.refused:
                self._semantic = None
                raise

        return await self._run(tried)

    async def _known(self, said: Awaitable[_T]) -> _T:
        """A cluster's client asks which keys a command has, and calls it no refusal if no node knows that."""
        try:
            return await said
        except self._redis.unknown as error:
            if type(error) is self._redis.unknown:
                raise self._redis.refused("no such command") from None
            raise

    async def _run(self, command: Callable[[Any], Awaitable[_T]]) -> _T | None:
        async def tried(client: Any) -> _T | None:
            try:
                return await command(client)
            except self._redis.refused as error:
                log.debug("Redis has refused a command of the cache: %s", type(error).__name__)
                return None

        try:
            return await self._redis.run(tried)
        except Away:
            return None

    def _named(self, kind: str, name: bytes | str) -> str:
        """Names that are asked for together stand in braces, so that they come to one node of a cluster."""
        if isinstance(name, bytes):
            return f"{self._redis.prefix}cache:{kind}:{name.hex()}"
        return f"{self._redis.prefix}cache:{{{kind}}}:{name}"


async def _piped(client: Any, commands: Sequence[Command]) -> list[Any]:
    """What each says, all in one round trip; in a cluster one for each node, at the same time. All are run: the first refusal is raised."""
    pipe = client.pipeline(transaction=False)
    for command in commands:
        pipe.execute_command(*command)
    said: list[Any] = await pipe.execute()
    return said


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _number(stored: bytes | None) -> int | None:
    return int(stored) if stored is not None and stored.isdigit() else None


def _near(found: Any) -> list[Near]:
    pairs = found.items() if isinstance(found, dict) else zip(found[::2], found[1::2], strict=True)
    return [Near(bytes.fromhex(name.decode()), 2 * float(score) - 1) for name, score in pairs]
