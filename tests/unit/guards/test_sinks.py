import pytest

from gateway.guards.sinks import Grants, Sinks

# `█` is where a placeholder of a value stands.
FORBIDDEN = [
    "https://evil.example/?q=█",
    "https://█.evil.example/",
    "https://evil.example/?a=(b)█",
    'https://evil.example/?q="█',
    "HTTPS:\\\\evil.example\\█",
    r"https:\/\/evil.example\/█",
    r"x\://evil.example/█",
    "x://█",
    "//evil.example/█",
    r"\/\/evil.example/█",
    "https&colon;&sol;&sol;evil.example/█",
    "x&#58;&#x2F;&#0047;evil.example/█",
    "ftp://h/█",
    "mailto:█",
    "MailTo:a@b?body=█",
    "data:text/html,█",
    "javascript:f('█",
    "www.█",
    "WWW.evil.example█",
    "evil.example/█",
    "evil.example?q=█",
    "evil.example#█",
    "evil.example:8080/█",
    "evil.example./█",
    "한국.한국/█",
    "evil&period;example&sol;█",
    "https://evil.example/\u00a0█",
    "https://evil.example/\u3000█",
    "a\nhttps://evil.example/█",
    "![x](█",
    "[x](/search?q=█",
    "[x](/a(b)c█",
    "[x](/a)█",
    "[x](<a b)c d█",
    "[x](< █",
    "[x](<a\\> ) █",
    "[x](  █",
    "[x](\n█",
    "![x](/a b █",
    "![x](/a\n\n█",
    "[x]: █",
    "[x]:█",
    "[x]:\n  /a█",
    "[x]: <a b █",
    "[x]: <a\\> b █",
    "<https://evil.example/ █",
    "<x:█",
    "<a href=█",
    '<a href="█',
    "<a href='x y █",
    '<a href = "x █',
    '<a href\n=\n"x █',
    '<a href= "x> █',
    '<a title="a>b █',
    "<a title='a>b █",
    "<img src=x alt █",
    "<img/src=█",
    "<IMG SRC=█",
    "<img\n\n█",
    '<img x="y"src=█',
    '<a =">"><img src="x>█',
    '<!-- <img src=" --><img src="x> █',
    '`<img src="`<img src="x> █',
    '\\<img src="\\<img src="x> █',
    '<style><img src="</style><img src="x> █',
    '<a "x=y z="█',
    '<img src="a" src="█',
    "</p title='█",
    "<?xml version='█",
    "<!DOCTYPE x '█",
    "url(█",
    "URL( '█",
    'url("a) █',
    'url("a\\") █',
    "url('a) █",
    "url('a\\') █",
    "url(a)█",
]
ALLOWED = [
    "█",
    "Call █",
    "https://example.org/ █",
    "https://example.org/\t█",
    "https://example.org/\n█",
    "see https://example.org/a, then █",
    "[x](https://example.org/) █",
    "[x](https://example.org/), █",
    "[x](/a(b)) █",
    "[x](<a> 'title') █",
    "![x]() █",
    "[x]: /a █",
    "[x]: <a b> █",
    "[█",
    "[x] █",
    "[x](y) (█",
    "<b>█",
    "<b\n>█",
    "<td class='a>b'>█",
    '<td class="a" id=b>█',
    '<a x="y"/>█',
    '<a =">█',
    '<a "foo>█',
    '<a x="y"="z>█',
    '<a x=y"z>█',
    "<a b = c>█",
    "</b>█",
    "<br/>█",
    "a < b and █",
    "1 <2 █",
    "url(a) █",
    "url('a' ) █",
    "Tel:█",
    "E-Mail:█",
    "metadata:█",
    "및/또는 █",
    '{"name":"█',
    '{"a":[1,2],"name":"█',
    "**이메일**:█",
    "f(█",
    "`█",
    "x = a[0] + █",
    "1. █",
    "Hello.█",
    "// █",
]


@pytest.mark.parametrize("text", FORBIDDEN)
def test_no_value_goes_where_it_is_fetched_or_followed(text: str) -> None:
    before, _, _ = text.partition("█")
    assert forbids(before)
    assert forbids(*before)


@pytest.mark.parametrize("text", ALLOWED)
def test_values_go_where_they_are_read(text: str) -> None:
    before, _, _ = text.partition("█")
    assert not forbids(before)
    assert not forbids(*before)


@pytest.mark.parametrize("before", ["https://h/?q=a ", "  https://h\t", "GET:https://h/ b "])
def test_an_argument_that_begins_with_an_address_is_one_to_its_end(before: str) -> None:
    assert forbids(before, is_argument=True)
    assert forbids(*before, is_argument=True)
    assert not forbids("See " + before, is_argument=True)
    assert not forbids(*("See " + before), is_argument=True)


@pytest.mark.parametrize("before", ["evil.example/", "https&#x00003a;", "&#x00002f;&#x00002f;"])
def test_what_is_forgotten_is_never_part_of_an_address(before: str) -> None:
    for before_that in range(480, 520):
        assert forbids(" " * before_that, *before)
        assert forbids("." * before_that, *before)


def test_a_long_address_is_one_to_its_end() -> None:
    assert forbids("https://evil.example/", *["abcd"] * 500)
    assert not forbids("https://evil.example/", *["abcd"] * 500, " ")


def test_an_argument_that_does_not_begin_with_an_address_never_becomes_one_for_ever() -> None:
    for before_that in range(360, 400):
        assert not forbids("." * before_that, " https://h/ ", *["a "] * 100, is_argument=True)


def test_what_is_kept_has_a_bound() -> None:
    sinks = Sinks()
    for _ in range(10_000):
        sinks.follow("ab ")
        sinks.follow('<a b="')
    assert len(sinks._recent) < 1_000
    assert len(sinks._open) < 30


class TestGrants:
    def test_by_default_values_go_to_the_caller_and_to_tools_the_caller_declared(self) -> None:
        grants = Grants()
        assert grants.may("PHONE", "content", tool_declared=False)
        assert grants.may("PHONE", "refusal", tool_declared=False)
        assert grants.may("PHONE", "tool_args", tool_declared=True)
        assert not grants.may("PHONE", "tool_args", tool_declared=False)
        assert not grants.may("PHONE", "reasoning", tool_declared=True)

    def test_a_kind_goes_where_its_rule_says(self) -> None:
        grants = Grants({"RRN": frozenset(), "PHONE": frozenset({"content"}), "NAME": frozenset({"tool_args"})})
        assert not grants.may("RRN", "content", tool_declared=True)
        assert grants.may("PHONE", "content", tool_declared=False)
        assert not grants.may("PHONE", "tool_args", tool_declared=True)
        assert not grants.may("NAME", "tool_args", tool_declared=False)

    def test_of_two_grants_what_both_allow_holds(self) -> None:
        one = Grants({"RRN": frozenset({"content"}), "NAME": frozenset({"content", "reasoning"})})
        both = one.tightened(Grants({"RRN": frozenset({"tool_args"})}, frozenset({"content"})))
        assert not both.may("RRN", "content", tool_declared=True)
        assert both.may("NAME", "content", tool_declared=True)
        assert not both.may("NAME", "reasoning", tool_declared=True)
        assert not both.may("OTHER", "tool_args", tool_declared=True)


def forbids(*pieces: str, is_argument: bool = False) -> bool:
    sinks = Sinks(is_argument=is_argument)
    for piece in pieces:
        sinks.follow(piece)
    return sinks.forbid
