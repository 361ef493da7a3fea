"""Why the cache did what it did, in both languages. The English of the reasons is the one that `haechi cache explain` prints."""

from collections.abc import Mapping
from typing import Final

from gateway.cache.trails import REASONS
from gateway.console.words import Text

_KOREAN: Final = {
    "no_question": "마지막 사용자 텍스트가 없거나, 다른 질문과 비교하기에 너무 깁니다",
    "sampling": "여러 답변, 로그 확률 또는 토큰 편향을 요청합니다",
    "temperature": "온도가 클래스의 한도보다 높습니다. 온도를 지정하지 않으면 1.0으로 봅니다",
    "not_text": "도구 호출, 이미지, 오디오 또는 파일이 있습니다",
    "timely": "내일은 답이 다를 수 있습니다 (`volatile: true`이면 허용)",
    "personal": "질문자 자신에 대한 질문이고, 답변은 다른 사람과 공유됩니다",
    "late": "의미 검색이 `deadline_ms`보다 오래 걸렸습니다",
    "no_vector": "질문의 벡터가 없습니다. 임베더가 없거나 늦거나 준비되지 않았습니다",
    "veto": "가장 가까운 질문들은 뜻이 다릅니다",
    "asked": "헤더로 요청했습니다",
    "pinned": "공급자의 한 계정에 묶여 있습니다",
    "no_route": "이 모델로 가는 경로가 없습니다",
    "model": "`cache.models`에 없는 모델입니다",
    "stateful": "다른 곳에 저장된 상태를 이어 가거나 공급자가 작업을 수행합니다",
    "unreadable": "다이제스트를 만들 수 없는 내용이 있습니다",
    "store_away": "저장소가 응답하지 않습니다",
    "new": "같은 요청에 대한 답변이 저장되어 있지 않습니다",
    "under_way": "같은 요청이 진행 중이어서 그 답변을 함께 받았습니다",
    "stale": "기한이 지나 한 번 더 제공하고, 백그라운드에서 새 답변을 요청했습니다",
    "renews": "이미 제공된 답변보다 새로운 답변을 백그라운드에서 요청했습니다",
    "old": "저장된 답변이 허용된 기간보다 오래되었습니다",
    "purged": "저장된 답변이 그 뒤에 삭제되었습니다",
    "other_release": "다른 릴리스가 저장한 답변입니다",
    "other_dialect": "저장된 답변을 요청한 API로 표현할 수 없습니다",
    "slots": "저장된 답변의 자리에 넣을 값이 이 요청에 없습니다",
    "exact": "헤더가 다른 질문의 답변을 거부했습니다",
    "no_class": "`cache.semantic.classes`의 어느 클래스에도 속하지 않습니다",
    "kept": "답변을 저장했습니다",
    "too_large": "답변이 `answer_bytes`보다 크거나 끝까지 오지 않았습니다",
    "not_the_asked_model": "대체 모델이 답했거나, 규칙이 다시 시작하게 했습니다",
    "status": "성공한 답변이 아닙니다",
    "not_clean": "답변이 잘렸거나, 도구를 부르거나 거절했거나, 규칙이 바꾸었거나 읽을 수 없었습니다",
    "not_slots": "답변의 자리표시자가 손상되었거나 이 요청의 것이 아닙니다",
}
WORDS: Final[Mapping[str, Text]] = {
    **{f"why.{name}": Text(english, _KOREAN[name]) for name, english in REASONS.items() if name},
    "went.unlike": Text("not like enough for any threshold", "어떤 기준으로도 충분히 비슷하지 않음"),
    "went.gone": Text("its answer has left the cache", "답변이 캐시에서 사라짐"),
    "went.old": Text("its answer is too old, or was purged", "답변이 너무 오래되었거나 삭제됨"),
    "went.veto": Text("means something else", "뜻이 다름"),
    "went.complaints": Text("was a wrong answer before", "전에 틀린 답변이었음"),
    "went.quarantined": Text("is compared first, as somebody called it wrong", "틀렸다는 의견이 있어 먼저 비교함"),
    "went.served": Text("was given", "제공됨"),
    "went.long": Text("its answer is longer than a reviewer reads", "검토하기에 답변이 너무 김"),
    "went.unsayable": Text("cannot be said in the API that asked", "요청한 API로 표현할 수 없음"),
    "went.confirmed": Text("was given: the judge has confirmed it", "제공됨: 심사 모델이 확인함"),
    "went.audited": Text("could have been given, and is compared instead", "제공할 수 있었으나 비교에 쓰임"),
    "went.shadow": Text(
        "would have been given, had the class a certificate", "클래스에 인증서가 있었다면 제공했을 답변"
    ),
}
