"""Addresses by road and by lot, with the flat, and no count, day or price in their place."""

import pytest

from tests.unit.guards.found import found


@pytest.mark.parametrize(
    "address",
    [
        "서울특별시 강남구 테헤란로 152",
        "경기도 성남시 분당구 판교역로 235, 101동 1203호",
        "서울 종로구 청운동 12-3",
        "강남구 테헤란로 152",
        "부산광역시 해운대구 센텀중앙로 97, 3층",
        "제주특별자치도 제주시 첨단로 242",
        "충청남도 천안시 동남구 병천면 병천1로 20",
        "강원 춘천시 세실로 38-2 한빛아파트 101동 1203호",
        "세종특별자치시 한누리대로 2130",
        "전북 전주시 완산구 효자동3가 1-1번지",
        "서울 강남구 강남대로10길 5 (역삼동)",
        "경북 의성군 의성읍 중리리 산 12",
    ],
)
def test_an_address_is_found_to_its_end(address: str) -> None:
    for text in (f"주소는 {address}입니다.", f"배송지:\n{address}\n", f"({address})"):
        assert address in found("KR_ADDRESS", text)


def test_a_road_alone_counts_where_a_word_says_address() -> None:
    assert found("KR_ADDRESS", "주소는 테헤란로 152입니다") == ["테헤란로 152"]
    assert found("KR_ADDRESS", "이번에는 테헤란로 152입니다") == []


@pytest.mark.parametrize(
    "text",
    [
        "서울시 강남구 역삼동 12월 행사",
        "서울 강남구 카페 3곳",
        "강남구 인구는 54만 명",
        "이 정도 구간은 바로 3분",
        "서울 강남구 테헤란로 10년",
        "서울에서 부산으로 2시간",
    ],
)
def test_counts_days_and_prices_are_none(text: str) -> None:
    assert found("KR_ADDRESS", text) == []
