from msgspec import json

from gateway.simulator.errors import ROWS, RefusalError, named_for, refuse


def test_every_error_has_a_body_in_both_families() -> None:
    for name, row in ROWS.items():
        openai = refuse("openai", RefusalError(name), "req_1")
        assert openai.status == row.status
        assert set(json.decode(openai.frames[0].data)["error"]) >= {"message", "type", "param", "code"}
        anthropic = refuse("anthropic", RefusalError(name), "req_1")
        assert anthropic.status == (row.anthropic_status or row.status)
        assert json.decode(anthropic.frames[0].data)["error"]["type"] == row.anthropic_type


def test_a_filter_refusal_has_the_details_that_azure_gives() -> None:
    said = json.decode(refuse("openai", RefusalError("content_filter"), "req_1").frames[0].data)["error"]
    assert said["innererror"]["code"] == "ResponsibleAIPolicyViolation"
    assert said["innererror"]["content_filter_result"]["violence"]["filtered"]


def test_a_status_can_replace_the_usual_one() -> None:
    assert refuse("openai", RefusalError("server_error"), "req_1", status=200).status == 200
    assert [named_for(status) for status in (400, 404, 429, 503, 529, 418, 599)] == [
        "invalid_request",
        "model_not_found",
        "rate_limit",
        "unavailable",
        "overloaded",
        "invalid_request",
        "server_error",
    ]
