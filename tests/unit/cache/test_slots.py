"""Slots: what may stand in a kept answer in place of a placeholder, and everything that must not."""

import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import pytest

from gateway.cache.entry import Entry
from gateway.cache.ordinals import LIKE_A_MARK, LIKE_A_SLOT, MOST, marks, readable, slot
from gateway.cache.replay import text_of
from gateway.cache.scope import Circumstances, Scope, scoped, way
from gateway.cache.slots import NONE, PART
from gateway.dialects import DIALECTS
from gateway.guards.placeholders import PLACEHOLDER, KeyRing, Known, Minter

HERE: Final = Circumstances(("team",), "rules", ("demo",))
VALUES: Final = (("PERSON", "김민수"), ("ORDER", "A-4417-KR"))
_encode: Final = msgspec.json.encode


def known(owner: str, values: Sequence[tuple[str, str]] = VALUES) -> Known:
    made = Known(Minter(KeyRing(b"secret", b"older"), owner.encode()))
    for kind, value in values:
        made.add(kind, f"{value}{owner}")
    return made


ANN: Final = known("ann")
BOB: Final = known("bob")


def placeholders(of: Known) -> list[str]:
    return [of.add(kind, value) for kind, value in of]


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "demo", "messages": [{"role": "user", "content": text}], **more}


def scope(of: Known | None, body: dict[str, Any], dialect: str = "chat") -> Scope:
    found = scoped(DIALECTS[dialect], body, HERE, held=None if of is None else of.by_code())
    assert found is not None
    return found


def asked(of: Known, template: str = "{1}을 주문한 {0}은 누구인가요?") -> Scope:
    return scope(of, chat(template.format(*placeholders(of))))


def whole(text: str, **more: Any) -> bytes:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None, **more}
    return _encode(
        {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "demo", "choices": [choice]}
    )


def events(pieces: Sequence[str], **more: Any) -> bytes:
    common = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "demo", **more}
    chunks = [{**common, "choices": [{"index": 0, "delta": {"content": one}, "finish_reason": None}]} for one in pieces]
    end = {**common, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    return b"".join([b"data: %b\n\n" % _encode(one) for one in (*chunks, end)]) + b"data: [DONE]\n\n"


def entry(raw: bytes, *, streamed: bool = False) -> Entry:
    return Entry(dialect="chat", streamed=streamed, way=b"", raw=raw, ids=(), stored=0.0, expires=1.0)


def kept(text: str) -> bytes | None:
    return asked(ANN).slots.kept(whole(text.format(*placeholders(ANN))), "chat", streamed=False)


def test_a_slot_has_the_form_of_a_placeholder_and_none_is_like_another() -> None:
    made = [slot(number) for number in range(2 * MOST)]
    assert len(set(made)) == len(made)
    assert all(PLACEHOLDER.fullmatch(f"<ORDER_{one}>") for one in made)
    assert all(map(LIKE_A_SLOT.match, made))


def test_marks_are_as_many_and_none_is_like_another() -> None:
    made = [marks(number) for number in range(2 * MOST)]
    assert {len(one) for one in made} == {len(CODE)}
    assert len(set("".join(made))) == len(made) * len(CODE)
    assert all(LIKE_A_MARK.fullmatch(one) for one in "".join(made))
    assert readable("".join(made)) == "".join(slot(number) for number in range(2 * MOST))


@pytest.mark.parametrize("escaped", [False, True], ids=["plain", "escaped"])
@pytest.mark.parametrize("character", ["\U000f0000", "\U000f9fff", "\U000fffff"])
def test_a_mark_is_known_in_json_however_it_is_written(character: str, escaped: bool) -> None:
    raw = json.dumps({"choices": [{"message": {"content": character}}]}, ensure_ascii=escaped)
    assert LIKE_A_MARK.search(raw)
    assert not LIKE_A_MARK.search(json.dumps(["\U0001f981", "한글", "\ue000"], ensure_ascii=escaped))
    assert readable(character)


def test_two_customers_meet_where_nothing_but_their_values_differs() -> None:
    one, other = asked(ANN), asked(BOB)
    assert (one.exact, one.around, one.question) == (other.exact, other.around, other.question)
    assert one.question == f"<ORDER_{slot(0)}>을 주문한 <PERSON_{slot(1)}>은 누구인가요?"
    assert one.parts == other.parts


def test_without_a_declaration_they_do_not() -> None:
    one, other = (scope(None, chat(placeholders(who)[0])) for who in (ANN, BOB))
    assert one.exact != other.exact
    assert not one.slots
    assert one.question == placeholders(ANN)[0]


def test_a_live_answer_is_shared_with_equal_values_only() -> None:
    """Those who share a call that is under way get its frames as they come."""
    assert asked(ANN).live == asked(ANN).live != asked(BOB).live
    assert asked(ANN).exact == asked(BOB).exact
    plain = scope(None, chat("?"))
    assert plain.live == plain.exact


@pytest.mark.parametrize("template", ["{0} {1}", "{1} {0}", "{0} {0}", "{1} {1}", "{0}", "{0} {1} {0}", "{0} {1} {1}"])
def test_equal_values_have_equal_ordinals_and_kinds_stay(template: str) -> None:
    others = {"{0} {1}", "{1} {0}", "{0} {0}", "{1} {1}", "{0}", "{0} {1} {0}", "{0} {1} {1}"} - {template}
    assert asked(ANN, template).exact == asked(BOB, template).exact
    assert asked(ANN, template).exact not in {asked(BOB, other).exact for other in others}


def test_a_kind_counts_even_where_it_is_written_like_another() -> None:
    """They may be granted to other places."""
    one, other = known("ann", [("A B", "1234")]), known("bob", [("A_B", "1234")])
    texts = [asked(who, "{0}?") for who in (one, other)]
    assert texts[0].question == texts[1].question
    assert texts[0].exact != texts[1].exact


def test_a_request_that_writes_a_slot_itself_never_meets_one_that_has_it() -> None:
    slotted = asked(ANN, "{0}?")
    for liar in (scope(BOB, chat(slotted.question)), scope(None, chat(slotted.question))):
        assert liar.question == slotted.question
        assert not liar.slots
        assert liar.exact != slotted.exact
        assert liar.around != slotted.around


@pytest.mark.parametrize("planted", [slot(0), slot(7).upper(), "77slot"])
def test_a_request_with_values_that_writes_like_a_slot_has_none(planted: str) -> None:
    one, other = (asked(who, "{0} " + planted) for who in (ANN, BOB))
    assert not one.slots
    assert one.exact != other.exact


def test_a_request_with_a_part_of_a_placeholder_has_no_slots() -> None:
    """An answer that was shown mangled, say, and comes back in the history: it would be kept with the question."""
    code = placeholders(ANN)[1][-11:-1]
    for part in (code[:PART], code.upper(), code[-PART:]):
        assert not asked(ANN, "{0} {1} " + part).slots, part
    assert asked(ANN, "{0} {1} " + code).slots, "all ten are exchanged wherever they stand"


def test_more_values_than_a_request_may_have_are_refused() -> None:
    few, many = (known("ann", [("N", f"{number}")] * 1 + [("N", f"{at}-{number}") for at in range(number)]) for number in (5, MOST))  # fmt: skip
    assert scope(few, chat(placeholders(few)[0])).slots
    assert not scope(many, chat(placeholders(many)[0])).slots


def test_an_embedding_is_of_its_very_text() -> None:
    body = {"model": "demo", "input": placeholders(ANN)[0]}
    assert not scope(ANN, body, "embeddings").slots


def test_what_the_responses_api_repeats_parts_nobody() -> None:
    ways = []
    for who in (ANN, BOB):
        body = {"model": "demo", "input": "?", "instructions": f"Of {placeholders(who)[0]}."}
        slots = scope(who, body, "responses").slots
        ways.append(way(DIALECTS["responses"], body, streamed=False, asked_usage=False, slots=slots))
    assert ways[0] == ways[1]


def test_what_is_kept_has_slots_and_what_is_given_has_the_placeholders_of_who_asks() -> None:
    made = kept("{0}님의 {1}")
    assert made == whole(f"<PERSON_{marks(1)}>님의 <ORDER_{marks(0)}>")
    given = asked(BOB).slots.given(entry(made))
    assert given is not None
    assert given.raw == whole("{}님의 {}".format(*placeholders(BOB)))


@pytest.mark.parametrize(
    "spelled",
    ["`{0}`", "\\{0}", "{bare}", "&lt;{bare}&gt;", "【{bare}】", "%3C{bare}%3E", "{lower}", "{code}", "{0}{0}{1}"],
)
def test_however_a_model_writes_it_its_ten_characters_are_exchanged(spelled: str) -> None:
    def written(who: Known) -> bytes:
        one, other = placeholders(who)
        named = {"bare": one[1:-1], "lower": one.lower(), "code": one[-11:-1]}
        return whole(spelled.format(one, other, **named))

    made = asked(ANN).slots.kept(written(ANN), "chat", streamed=False)
    assert made is not None
    given = asked(BOB).slots.given(entry(made))
    assert given is not None
    assert given.raw == written(BOB)


CODE: Final = placeholders(ANN)[0][-11:-1]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(f"<PERSON_{CODE[:9]}>", id="one-less"),
        pytest.param(f"<PERSON_{CODE}a>", id="one-more"),
        pytest.param(f"<PERSON_{CODE.upper()}>", id="capitals"),
        pytest.param(f"Do you mean {CODE.upper()}?", id="capitals-alone"),
        pytest.param(f"Do you mean {CODE[2 : 2 + PART]}?", id="a-part"),
        pytest.param("<PERSON_1>", id="renumbered"),
        pytest.param("<person_1>", id="renumbered-small"),
        pytest.param("PERSON_77", id="renumbered-bare"),
        pytest.param("<OTHER_abcdefghij>", id="made-up"),
        pytest.param(f"<PERSON_{slot(0)}>", id="a-slot"),
        pytest.param(f"<PERSON_{marks(0)}>", id="marks"),
        pytest.param(marks(9)[3], id="a-mark"),
        pytest.param("김민수ann", id="a-value"),
        pytest.param('"A-4417-KRann"', id="a-value-in-quotes"),
    ],
)
def test_an_answer_with_anything_that_is_no_slot_is_not_kept(said: str) -> None:
    assert kept(said) is None
    assert kept(said + " {0}") is None
    pieces = [said[:3], *said[3:]]
    assert asked(ANN).slots.kept(events(pieces), "chat", streamed=True) is None, "in pieces"
    assert kept("{0} PERSON"), "and a word is a word"


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"logprobs": {"content": [{"token": "ab", "logprob": -1.0}]}}, id="tokens"),
        pytest.param({"token_ids": [1, 2]}, id="ids-of-tokens"),
        pytest.param({"prompt_logprobs": [None, {"1": {"decoded_token": "ab"}}]}, id="tokens-of-the-prompt"),
        pytest.param({"message": {"content": "?", "reasoning_details": [{"type": "reasoning.text", "text": "?", "signature": "c2ln"}]}}, id="signed"),
        pytest.param({"message": {"content": "?", "reasoning_details": [{"type": "reasoning.encrypted", "data": "c2ln"}]}}, id="encrypted"),
        pytest.param({"message": {"content": "?", "audio": {"data": "UklGRg=="}}}, id="sound"),
        pytest.param({"message": {"content": "?", "images": [{"image_url": {"url": "data:image/png;base64,aGk="}}]}}, id="picture"),
    ],
)  # fmt: skip
def test_where_a_placeholder_could_stand_unseen_nothing_is_kept(more: dict[str, Any]) -> None:
    assert asked(ANN).slots.kept(whole("?", **more), "chat", streamed=False) is None
    assert scope(None, chat("?")).slots.kept(whole("?", **more), "chat", streamed=False) == whole("?", **more)


def test_fields_that_nobody_knows_are_read_in_a_body_and_not_in_a_stream() -> None:
    """In a stream each could hold a piece of something."""
    slots = asked(ANN).slots
    assert slots.kept(whole("?", note=placeholders(ANN)[0]), "chat", streamed=False) == whole("?", note=f"<PERSON_{marks(1)}>")  # fmt: skip
    assert slots.kept(events(["?"]), "chat", streamed=True) is not None
    assert slots.kept(events(["?"], note="a piece"), "chat", streamed=True) is None


def test_values_and_parts_are_seen_where_no_text_of_an_answer_is() -> None:
    """Escaped in a field that nobody reads, or on a line of a stream besides its data."""
    quoting = known("ann", [*VALUES, ("NAME", '"Q"')])
    slots = scope(quoting, chat(" ".join(placeholders(quoting)))).slots
    head = _encode({"id": "chatcmpl-1", "system_fingerprint": "fp_김민수ann", "choices": [{"index": 0, "message": {"content": "?"}}]})  # fmt: skip
    escaped = head.replace("김민수".encode(), "김민수".encode("ascii", "backslashreplace"))
    quoted = head.replace("김민수ann".encode(), b'\\"Q\\"ann')
    plain = head.replace("김민수ann".encode(), b"1")
    assert [slots.kept(raw, "chat", streamed=False) for raw in (head, escaped, quoted)] == [None] * 3
    assert slots.kept(plain, "chat", streamed=False) == plain
    stream = events(["?"])
    assert slots.kept(stream, "chat", streamed=True) == stream
    assert slots.kept(b"id: %b\n" % CODE[:PART].encode() + stream, "chat", streamed=True) is None


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_slot_that_the_request_has_nothing_for_is_a_miss(streamed: bool) -> None:
    """Also where no frame holds all of it."""
    slots = asked(BOB).slots
    for number, is_given in ((1, True), (2, False), (900, False)):
        text = f"<PERSON_{marks(number)}>"
        raw = events([text[:9], text[9:12], text[12:]]) if streamed else whole(text)
        assert (slots.given(entry(raw, streamed=streamed)) is not None) == is_given, number


def test_a_placeholder_in_pieces_is_exchanged_in_pieces() -> None:
    def written(who: Known) -> bytes:
        text = "네, {}님".format(*placeholders(who))
        return events([text[:7], text[7:12], text[12:15], text[15:]])

    made = asked(ANN).slots.kept(written(ANN), "chat", streamed=True)
    assert made is not None
    assert marks(1).encode() not in made
    given = asked(BOB).slots.given(entry(made, streamed=True))
    assert given is not None
    assert given.raw == written(BOB)


def test_what_cannot_be_read_is_not_kept() -> None:
    assert asked(ANN).slots.kept(b"data: {\n\n", "chat", streamed=True) is None


def test_a_request_without_values_is_as_it_was() -> None:
    one = scope(ANN, chat("아무것도 없음"))
    assert one.slots is NONE
    assert one.exact == scope(None, chat("아무것도 없음")).exact
    raw = whole("<PERSON_abcdefghij> 77slotaaaa")
    assert one.slots.kept(raw, "chat", streamed=False) == raw
    stored = entry(raw)
    assert one.slots.given(stored) is stored


def test_whoever_compares_answers_reads_ordinals_as_the_question_has_them() -> None:
    made = kept("{1}: ja")
    assert made is not None
    assert text_of(entry(made)) == f"<ORDER_{slot(0)}>: ja"
    assert f"<ORDER_{slot(0)}>" in asked(ANN).question


def test_no_repr_tells_a_value() -> None:
    assert "김" not in repr(asked(ANN).slots)
