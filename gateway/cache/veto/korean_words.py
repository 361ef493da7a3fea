"""Particles, endings and words of Korean that say how something is asked, and the ones that turn a meaning round."""

from collections.abc import Mapping
from typing import Final

# Marks stand for what a phrase means; they come from the private use area, which `fold` empties first.
CAN, CANNOT, FORBID, MUST, NOT, HOW, TELL, DO, WANT, WHY = (f" {chr(point)} " for point in range(0xE001, 0xE00B))
MARKS: Final = {mark.strip(): mark for mark in (CAN, CANNOT, FORBID, MUST, NOT, HOW, TELL, DO, WANT, WHY)}

ROLES: Final[Mapping[str, str]] = {
    particle: role
    for role, particles in {
        "subject": "이 가 께서",
        "topic": "은 는 이란 란 이라는 라는 도",
        "object": "을 를",
        "of": "의 에서의 에의 으로의 로의",
        "at": "에 에는 에도",
        "in": "에서 에서는 에서도 서",
        "from": "부터 에게서 한테서 부터는 으로부터 로부터",
        "to": "으로 로 에게 한테 으로는 로는 에게는 으로도 로도",
        "until": "까지 까지는 까지도",
        "than": "보다 보다는 보다도",
        "like": "처럼 만큼 같이",
        "each": "마다",
        "as": "로서 으로서 로써 으로써",
        "and": "와 과 랑 이랑 하고",
        "or": "이나",
        "only": "만 만을 만이 만은",
        "at+only": "에만",
        "in+only": "에서만",
        "to+only": "으로만 로만 에게만",
        "until+only": "까지만",
        "and+only": "와만 과만",
        "save": "밖에",
    }.items()
    for particle in particles.split()
}
"""What a particle makes of the noun before it."""

AFTER_CONSONANT: Final = frozenset(
    "은 이 을 과 으로 이란 이라는 이나 이랑 으로는 으로도 으로만 으로의 으로서 으로써 으로부터 과만".split()
)
AFTER_VOWEL: Final = frozenset("는 가 를 와 란 라는 랑 와만".split())
PLAIN: Final = frozenset("를 의 에 에서 에게 한테 까지 부터 보다 으로 와 과 에는 에서는 까지는 에게는".split())
"""What no verb ends in: a noun before it may be as short as it likes."""
LONGEST_PARTICLE: Final = 4

COPULAS: Final = (
    "인가요 인가 이에요 예요 에요 입니까 입니다 이죠 이지요 죠 일까요 일까 인지 인지요 인데요 인데 이고 이면 이라면 이야 야 이냐 인 이었나요 였나요 "
    "이었어요 였어요 이었습니까 였습니까 이었는지 였는지 이었죠 였죠 이며 이지만 이니 이니까 이신가요 이세요 였지 이었지 였다 이었다 이다 ㄴ가요 ㄴ지 죠 지"
).split()
"""Forms of "to be" behind a noun; those with 였 or 이었 are past, those in 면 a condition."""

SINGLE: Final = frozenset(
    "앱 집 돈 차 물 개 책 문 방 값 글 키 팀 표 웹 폰 칩 빵 밥 술 약 병 땅 산 강 달 별 해 법 점 뜻 옷 눈 비 쌀 장 행 열 명 줌 굴 균 몸 손 발 코 귀 입 말 소 닭 쥐 새 꽃 벌 배 감 귤 파 콩 잔 컵 섬 역 길 불 빛 힘 맛 꿈 날 밤 낮 봄 곳 망 탭 창 셀 값 층 편 팁 핀 줄 면 선 점 원 각 합 곱 식 답 왕".split()
)
"""Nouns of one syllable, which may carry a particle."""

WHOLE: Final = frozenset(
    "회의 문의 동의 주의 정의 강의 합의 고의 호의 사이 나이 차이 아이 종이 고양이 거북이 오이 길이 높이 넓이 깊이 놀이 먹이 어린이 와이파이 파이 타이 하와이 "
    "도로 경로 진로 통로 피로 회로 미로 서로 바로 따로 별로 새로 스스로 제로 유로 프로 메트로 휴가 평가 국가 작가 화가 주가 물가 증가 추가 참가 허가 원가 전문가 요가 누가 "
    "시도 제도 온도 속도 지도 정도 각도 용도 한도 강도 습도 수도 인도 의도 태도 파도 보도 부도 대도 연도 도로 바나나 하나 언니 어머니 주머니 나라 "
    "라면 화면 장면 측면 내면 표면 냉면 가면 서면 반면 창고 광고 보고 사고 경고 최고 재고 중고 신고 참고 예고 원고 편지 가지 토지 먼지 반지 유지 방지 금지 폐지 복지 "
    "가게 무게 어떻게 그렇게 이렇게 가격 기기 보기 전기 경기 위기 시기 분기 무기 용기 일기 인기 자기 후기 감기 비행기 이야기 국기 크기 쓰레기 딸기 고기 "
    "시간 공간 기간 인간 중간 주간 야간 계란 거란 요란 논란 은행 최대한 제한 무한 권한 기한 북한 역할 분할 할인 확인 본인 개인 주인 타인 성인 노인 외국인 한국인 군인 신인 "
    "만두 두만 경우 상태 오만 대만 불만 비만 자만 음료 의료 자료 무료 유료 재료 종료 완료 치료 수료 이용료 수수료 원료 학교 종교 비교 사과 결과 효과 학과 성과 초과 통과 부과 "
    "평화 영화 전화 문화 변화 대화 만화 강화 약화 소화 악화 다른 새로운 서울 가을 마을 겨울 거울 노을 개울 물음 마음 처음 다음 웃음 얼음 지음 걸음 믿음 "
    "차은 은은 아예 얘기 노예 예예 주소 이하 이상 미만 부산 안내 안전 안정 안경 못난".split()
)
"""Nouns that end like a particle or an ending and are none."""

ASKS: Final[Mapping[str, str]] = {
    "누가": "who", "누구": "who", "누굴": "who", "언제": "when", "어디": "where", "왜": "why", "무엇": "what", "무슨": "which", "뭐": "what", "뭘": "what", "뭔": "what", "뭔가요": "what", "뭔지": "what", "뭔데": "what",
    "무얼": "what", "얼마": "howmuch", "얼마나": "extent", "어느": "which", "어떤": "which", "어떻게": "how", "어떡": "how", "몇": "count", "방법": "how", "방안": "how",
    "이유": "why", "까닭": "why",
}  # fmt: skip
STOP: Final = frozenset(
    "것 거 게 건 걸 수 등 및 그 이 저 좀 혹시 제 내 저는 나는 제가 내가 저의 나의 저희 우리 제발 그냥 감사합니다 고맙습니다 안녕하세요 안녕 저기요 실례지만 "
    "데 점 때 경우 정말 진짜 지금은 그럼 그러면 그런데 근데 그리고 또는 대해 대해서 대한 대하여 관해 관해서 관한 관하여 꼭 아주 매우 너무 정확히 부탁드립니다 부탁해요 부탁합니다 "
    "그것 이것 저것 요 아 음 걸로 거죠 거예요 건가요 것인가요 게요 좋을까요 더러".split()
)
SCOPES: Final[Mapping[str, str]] = {
    "모두": "all", "모든": "all", "전부": "all", "전체": "all", "다": "all", "일부": "some", "몇몇": "some", "각": "each", "각각": "each", "매": "each",
    "제외": "except", "제외하고": "except", "제외한": "except", "제외하면": "except", "빼고": "except", "뺀": "except", "빼면": "except", "외에": "except", "외에는": "except",
    "말고": "except", "이외에": "except", "오직": "only", "오로지": "only", "단지": "only", "이상": "ge", "이하": "le", "초과": "gt", "미만": "lt", "최소": "least", "최대": "most", "적어도": "ge",
    "둘": "two",
}  # fmt: skip
TIMES: Final = frozenset(
    "오늘 어제 내일 모레 그제 그저께 지금 올해 작년 내년 재작년 지난 이번 다음 지난달 다음달 지난주 월요일 화요일 수요일 목요일 금요일 토요일 일요일 주말 평일 "
    "오전 오후 아침 점심 저녁 밤 새벽 정오 낮 분기 상반기 하반기 연말 연초 이전 이후 전 후 뒤 동안 현재 아직 벌써 이미 매일 매주 매월 매년".split()
)
_SAME: Final = """
사용 쓰 이용
삭제 지우
변경 바꾸 수정
구매 사 구입
시작 개시
차이 차이점
업로드 올리
다운로드 내려받
종료 끝
마감 마감일
이메일 메일
휴대폰 핸드폰 휴대전화
비밀번호 패스워드
고치 수리
"""
SAME: Final[Mapping[str, str]] = {word: line.split()[0] for line in _SAME.strip().splitlines() for word in line.split()}
ANTONYMS: Final = frozenset(
    frozenset(pair.split("/"))
    for pair in (
        "켜/끄 키/끄 열/닫 최대/최소 장점/단점 오름차순/내림차순 수출/수입 암호화/복호화 전/후 가입/탈퇴 설치/삭제 높이/낮추 노피/나추 올리/내리 늘리/줄이 빠르/느리 크/작 크/자 많/적 "
        "로그인/로그아웃 무료/유료 업그레이드/다운그레이드 업로드/다운로드 설정/해제 백업/복원 이전/이후 태어나/죽 이기/지 빌리/빌려주 부터/까지 길/짧 높/낮 시작/종료 승인/거절 승인/반려 "
        "허용/차단 허용/금지 연결/해제 추가/삭제 공개/비공개 내부/외부 입금/출금 송금/입금 판매/구매 임대인/임차인 매도/매수 공통점/차이 차이/공통점 상승/하락 증가/감소 흑자/적자 이상/이하 초과/미만 "
        "포함/제외 활성화/비활성화 합격/불합격 찬성/반대 출발/도착 입장/퇴장 잠그/풀 켜/꺼 버스/기차 재시작/중지"
    ).split()
)
THINGS: Final = frozenset("것 거 게 건 걸 데 점 때 경우 법 방법".split())
"""Behind a verb they say nothing of their own."""
ENDINGS: Final[Mapping[str, str]] = {
    ending: feature
    for feature, endings in {
        "strong": "나요 으나요 는가요 은가요 ㄴ가요 는가 은가 ㄴ가 을까요 ㄹ까요 을까 ㄹ까 습니까 ㅂ니까 습니다 ㅂ니다 어요 아요 여요 에요 예요 요 죠 지요 네요 는데요 은데요 ㄴ데요 "
        "는지 은지 ㄴ지 는지요 을지 ㄹ지 을게요 ㄹ게요 을래요 ㄹ래요 세요 으세요 십시오 으십시오 시나요 으시나요 려고 으려고 려면 으려면 지만 는데 은데 ㄴ데 아서 어서 여서 "
        "으니까 니까 므로 으며 도록 거나 다가 자마자 어도 아도 여도 어야 아야 여야 냐 으냐 겠습니까 겠어요 시겠어요 라고 다고 ㄴ다고 는다고 기 위해 자고 ㄴ다 는다 었다 ㅆ다 ㅆ던 었던 았던",
        "if": "으면 면 다면 ㄴ다면 는다면 려면요",
        "then": "고 고서 고나서",
        "weak": "야 는 은 ㄴ 을 ㄹ 서 어 아 여 도",
        "nominal": "게 며 음 ㅁ 기 지 던 니",
    }.items()
    for ending in endings.split()
}
"""What stands behind the stem of a verb. `strong` ones leave no doubt; a `weak` one may belong to a noun, a `nominal` one mostly does."""

LIGHT: Final = frozenset({"하", "있", "이", "없", "싶", "그러", "대하", "계시"})
"""Verbs that say nothing by themselves."""
