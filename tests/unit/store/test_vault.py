"""The vault over the memory of a process; over Redis it is in tests/stores."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.store.memory import Memory
from gateway.store.vault import Vault, expanded, extracted


class Thief:
    """A shelf that shows what stands on it."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    async def put(self, name: str, value: bytes, seconds: float) -> bool:
        self.held[name] = value
        return True

    async def get(self, name: str) -> bytes | None:
        return self.held.get(name)

    async def delete(self, name: str) -> bool:
        return self.held.pop(name, None) is not None


_OWNERS = st.text(max_size=12)
_NAMES = st.text(max_size=40) | st.sampled_from(["resp_1", "\ud800"])


@given(_OWNERS.filter(lambda text: text.isprintable()), _NAMES, st.binary(max_size=2_000))
def test_what_was_put_is_got_by_its_owner_under_its_name_alone(owner: str, name: str, payload: bytes) -> None:
    async def round_trip() -> None:
        shelf = Thief()
        vault = Vault(shelf, b"secret")
        assert await vault.put(owner, name, payload, 60)
        assert await vault.get(owner, name) == payload
        assert await vault.get(owner + "x", name) is None
        assert await vault.get(owner, name + "x") is None
        assert await vault.get(owner + name, "") == (payload if not name else None)
        assert not await vault.delete(owner + "x", name)
        assert await vault.delete(owner, name)
        assert await vault.get(owner, name) is None
        assert not shelf.held

    asyncio.run(round_trip())


async def test_nothing_that_stands_on_the_shelf_says_whose_it_is_or_what() -> None:
    shelf = Thief()
    await Vault(shelf, b"secret").put("anna", "resp_1", b"010-1234-5678", 60)
    ((name, record),) = shelf.held.items()
    for planted in ("anna", "resp_1", "010-1234-5678"):
        assert planted not in name
        assert planted.encode() not in record


async def test_the_same_payload_is_another_record_each_time() -> None:
    one, other = Thief(), Thief()
    for shelf in (one, other):
        await Vault(shelf, b"secret", clock=lambda: 1.0).put("anna", "resp_1", b"said", 60)
    assert one.held.keys() == other.held.keys()
    assert list(one.held.values()) != list(other.held.values())


async def test_a_record_in_which_one_bit_is_another_does_not_open() -> None:
    shelf = Thief()
    vault = Vault(shelf, b"secret")
    await vault.put("anna", "resp_1", b"said", 60)
    ((name, record),) = shelf.held.items()
    for place in range(len(record)):
        shelf.held[name] = record[:place] + bytes([record[place] ^ 1]) + record[place + 1 :]
        assert await vault.get("anna", "resp_1") is None, place
    for cut in (b"", record[:10], record[:-1], record + b"x"):
        shelf.held[name] = cut
        assert await vault.get("anna", "resp_1") is None
    shelf.held[name] = record
    assert await vault.get("anna", "resp_1") == b"said"


async def test_a_record_under_another_owners_name_does_not_open() -> None:
    shelf = Thief()
    vault = Vault(shelf, b"secret")
    await vault.put("anna", "resp_1", b"hers", 60)
    await vault.put("boris", "resp_1", b"his", 60)
    hers, his = shelf.held
    shelf.held[his] = shelf.held[hers]
    assert await vault.get("boris", "resp_1") is None


async def test_a_record_does_not_live_longer_than_it_says_itself_whoever_holds_it() -> None:
    now = [100.0]
    vault = Vault(Thief(), b"secret", clock=lambda: now[0])
    await vault.put("anna", "resp_1", b"said", 60)
    now[0] = 159.9
    assert await vault.get("anna", "resp_1") == b"said"
    now[0] = 160.0
    assert await vault.get("anna", "resp_1") is None


async def test_secrets_are_replaced_with_overlap() -> None:
    shelf = Thief()
    old, both, coming = Vault(shelf, b"old"), Vault(shelf, b"new", b"old"), Vault(shelf, b"old", b"new")
    await old.put("anna", "resp_1", b"before", 60)
    await both.put("anna", "resp_2", b"after", 60)
    for vault in (both, coming):
        assert [await vault.get("anna", name) for name in ("resp_1", "resp_2")] == [b"before", b"after"]
    assert await old.get("anna", "resp_2") is None
    assert await Vault(shelf, b"new").get("anna", "resp_1") is None
    assert await both.delete("anna", "resp_1")
    assert len(shelf.held) == 1


async def test_what_is_too_large_is_not_kept() -> None:
    vault = Vault(Thief(), b"secret", most=1_000)
    assert not await vault.put("anna", "resp_1", b"x" * 1_000, 60)
    assert await vault.put("anna", "resp_1", b"x" * 900, 60)


@pytest.mark.parametrize("size", [0, 1_000_000])
async def test_much_is_kept_as_well_as_nothing(size: int) -> None:
    vault = Vault(Memory(max_count=5, max_bytes=1 << 22, clock=lambda: 0.0), b"secret")
    await vault.put("anna", "resp_1", b"x" * size, 60)
    assert await vault.get("anna", "resp_1") == b"x" * size


def test_keys_are_derived_as_the_standard_says() -> None:
    """RFC 5869, appendix A.1."""
    root = extracted(bytes(range(13)), b"\x0b" * 22)
    assert root.hex() == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
    made = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    assert expanded(root, bytes(range(0xF0, 0xFA)), 42).hex() == made
