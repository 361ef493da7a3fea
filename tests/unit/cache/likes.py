"""Questions that ask the same, beyond the labelled pairs; one pair on each line."""

from typing import Final

LIKES: Final = """
How do I renew my passport?|What's the way to renew my passport?
Can you explain quantum entanglement?|Please explain quantum entanglement.
What is dependency injection?|Explain dependency injection.
How do I freeze my credit card?|how can i freeze my credit card
What are the side effects of melatonin?|What're the side effects of melatonin?
How do I write unit tests in Go?|In Go, how do I write unit tests?
Could you help me reset my modem?|Help me reset my modem.
Where do I upload my receipts?|Where can I upload my receipts?
Who is the founder of Ikea?|Can you tell me who the founder of Ikea is?
Is parking free on Sundays?|On Sundays, is parking free?
What time does the gym close?|When does the gym close?
How do I install the printer driver?|I want to install the printer driver. How do I do that?
Do you ship to Iceland?|Do you ship to iceland ?
How much is a day pass?|What does a day pass cost?
Why does bread rise?|What makes bread rise?
How many ounces in a pound?|How many ounces are there in a pound?
What's the difference between baking soda and baking powder?|What's the difference between baking powder and baking soda?
What happens if I miss a payment?|If I miss a payment, what happens?
Can I deduct my home office?|Is it possible to deduct my home office?
Is this model compatible with macOS?|is this model compatible with MacOS?
여권을 갱신하려면 어떻게 하나요?|여권 갱신 방법 알려주세요
양자 얽힘을 설명해 주세요|양자 얽힘이 뭔가요?
의존성 주입이 뭐예요?|의존성 주입에 대해 설명해줘
신용카드를 정지하는 방법|신용카드 정지 방법
고에서 단위 테스트를 작성하는 방법|단위 테스트를 고에서 작성하는 방법
영수증은 어디에 올리나요?|영수증은 어디에 업로드하나요?
이케아 창업자가 누구예요?|이케아의 창업자는 누구인가요?
일요일에 주차가 무료인가요?|주차가 일요일에 무료예요?
헬스장은 몇 시에 닫나요?|헬스장은 몇 시에 닫아요?
프린터 드라이버를 설치하고 싶어요|프린터 드라이버를 어떻게 설치하나요?
왜 빵이 부푸나요?|빵이 부푸는 이유가 뭐예요?
세계에서 가장 높은 건물은?|세계에서 가장 높은 건물이 뭐예요?
결제를 놓치면 어떻게 되나요?|결제를 놓치면 어떻게 돼요?
재택 사무실 비용을 공제할 수 있나요?|재택 사무실 비용 공제가 가능한가요?
등록 마감이 언제예요?|등록 마감은 언제인가요?
아이폰 화면이 깨졌어요. 어떻게 하죠?|아이폰 화면이 깨졌는데 어떻게 하나요?
회의실 예약을 취소하고 싶습니다|회의실 예약을 취소하려면 어떻게 해야 하나요?
세금 계산서를 다시 발급받을 수 있나요?|세금계산서를 다시 발급받을 수 있을까요?
노트북이 안 켜져요|노트북이 켜지지 않아요
비밀번호를 몇 번 틀리면 잠기나요?|비밀번호 몇 번 틀리면 잠겨요?
사내 식당은 몇 시부터 몇 시까지 하나요?|사내 식당 몇 시부터 몇 시까지 해요?
"""
