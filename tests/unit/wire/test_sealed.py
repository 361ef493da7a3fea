"""Ids of stored resources: what is sealed opens for its owner alone, and only exactly as it was sealed."""

import base64

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.wire.sealed import SEALED, Resource, Sealer

_SEALER = Sealer(b"a secret")
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
_ID = st.one_of(st.from_regex(r"[a-z]{2,5}[-_][A-Za-z0-9]{8,48}", fullmatch=True), _TEXT)


@given(_TEXT, _TEXT, _ID)
@example("local", "openai", "file-abc123")
@example("서울", "공급자", "")
@example("o", "p", "x" * 200)
def test_an_owner_opens_what_was_sealed_for_it(owner: str, target: str, own: str) -> None:
    sealed = _SEALER.seal(owner, Resource(target, own))
    assert _SEALER.open(owner, sealed) == Resource(target, own)
    assert SEALED.fullmatch(sealed), "what the gateway looks for in a request finds every id it gives out"
    assert sealed == Sealer(b"a secret").seal(owner, Resource(target, own)), "another replica gives the same id"


@given(_TEXT, _TEXT, _TEXT, _ID)
@example("a", "", "b", "c")
def test_nobody_else_opens_it(owner: str, other: str, target: str, own: str) -> None:
    sealed = _SEALER.seal(owner, Resource(target, own))
    if owner != other:
        assert _SEALER.open(other, sealed) is None
    assert Sealer(b"another secret").open(owner, sealed) is None


@given(_TEXT, _TEXT, _ID)
def test_what_another_secret_of_the_ring_sealed_opens_and_the_first_one_seals(
    owner: str, target: str, own: str
) -> None:
    ring = Sealer(b"a new secret", b"a secret", b"an old secret")
    resource = Resource(target, own)
    assert ring.seal(owner, resource) == Sealer(b"a new secret").seal(owner, resource)
    for secret in (b"a new secret", b"a secret", b"an old secret"):
        assert ring.open(owner, Sealer(secret).seal(owner, resource)) == resource
        assert ring.open(owner + "x", Sealer(secret).seal(owner, resource)) is None
    assert ring.open(owner, Sealer(b"another secret").seal(owner, resource)) is None
    assert ring.disguised(owner, own) == Sealer(b"a new secret").disguised(owner, own)


def test_an_owner_and_a_target_cannot_be_mistaken_for_another_pair() -> None:
    """The owner's length is part of what is sealed: moving a letter between the fields changes everything."""
    sealed = _SEALER.seal("ab", Resource("c", "file-1"))
    assert _SEALER.open("a", sealed) is None
    assert _SEALER.seal("a", Resource("bc", "file-1")) != sealed


@given(_TEXT, _ID, st.data())
def test_no_changed_character_opens(owner: str, own: str, data: st.DataObject) -> None:
    sealed = _SEALER.seal(owner, Resource("openai", own))
    place = data.draw(st.integers(0, len(sealed) - 1))
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+/. "
    letter = data.draw(st.sampled_from([one for one in letters if one != sealed[place]]))
    assert _SEALER.open(owner, sealed[:place] + letter + sealed[place + 1 :]) is None


def test_every_change_of_the_last_character_is_noticed() -> None:
    """The last letter of base64 may hold bits that decoding drops, so that several letters mean the same bytes."""
    for own in ("file-1", "file-12", "file-123"):
        sealed = _SEALER.seal("o", Resource("p", own))
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        assert [one for one in alphabet if _SEALER.open("o", sealed[:-1] + one) is not None] == [sealed[-1]]


@given(_ID, st.text("abc-_=Az0", min_size=1, max_size=4))
def test_nothing_added_opens(own: str, more: str) -> None:
    sealed = _SEALER.seal("o", Resource("p", own))
    assert _SEALER.open("o", sealed + more) is None
    assert _SEALER.open("o", more + sealed) is None


@given(st.text(max_size=80))
@example("resp_~" + "A" * 40)
@example("resp_~" + base64.urlsafe_b64encode(b"\0" * 15 + b"\xc1" * 10).decode())
def test_what_is_no_id_of_ours_does_not_open(text: str) -> None:
    assert _SEALER.open("o", text) is None


def test_the_prefix_stays_so_that_code_that_looks_at_it_works() -> None:
    for own, begins in (("resp_0a", "resp_~"), ("file-Xy", "file-~"), ("batch_1", "batch_~"), ("1234", "id_~")):
        assert _SEALER.seal("o", Resource("p", own)).startswith(begins)


def test_an_id_says_nothing_about_the_secret_and_fits_into_a_path() -> None:
    sealed = _SEALER.seal("o", Resource("openai", "resp_" + "0" * 50))
    assert b"a secret" not in base64.urlsafe_b64decode(sealed.removeprefix("resp_~") + "==")
    assert len(sealed) < 150
