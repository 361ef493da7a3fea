"""What filters cost on text as people and models write it, in pieces of the size in which models write it."""

import time
from dataclasses import dataclass
from typing import Final

from gateway.guards.editor import Editor, Looking
from gateway.guards.verdicts import Verdicts

PIECE: Final = 4
_ROUNDS: Final = 20

ENGLISH: Final = """The delivery should reach you within three to five working days. If it has not arrived by then, open the page
of your order, choose the parcel and press the button that says you are still waiting. We look into it on the same day and write
to you as soon as the carrier has told us where it is. In most cases somebody was not at home and the parcel waits at a shop
nearby; the card in your letter box names it. You can also ask for another day, or send it back without giving a reason: print
the label, put it on the box and hand it in. The money is on your account about a week after we have it again. Version 2.4 of the
app shows all of this on one page, in 12 languages, and costs nothing.
"""
KOREAN: Final = """주문하신 상품은 영업일 기준으로 사흘에서 닷새 안에 도착합니다. 그때까지 받지 못하셨다면 주문 내역에서 해당 상품을 고르고 아직 받지 못했다는 단추를
눌러 주세요. 접수된 문의는 당일에 확인하고, 택배사의 답을 받는 대로 바로 알려 드립니다. 대부분은 집에 아무도 계시지 않아 가까운 가게에 맡겨 둔 경우이며, 우편함에 남긴
쪽지에 그 이름이 적혀 있습니다. 다른 날로 바꾸시거나 이유를 밝히지 않고 돌려보내실 수도 있습니다. 상자에 반품 표를 붙여 맡기시면 되고, 환불은 상품이 돌아온 뒤 일주일쯤
걸립니다. 앱 2.4 버전부터는 이 모든 것을 한 화면에서 12개 언어로 볼 수 있습니다.
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one piece: `micros` of CPU, the median round's; `held` characters that waited on average behind one."""

    micros: float
    held: float
    longest: int


def cost(guard: Looking, text: str) -> Cost:
    pieces = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
    held = [waiting for _, waiting in _round(guard, pieces)]
    seconds: list[float] = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        editor = Editor(guard, Verdicts())
        for piece in pieces:
            editor.feed(piece)
        editor.close()
        seconds.append(time.process_time() - began)
    return Cost(sorted(seconds)[_ROUNDS // 2] / len(pieces) * 1e6, sum(held) / len(held), max(held))


def _round(guard: Looking, pieces: list[str]) -> list[tuple[str, int]]:
    editor = Editor(guard, Verdicts())
    return [(editor.feed(piece), editor.held) for piece in pieces]
