"""What people and firms have in every country."""

import pytest

from tests.unit.guards.found import found


@pytest.mark.parametrize(
    ("entity", "text", "value"),
    [
        ("EMAIL_ADDRESS", "메일은 minsu.kim@example.co.kr입니다", "minsu.kim@example.co.kr"),
        ("EMAIL_ADDRESS", "메일:a@b.io, or", "a@b.io"),
        ("EMAIL_ADDRESS", "<jane+x@sub.example.museum>", "jane+x@sub.example.museum"),
        ("EMAIL_ADDRESS", "end a@b.com.", "a@b.com"),
        ("EMAIL_ADDRESS", "ｍｉｎ＠example.com", "ｍｉｎ＠example.com"),
        ("PHONE_NUMBER", "+1 415-555-2671", "+1 415-555-2671"),
        ("PHONE_NUMBER", "(212) 555-2671", "(212) 555-2671"),
        ("PHONE_NUMBER", "1-646-555-2671", "1-646-555-2671"),
        ("PHONE_NUMBER", "415.555.2671입니다", "415.555.2671"),
        ("PHONE_NUMBER", "(+33 1 42 68 53 00)", "+33 1 42 68 53 00"),
        ("PHONE_NUMBER", "call 4155552671", "4155552671"),
        ("PHONE_NUMBER", "tel 07700 900123", "07700 900123"),
        ("CREDIT_CARD", "카드4111 1111 1111 1111로", "4111 1111 1111 1111"),
        ("CREDIT_CARD", "4111 1111 1111 1111 123", "4111 1111 1111 1111"),
        ("CREDIT_CARD", "3782-822463-10005", "3782-822463-10005"),
        ("CREDIT_CARD", "4000000000000000006", "4000000000000000006"),
        ("IBAN_CODE", "DE89 3704 0044 0532 0130 00 PAID", "DE89 3704 0044 0532 0130 00"),
        ("IBAN_CODE", "BE68 5390 0754 7034 PAID", "BE68 5390 0754 7034"),
        ("IBAN_CODE", "GB29NWBK60161331926819입니다", "GB29NWBK60161331926819"),
        ("US_SSN", "번호 536-90-4399입니다", "536-90-4399"),
        ("US_SSN", "my SSN is 536904399", "536904399"),
        ("PASSPORT", "passport C1234567", "C1234567"),
        ("PASSPORT", "Passport no. 123456789", "123456789"),
    ],
)
def test_it_is_found(entity: str, text: str, value: str) -> None:
    assert value in found(entity, text)


@pytest.mark.parametrize(
    ("entity", "text"),
    [
        ("EMAIL_ADDRESS", "git@github.com:a/b.git"),
        ("EMAIL_ADDRESS", "logo@2x.png"),
        ("EMAIL_ADDRESS", "a..b@example.com"),
        ("EMAIL_ADDRESS", "lodash@4.17.21"),
        ("EMAIL_ADDRESS", "@mention and a@localhost"),
        ("PHONE_NUMBER", "1-800-555-2671"),
        ("PHONE_NUMBER", "4155552671"),
        ("PHONE_NUMBER", "415-555-26712"),
        ("PHONE_NUMBER", "115-555-2671"),
        ("PHONE_NUMBER", "(415-555-267"),
        ("PHONE_NUMBER", "x + 1234567 and +11111111"),
        ("CREDIT_CARD", "4111 1111 1111 1112"),
        ("CREDIT_CARD", "0.4111111111111111"),
        ("CREDIT_CARD", "a4111111111111111"),
        ("CREDIT_CARD", "3782 8224 6310 0050"),
        ("IBAN_CODE", "DE89 3704 0044 0532 0130 01"),
        ("IBAN_CODE", "DE8937040044053201300"),
        ("IBAN_CODE", "XX89370400440532013000"),
        ("US_SSN", "000-12-3456"),
        ("US_SSN", "666-12-3456"),
        ("US_SSN", "912-12-3456"),
        ("US_SSN", "123-00-3456"),
        ("US_SSN", "078-05-1120"),
        ("US_SSN", "536904399"),
        ("US_SSN", "2-536-90-4399"),
        ("PASSPORT", "part C1234567"),
        ("PASSPORT", "passport AB12"),
    ],
)
def test_what_looks_alike_is_not_found(entity: str, text: str) -> None:
    assert found(entity, text) == []
