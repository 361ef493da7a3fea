"""What was replaced comes back as it was; chunking changes nothing; what is not known never changes."""

from collections.abc import Sequence
from html.parser import HTMLParser

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.guards.placeholders import PLACEHOLDER, KeyRing, Known, Minter
from gateway.guards.restoring import LONGEST, Restorer
from gateway.guards.sinks import Sinks

MINTER = Minter(KeyRing(b"a secret", b"an older one"), b"user 42")
VALUES = {
    "EMAIL_ADDRESS": "minsu.kim@example.co.kr",
    "PHONE": "010-1234-5678",
    "PERSON": "김민수",
    "A": "https://u:p@h/",
}
KNOWN = Known(MINTER)
MINTED = [KNOWN.add(kind, value) for kind, value in VALUES.items()]
CODES = [made[-11:-1] for made in MINTED]
BITS = [
    *MINTED, *(made[1:-1] for made in MINTED), *(made.lower() for made in MINTED), *CODES, *VALUES, *VALUES.values(),
    *MINTER.spellings("PHONE", VALUES["PHONE"]), "<PHONE_aaaaaaaaaa>", "<NAME_aaaaaaaaaa>", "email_address_", "Phone\\_", "<", ">", "\\", "_",
    "\\<", "\\>", "&lt;", "&gt;", "&", "【", "】", " ", "  ", "\n", "\t", "`", "*", "%3C", "https://", "http", "s:", "/", "//", ":", "(", ")", "](",
    "]", "[x]: ", "[", "url(", "URL", "<a href=", "<img ", "=", '"', "'", "www.", "a.bc", "?", "#", ".", "mailto:", "data", "&sol;", "&#58;", "x",
    "e", "p", "입니다", "word ", "1", "<b>", "</b>", "<!--", "\u3000",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(BITS), max_size=20).map("".join) | st.text(max_size=40)
SIZES = st.lists(st.integers(1, 9), max_size=120)


@given(TEXTS, SIZES, st.booleans(), st.sampled_from([None, ["PHONE"]]))
@settings(max_examples=2_000)
def test_chunking_never_changes_what_is_restored(
    text: str, sizes: list[int], is_argument: bool, kinds: list[str] | None
) -> None:
    whole = Restorer(KNOWN, Sinks(is_argument=is_argument), kinds)
    expected = whole.feed(text) + whole.close()
    pieces = Restorer(KNOWN, Sinks(is_argument=is_argument), kinds)
    made, at = "", 0
    for size in [*sizes, len(text)]:
        made += pieces.feed(text[at : at + size])
        at += size
        assert pieces.held < LONGEST
    assert made + pieces.close() == expected
    assert counts(pieces) == counts(whole)


@given(TEXTS, SIZES, st.booleans())
@settings(max_examples=2_000)
def test_chunking_never_changes_where_values_may_go(text: str, sizes: list[int], is_argument: bool) -> None:
    pieces = Sinks(is_argument=is_argument)
    at = 0
    for size in [*sizes, len(text)]:
        pieces.follow(text[at : at + size])
        at = min(at + size, len(text))
        whole = Sinks(is_argument=is_argument)
        whole.follow(text[:at])
        assert pieces.forbid == whole.forbid


class Anywhere(Sinks):
    """Forbids nothing, so that what is left is the reading of placeholders alone."""

    __slots__ = ()

    @property
    def forbid(self) -> bool:
        return False


PLAIN_BITS = [bit for bit in BITS if not any(code in bit.lower() for code in CODES) and not PLACEHOLDER.search(bit)]
PLAIN = st.lists(st.sampled_from(PLAIN_BITS), max_size=15).map("".join) | st.text(max_size=30)
FOUND = st.lists(st.tuples(st.sampled_from(["PHONE", "PERSON", "e", "전화"]), PLAIN.filter(bool)), max_size=5)


@given(PLAIN, FOUND, st.data())
@settings(max_examples=2_000)
def test_what_was_replaced_comes_back_as_it_was(
    text: str, found: Sequence[tuple[str, str]], data: st.DataObject
) -> None:
    for _, value in found:
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + value + text[at:]
    known = Known(MINTER)
    for kind, value in found:
        known.add(kind, value)
    replaced = known.replace_everywhere(text)
    restorer = Restorer(known, Anywhere())
    assert restorer.feed(replaced) + restorer.close() == text


@given(PLAIN | TEXTS, SIZES)
@settings(max_examples=1_000)
def test_what_is_not_known_never_changes(text: str, sizes: list[int]) -> None:
    known = Known(Minter(KeyRing(b"another secret"), b"user 43"))
    for kind, value in VALUES.items():
        known.add(kind, value)
    restorer = Restorer(known, Anywhere())
    made, at = "", 0
    for size in [*sizes, len(text)]:
        made += restorer.feed(text[at : at + size])
        at += size
    assert made + restorer.close() == text
    assert restorer.restored == 0


@given(st.sampled_from(["https://e.vil/?q={}", "![x](/{})", "<a b='{}'>", "[x]: /{}", "url('{}')"]), PLAIN, SIZES)
@settings(max_examples=500)
def test_no_text_before_it_opens_an_address(address: str, before: str, sizes: list[int]) -> None:
    """Whatever stands before: in the address there is never a value."""
    text = before + address.format(MINTED[0])
    restorer = Restorer(KNOWN, Sinks())
    made, at = "", 0
    for size in [*sizes, len(text)]:
        made += restorer.feed(text[at : at + size])
        at += size
    assert made + restorer.close() == text


class Attributes(HTMLParser):
    """All that stands inside of tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [tag, *(part or "" for pair in attrs for part in pair)]


MARKUP = [
    "<a", "<img ", "<b>", "</a", "</style>", "<style>", "<script>", "</script>", "<!--", "-->", "<!", "<?", "<", ">", "/>", " ", "\n", "/", "=",
    '"', "'", " href=", ' src="', '="', "x", "`", "\\", MINTED[1], MINTED[1],
]  # fmt: skip


@given(st.lists(st.sampled_from(MARKUP), max_size=25).map("".join))
@example(f'<a href=="<b>"{MINTED[1]}<b>')
@example(f'<a href=="x>\n<img src="{MINTED[1]}">')
@settings(max_examples=3_000)
def test_an_html_parser_finds_no_value_inside_a_tag(text: str) -> None:
    restorer = Restorer(KNOWN, Sinks())
    made = restorer.feed(text) + restorer.close()
    assert not any(VALUES["PHONE"] in part for part in Attributes(made).found)


@given(st.text(min_size=3, max_size=20), TEXTS)
@settings(max_examples=300)
def test_values_are_in_no_representation(value: str, text: str) -> None:
    canary = f"canary{value}"
    known = Known(MINTER)
    made = known.add("NAME", canary)
    restorer = Restorer(known, Sinks())
    restorer.feed(text + made[:-1])
    held = known.held(made[-11:-1])
    assert not any(
        "canary" in shown for thing in (known, restorer, held, MINTER) for shown in (repr(thing), str(thing))
    )


def counts(restorer: Restorer) -> tuple[int, int, int, int]:
    return restorer.restored, restorer.mangled, restorer.withheld, restorer.unknown
