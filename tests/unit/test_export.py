"""What an export makes of rows, texts and feedback; and files that are whole or not there."""

import csv
import io
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.ledger.export import COLUMNS, cell, example, figures, pair
from gateway.ledger.sheets import Csv, Parquet, opened
from gateway.ledger.views import Body
from tests.support.ledgered import a_row, said

CHAT = '{"messages":[{"role":"system","content":"짧게"},{"role":"user","content":"수도는?"}]}'
MESSAGES = '{"system":"짧게","messages":[{"role":"user","content":[{"type":"text","text":"수도는?"}]}]}'
RESPONSES = '{"instructions":"짧게","input":"수도는?"}'
ASKED = [{"role": "system", "content": "짧게"}, {"role": "user", "content": "수도는?"}]
ANSWERS = [
    '{"choices":[{"message":{"role":"assistant","content":"부산"}}]}',
    '{"content":[{"type":"text","text":"부산"}]}',
    '{"output":[{"type":"reasoning"},{"type":"message","content":[{"type":"output_text","text":"부산"}]}]}',
    "부산",
]


def body(request: str | None, answer: str | None) -> Body:
    return Body("req_1", 0.0, None, request, answer)


@pytest.mark.parametrize("request_", [CHAT, MESSAGES, RESPONSES])
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_conversation_is_the_same_through_every_api(request_: str, answer: str) -> None:
    found = msgspec.json.decode(example(body(request_, answer), []) or b"")
    assert found == {"messages": [*ASKED, {"role": "assistant", "content": "부산"}]}


def test_what_somebody_corrected_stands_where_the_answer_was_and_what_was_only_called_bad_is_left_out() -> None:
    bad, corrected = said(1, bad=True), said(2, bad=True, correction="서울")
    whole = body(CHAT, "부산")
    assert example(whole, [bad]) is None
    assert msgspec.json.decode(example(whole, [bad, corrected]) or b"")["messages"][-1]["content"] == "서울"


def test_a_pair_is_what_was_said_and_what_ought_to_have_been() -> None:
    line = pair(body(CHAT, ANSWERS[0]), said(correction="서울"))
    assert msgspec.json.decode(line or b"") == {
        "input": {"messages": ASKED},
        "preferred_output": [{"role": "assistant", "content": "서울"}],
        "non_preferred_output": [{"role": "assistant", "content": "부산"}],
    }
    assert pair(body(CHAT, "서울"), said(correction="서울")) is None
    assert pair(body(CHAT, "부산"), said()) is None
    assert pair(body(None, "부산"), said(correction="서울")) is None


@pytest.mark.parametrize(
    "request_",
    [
        '{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}',
        '{"messages":[{"role":"assistant","tool_calls":[]}]}',
        '{"input":[{"type":"function_call_output","output":"x"}]}',
        '{"messages":7}',
        "",
        None,
    ],
)
def test_what_is_no_conversation_of_texts_is_no_example(request_: str | None) -> None:
    assert example(body(request_, "부산"), []) is None


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_no_name_that_a_caller_chose_is_a_formula(name: str) -> None:
    assert cell(name) == f"'{name}"
    assert cell("plain") == "plain"
    assert cell(-1) == -1


def table(kind: Any, rows: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    sheet = kind(out)
    sheet.write(rows)
    sheet.close()
    return out.getvalue()


def test_both_tables_have_the_same_figures() -> None:
    rows = [figures(a_row(1, user="=SUM(A1)", prompt="인사@2"), [said(1, bad=True), said(2)]), figures(a_row(2), [])]
    read = list(csv.DictReader(io.StringIO(table(Csv, rows).decode())))
    assert list(read[0]) == list(COLUMNS)
    assert (read[0]["user"], read[0]["prompt"]) == ("'=SUM(A1)", "인사@2")
    assert (read[0]["feedback"], read[0]["feedback_bad"], read[0]["attempts"]) == ("2", "1", "1")
    parquet = pytest.importorskip("pyarrow.parquet")
    again = parquet.read_table(io.BytesIO(table(Parquet, rows))).to_pylist()
    assert again == rows


def test_a_file_is_whole_or_it_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    file.write_text("what was there")

    def half() -> None:
        with opened(str(file)) as out:
            out.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert file.read_text() == "what was there"
    assert [one.name for one in tmp_path.iterdir()] == ["out.csv"]
    with opened(str(file)) as out:
        out.write(b"whole")
    assert file.read_bytes() == b"whole"
    assert file.stat().st_mode & 0o777 == 0o600
