"""Units under one name, in both languages. What is no unit here is a word, and words are compared as well."""

from collections.abc import Mapping
from typing import Final

_NAMES: Final = """
kg: kg kgs kilo kilos kilogram kilograms 킬로그램 킬로 ㎏
g: g gram grams 그램
mg: mg milligram milligrams 밀리그램
lb: lb lbs pound pounds 파운드
oz: oz ounce ounces 온스
t: ton tons tonne tonnes 톤
l: l liter liters litre litres 리터
ml: ml milliliter milliliters millilitre millilitres 밀리리터
gal: gal gallon gallons 갤런
m: meter meters metre metres 미터
km: km kilometer kilometers kilometre kilometres 킬로미터
cm: cm centimeter centimeters centimetre centimetres 센티미터 센티
mm: mm millimeter millimeters millimetre millimetres 밀리미터
mi: mi mile miles 마일
ft: ft foot feet 피트
in: inch inches 인치
yd: yd yard yards 야드
nm: 해리
sqm: sqm 제곱미터
pyeong: pyeong 평
percent: % percent 퍼센트 프로
celsius: celsius 섭씨 °c ℃
fahrenheit: fahrenheit 화씨 °f ℉
degree: degree degrees 도 °
kb: kb kilobyte kilobytes 킬로바이트
mb: mb megabyte megabytes 메가바이트 메가
gb: gb gigabyte gigabytes 기가바이트 기가
tb: tb terabyte terabytes 테라바이트 테라
byte: byte bytes 바이트
bit: bit bits 비트
ms: ms millisecond milliseconds 밀리초
sec: sec secs seconds 초
min: min mins minute minutes 분
hour: hour hours hr hrs h 시간
day: day days 일
week: week weeks 주
month: month months 개월 달
year: year years yr yrs 년
kw: kw kilowatt kilowatts 킬로와트
w: watt watts 와트
v: volt volts 볼트
hz: hz hertz 헤르츠
mph: mph
kmh: km/h kph
usd: $ usd dollar dollars 달러 불
eur: € eur euro euros 유로
gbp: £ gbp sterling
jpy: ¥ jpy yen 엔 엔화
krw: ₩ krw won 원
cny: cny yuan 위안
peso: peso pesos 페소
rupee: rupee rupees 루피
zloty: zloty
cent: cent cents 센트
"""

UNITS: Final[Mapping[str, str]] = {
    name: line.partition(":")[0] for line in _NAMES.strip().splitlines() for name in line.partition(":")[2].split()
}

COUNTERS: Final = frozenset(
    "개 명 분 사람 살 세 번 번째 장 권 대 마리 병 잔 벌 켤레 채 층 호 호선 조 항 학년 반 기 차 회 곳 가지 군데 시 월 급 위 점 "
    "등 단계 배 박 인 인분 주년 세대 팀 건 차례 자리 글자 되 컵 봉지 상자 줄 행 열 쪽 페이지 칸 주일 달".split()
)
"""What is counted in Korean, as it stands behind a number; besides the units."""
