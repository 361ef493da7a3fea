"""What the pages about the cache say."""

from collections.abc import Mapping
from typing import Final

from gateway.console.words import Text

WORDS: Final[Mapping[str, Text]] = {
    "page.cache": Text("Cache", "캐시"),
    "kept.none": Text(
        "Nothing is kept: the configuration has no section `cache`.",
        "설정에 `cache` 절이 없어서 아무것도 보관하지 않습니다.",
    ),
    "kept.held": Text("Held ({backend})", "보관 중 ({backend})"),
    "kept.away": Text("the store is away", "저장소가 응답하지 않음"),
    "kept.ratio": Text("Given again", "다시 준 응답"),
    "kept.ratio_note": Text("{given} of {asked} requests, this process", "이 프로세스의 요청 {asked}개 중 {given}개"),
    "kept.shadow": Text("Would-be hits", "적중했을 요청"),
    "kept.shadow_note": Text("asked all the same", "그래도 모델에 물음"),
    "kept.waiting": Text("To review", "검토 대기"),
    "kept.waiting_note": Text("by people", "사람이 검토"),
    "kept.classes": Text("Classes", "클래스"),
    "kept.no_classes": Text(
        "Answers to like questions are off: `cache.semantic.classes` declares where they may be shared.",
        "비슷한 질문에 같은 답을 주지 않습니다. `cache.semantic.classes`에 공유할 곳을 선언하세요.",
    ),
    "kept.no_vectors": Text(
        "Off for now: the Redis of the cache has no vector sets (they came with Redis 8.0).",
        "캐시의 Redis에 벡터 집합이 없어(Redis 8.0부터 지원) 지금은 꺼져 있습니다.",
    ),
    "kept.state.certified": Text("certified", "인증됨"),
    "kept.state.shadow": Text("in shadow", "관찰 중"),
    "kept.state.withdrawn": Text("withdrawn", "철회됨"),
    "kept.promise": Text(
        "at most {wrong} wrong, with {confidence} confidence", "신뢰도 {confidence}로 오답 최대 {wrong}"
    ),
    "kept.serve_shadow": Text(
        "declared `serve: shadow`: it never serves", "`serve: shadow`로 선언되어 응답을 주지 않음"
    ),
    "kept.from": Text("Serves from similarity", "제공하는 유사도"),
    "kept.not_yet": Text("not yet", "아직 아님"),
    "kept.turned": Text("Last turned", "마지막 변화"),
    "kept.never": Text("never", "없음"),
    "kept.reviewer": Text("Reviewed by", "검토자"),
    "kept.reviewer.agreement": Text("agreement of words and vectors", "단어와 벡터의 일치"),
    "kept.reviewer.judge": Text("a judge (a model)", "심판 모델"),
    "kept.reviewer.people": Text("people", "사람"),
    "kept.needed": Text("A certificate takes", "인증에 필요한 검토"),
    "kept.needed_note": Text(
        "{needed} reviews without a wrong one; so far {count}", "오답 없는 검토 {needed}개, 지금까지 {count}개"
    ),
    "kept.audits": Text("Audits", "감사"),
    "kept.alarm": Text("Alarm", "경보"),
    "kept.alarm_note": Text("{alarm} of {at}; there it is withdrawn", "{at} 중 {alarm}. 닿으면 철회"),
    "kept.withdrawals": Text("Withdrawals", "철회 횟수"),
    "kept.suspended": Text("Suspended callers", "정지된 호출자"),
    "kept.complaints": Text("Complaints", "불만"),
    "kept.confirming": Text("Confirmed answers serve from", "확인된 응답을 주는 유사도"),
    "kept.by": Text("Verdicts by", "판정한 사람"),
    "kept.reviews": Text("Reviews by threshold", "임계값별 검토"),
    "kept.no_reviews": Text("No reviews yet.", "아직 검토가 없습니다."),
    "kept.threshold": Text("From", "유사도"),
    "kept.count": Text("Reviews", "검토"),
    "kept.wrong": Text("Wrong", "오답"),
    "kept.precision": Text("Precision", "정밀도"),
    "kept.recall": Text("Recall", "재현율"),
    "kept.bound": Text("Wrong at most", "오답 상한"),
    "kept.bound_hint": Text(
        "The bound is for one look. The certificate holds however often one looks, so it asks for more.",
        "상한은 한 번만 볼 때의 값입니다. 인증은 몇 번을 보아도 성립해야 하므로 더 많은 검토가 필요합니다.",
    ),
    "kept.curve": Text("Precision over recall, class {name}", "클래스 {name}의 재현율에 따른 정밀도"),
    "kept.wanted": Text("wanted", "목표"),
    "kept.requests": Text("Requests of this process", "이 프로세스의 요청"),
    "kept.status": Text("Cache", "캐시"),
    "kept.why": Text("Why", "이유"),
    "kept.status.hit": Text("hit", "적중"),
    "kept.status.semantic": Text("like question", "비슷한 질문"),
    "kept.status.miss": Text("miss", "없음"),
    "kept.status.bypass": Text("bypass", "우회"),
    "kept.status.shadow": Text("would-be hit", "적중했을 요청"),
    "kept.status.none": Text("no part in it", "대상 아님"),
    "kept.splits": Text("What splits the scopes", "범위를 나누는 것"),
    "kept.splits_of": Text("Of the last {count} requests of this process.", "이 프로세스의 마지막 요청 {count}개에서."),
    "kept.splits_none": Text("Nothing.", "없음."),
    "kept.part": Text("Part", "부분"),
    "kept.differs": Text("Differs in", "다른 비율"),
    "kept.alike": Text("Of otherwise equal", "나머지가 같은 요청"),
    "kept.hint": Text("What to do", "할 일"),
    "kept.uncounted": Text("Reviews that counted for nothing", "세지 않은 검토"),
    "kept.uncounted.busy": Text("too many were under way", "동시에 너무 많음"),
    "kept.uncounted.no_verdict": Text("no verdict", "판정 없음"),
    "kept.uncounted.twice": Text("the pair had counted before", "이미 센 쌍"),
    "kept.uncounted.share": Text("its caller has brought its share", "호출자의 몫을 채움"),
    "kept.uncounted.late": Text("too late", "너무 늦음"),
    "kept.uncounted.lost": Text("the store did not take it", "저장소가 받지 않음"),
    "kept.embedder": Text("Embedder", "임베더"),
    "kept.review": Text("Review would-be hits", "적중했을 요청 검토"),
    "kept.back": Text("Cache", "캐시"),
    "kept.people_off": Text(
        "No class has `reviewer: people`, so no text of a would-be hit is held. With it, this process holds both questions and answers in memory "
        "until somebody has reviewed them.",
        "`reviewer: people`인 클래스가 없어서 적중했을 요청의 텍스트를 보관하지 않습니다. 설정하면 누군가 검토할 때까지 두 질문과 답을 이 프로세스의 메모리에 둡니다.",
    ),
    "kept.people_on": Text(
        "Would the kept answer have served the person who asked now as well? Texts are as the model saw them; they are in this process's memory alone. "
        "Your verdict counts once, with your key's name. Take them as they come: picking easy ones certifies easy ones.",
        "보관된 답이 지금 물은 사람에게도 똑같이 쓸모 있었을까요? 텍스트는 모델이 본 그대로이며 이 프로세스의 메모리에만 있습니다. "
        "판정은 키 이름과 함께 한 번만 셉니다. 순서대로 검토하세요. 쉬운 것만 고르면 쉬운 것만 인증됩니다.",
    ),
    "kept.left": Text("{count} left unreviewed.", "{count}개는 검토 없이 사라졌습니다."),
    "kept.nothing": Text("Nothing waits for you.", "검토할 것이 없습니다."),
    "kept.pair": Text("Class {name}, similarity {similarity}", "클래스 {name}, 유사도 {similarity}"),
    "kept.audit": Text("audit: this would have been given", "감사: 실제로 주었을 응답"),
    "kept.asked": Text("Asked now", "지금 질문"),
    "kept.stored": Text("Asked before", "예전 질문"),
    "kept.live": Text("The model says", "모델의 답"),
    "kept.kept": Text("The cache would have said", "캐시가 주었을 답"),
    "kept.right": Text("Serves as well", "쓸모 있음"),
    "kept.wrong_one": Text("Wrong for this question", "이 질문에는 틀림"),
    "kept.skip": Text("Cannot tell", "알 수 없음"),
    "kept.more": Text("{count} wait in all.", "모두 {count}개가 기다립니다."),
    "kept.became.counted": Text("Counted.", "세었습니다."),
    "kept.became.certified": Text(
        "Counted: the class has earned a certificate.", "세었습니다. 클래스가 인증되었습니다."
    ),
    "kept.became.withdrawn": Text("Counted: the certificate is withdrawn.", "세었습니다. 인증이 철회되었습니다."),
    "kept.became.suspended": Text(
        "Counted: this caller gets no like answers for now.",
        "세었습니다. 이 호출자에게는 당분간 비슷한 답을 주지 않습니다.",
    ),
    "kept.became.twice": Text("Not counted: the pair had counted before.", "세지 않음: 이미 센 쌍입니다."),
    "kept.became.share": Text(
        "Not counted: its caller has brought its share of reviews.", "세지 않음: 호출자의 몫을 넘었습니다."
    ),
    "kept.became.late": Text("Not counted: the class is another one by now.", "세지 않음: 클래스가 바뀌었습니다."),
    "kept.became.lost": Text(
        "Not counted: the store is away. The pair waits again.",
        "세지 않음: 저장소가 응답하지 않습니다. 쌍은 다시 기다립니다.",
    ),
    "kept.became.gone": Text("Somebody else has reviewed it, or it has left.", "다른 사람이 검토했거나 사라졌습니다."),
    "kept.became.skipped": Text("Left out.", "건너뛰었습니다."),
}
