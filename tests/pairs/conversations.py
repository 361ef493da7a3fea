"""Conversations of which the last turn is asked for: what stands before it is scope, never a matter of likeness."""

from collections.abc import Iterator
from random import Random
from typing import Final, NamedTuple

from gateway.cache.pairs import Pair


class Talk(NamedTuple):
    """`lasts` mean the same behind the same `earlier` turns; `others` ask something else; `elsewhere` is another beginning."""

    lang: str
    earlier: tuple[str, ...]
    elsewhere: tuple[str, ...]
    lasts: tuple[str, ...]
    others: tuple[tuple[str, str], ...]


TALKS: Final = (
    Talk("en", ("I live in Oslo.", "Nice! How can I help?"), ("I live in Rome.", "Nice! How can I help?"),
         ("What should I wear in March?", "In March, what should I wear?"), (("time", "What should I wear in July?"), ("negation", "What should I not wear in March?"))),
    Talk("en", ("Here is my function: def f(x): return x", "I see it."), ("Here is my function: def f(x): pass", "I see it."),
         ("Can you explain it?", "Please explain it."), (("question_type", "Can you test it?"), ("antonym", "Can you shorten it?"))),
    Talk("en", ("Which plan has 10 seats?", "The Team plan."), ("Which plan has 50 seats?", "The Company plan."),
         ("How much does it cost?", "What does it cost?"), (("question_type", "How do I get it?"), ("scope", "How much does it cost for all seats?"))),
    Talk("en", ("My order is A-1.", "Thank you."), ("My order is A-2.", "Thank you."),
         ("Where is it now?", "Can you tell me where it is now?"), (("question_type", "When will it arrive?"), ("time", "Where was it yesterday?"))),
    Talk("en", ("Write a poem about rain.", "Drip, drop."), ("Write a poem about snow.", "Hush, hush."),
         ("Translate it into French.", "Please translate it into French."), (("entity", "Translate it into German."), ("role_swap", "Translate it from French."))),
    Talk("ko", ("저는 부산에 살아요.", "네, 무엇을 도와드릴까요?"), ("저는 제주에 살아요.", "네, 무엇을 도와드릴까요?"),
         ("3월에는 뭘 입어야 하나요?", "3월에는 뭘 입어야 해요?"), (("time", "7월에는 뭘 입어야 하나요?"), ("negation", "3월에는 뭘 안 입어야 하나요?"))),
    Talk("ko", ("좌석 10개인 요금제는요?", "팀 요금제입니다."), ("좌석 50개인 요금제는요?", "기업 요금제입니다."),
         ("그건 얼마예요?", "그건 얼마인가요?"), (("question_type", "그건 언제 나와요?"), ("question_type", "그건 어떻게 사요?"))),
    Talk("ko", ("제 주문은 A-1입니다.", "감사합니다."), ("제 주문은 A-2입니다.", "감사합니다."),
         ("지금 어디에 있나요?", "지금 어디에 있습니까?"), (("question_type", "지금 왜 없나요?"), ("time", "어제 어디에 있었나요?"))),
    Talk("ko", ("비에 대한 시를 써 줘.", "주룩주룩."), ("눈에 대한 시를 써 줘.", "펄펄."),
         ("영어로 번역해 줘", "영어로 번역해 주세요"), (("entity", "독일어로 번역해 줘"), ("role_swap", "영어에서 번역해 줘"))),
    Talk("ko", ("연차 규정을 요약해 줘.", "네, 요약했습니다."), ("출장 규정을 요약해 줘.", "네, 요약했습니다."),
         ("더 짧게 해 주세요", "더 짧게 해 줘"), (("antonym", "더 길게 해 주세요"), ("negation", "더 짧게 하지 마세요"))),
)  # fmt: skip

_OPENINGS: Final = {"en": ("Hello!", "Good morning.", "Hi."), "ko": ("안녕하세요!", "반가워요.", "저기요.")}
PER_TALK: Final = 10


def conversations(rng: Random) -> Iterator[Pair]:
    for number, talk in enumerate(TALKS):
        for count in range(PER_TALK):
            opening = _OPENINGS[talk.lang][count % 3]
            first, second = (talk.lasts[count % 2], talk.lasts[(count + 1) % 2])
            earlier = (opening, *talk.earlier)
            other_history = (opening, *talk.elsewhere)
            category, other = talk.others[rng.randrange(len(talk.others))]
            made = (
                ((earlier, first), (earlier, second), True, "paraphrase"),
                ((earlier, first), (other_history, first), False, "history"),
                ((earlier, first), (earlier, other), False, category),
                ((earlier, first), (other_history, second), False, "history"),
            )[count % 4]
            (history_a, text_a), (history_b, text_b), duplicate, kind = made
            yield Pair(
                text_a=text_a,
                text_b=text_b,
                duplicate=duplicate,
                category=kind,
                lang=talk.lang,
                history_a=history_a,
                history_b=history_b,
                family=f"talk-{number}",
            )
