"""Traps beyond the labelled pairs: questions that look alike and must not share an answer; one on each line."""

from typing import Final

ENGLISH: Final = """
How do I block a user?|How do I unblock a user?
Can my wife drive my car?|Can my wife not drive my car?
What is the dosage of aspirin for adults?|What is the dosage of aspirin for children?
Who sued Apple?|Who did Apple sue?
Which company bought Instagram?|Which company did Instagram buy?
Did Obama endorse Biden?|Did Biden endorse Obama?
What does my manager think of me?|What do I think of my manager?
Is tea better than coffee?|Is coffee better than tea?
What is the best cheap laptop?|What is the best laptop?
How do I stop a service?|How do I start a service?
How do I add a column in pandas?|How do I drop a column in pandas?
How do I turn off the alarm?|How do I turn on the alarm?
How can I log in?|How can I log out?
Is it legal to record a call in Texas?|Is it illegal to record a call in Texas?
When does the store open?|When does the store close?
Do vegetarians eat fish?|Do fish eat vegetarians?
What is 5 plus 3?|What is 5 minus 3?
What is 10 - 4?|What is 4 - 10?
What is 2^8?|What is 8^2?
x > 5|x < 5
What is f(x)?|What is g(x)?
Is A greater than B?|Is B greater than A?
The difference of 9 and 4|The difference of 4 and 9 divided
How many moons does Mars have?|How many moons does Venus have?
Who is taller, Tom or Jerry?|Who is shorter, Tom or Jerry?
Flights from Oslo on 3 May|Flights from Oslo on 5 March
Flights to Oslo from Rome|Flights to Rome from Oslo
Is it safe to eat raw eggs?|Is it safe to eat eggs?
What should I do before surgery?|What should I do after surgery?
Can I take ibuprofen with alcohol?|Can I take ibuprofen without alcohol?
Why is the sky blue?|Is the sky blue?
How do I install Python 3?|How do I install Python 2?
Do I have to wear a tie?|Can I wear a tie?
Should I pay the fine?|Must I pay the fine?
Did the price go up?|Does the price go up?
Will the office be open tomorrow?|Was the office open yesterday?
Who will win the election?|Who won the election?
How do I get my son's passport?|How do I get my daughter's passport?
Delete the first ten rows|Delete the last ten rows
Which users never logged in?|Which users always logged in?
List files larger than 5 MB|List files smaller than 5 MB
List users who have not paid|List users who have paid
Are cats afraid of dogs?|Are dogs afraid of cats?
Is the CEO older than the founder?|Is the founder older than the CEO?
Does France border Spain to the north?|Does Spain border France to the north?
Explain TCP to a child|Explain TCP to an expert
How do I write to a file in C?|How do I write to a file in C++?
How do I write to a file in C#?|How do I write to a file in C++?
How do I say hello in French?|How do I say goodbye in French?
Translate "I love you" to Thai|Translate "I hate you" to Thai
What's the meaning of "no worries"?|What's the meaning of "worries"?
How do I buy shares?|How do I sell shares?
How far is the moon?|How far is the sun?
Am I eligible?|Are you eligible?
What is your name?|What is my name?
Can you cancel my order?|Can I cancel my order?
Is my order late?|Is your order late?
Who hired Anna?|Whom did Anna hire?
Which dog bit the man?|Which man bit the dog?
The dog the man bit|The man the dog bit
What does he owe her?|What does she owe him?
What can you make with eggs?|What can you make without eggs?
Any tips except exercise?|Any tips including exercise?
Do all birds fly?|Do any birds fly?
Do most birds fly?|Do few birds fly?
Almost all students passed. Why?|All students passed. Why?
How do I make tea without sugar but with milk?|How do I make tea with sugar but without milk?
Is red wine not good but white wine good?|Is red wine good but white wine not good?
Can I return it within 30 days?|Can I return it after 30 days?
How do I merge main into feature?|How do I merge feature into main?
Copy a.txt to b.txt|Copy b.txt to a.txt
replace tabs with spaces|replace spaces with tabs
Replace foo by bar|Replace bar by foo
subtract 3 from 10|subtract 10 from 3
divide 8 by 2|divide 2 by 8
Why did Germany invade Poland?|Why did Poland invade Germany?
What is the password policy?|What is the password?
Is the server up?|Is the server down?
Do I owe the bank money or does the bank owe me money?|Does the bank owe me money?
What's the difference between affect and effect?|What's the difference between affect and affection?
What is the interest rate at 5%?|What is the interest rate at 0.5%?
Can I use it for 3-5 days?|Can I use it for 3-7 days?
Room 101 at 10:30|Room 101 at 10:45
How do I lock my account?|How do I unlock my account?
Is there a bus every hour?|Is there a bus every two hours?
Is half a pill enough?|Is a pill enough?
Is the file read-only?|Is the file read-write?
Who is the mother of Anna's husband?|Who is the husband of Anna's mother?
What's the capital of Georgia (country)?|What's the capital of Georgia (state)?
Which is the largest city?|Which is the second largest city?
Should I mention my illness?|Should I hide my illness?
Did they used to sell pies?|Do they sell pies?
Would you buy this house?|Should I buy this house?
Who taught Plato?|Who did Plato teach?
What did Plato teach Aristotle?|What did Aristotle teach Plato?
Can a minor sign a contract?|Can a miner sign a contract?
What is a rat?|What is a rate?
What is a car?|What is care?
Where is news published?|Where is new published?
How do planes work?|How do plans work?
"""

KOREAN: Final = """
우리 회사가 고객에게 돈을 줘야 하나요?|고객이 우리 회사에 돈을 줘야 하나요?
아이가 약을 먹어도 되나요?|어른이 약을 먹어도 되나요?
개가 포도를 먹어도 되나요?|개가 포도를 먹으면 안 되나요?
세금을 내야 하나요?|세금을 내도 되나요?
출근해야 하나요?|출근하지 않아도 되나요?
출근하지 않아도 되나요?|출근하면 안 되나요?
문을 잠갔나요?|문을 잠그나요?
누가 승인했나요?|누가 승인하나요?
이번 달 급여는 얼마인가요?|다음 달 급여는 얼마인가요?
지난주 회의록 요약해 줘|이번 주 회의록 요약해 줘
형이 동생보다 키가 큰가요?|동생이 형보다 키가 큰가요?
철수가 영희를 고소했나요?|영희가 철수를 고소했나요?
철수는 영희를 고소했나요?|영희는 철수를 고소했나요?
철수한테 영희가 빌려준 돈|영희한테 철수가 빌려준 돈
A에서 B를 빼면?|B에서 A를 빼면?
10에서 3을 빼면 얼마야?|3에서 10을 빼면 얼마야?
8을 2로 나누면?|2를 8로 나누면?
회원만 볼 수 있나요?|회원도 볼 수 있나요?
회원은 모두 볼 수 있나요?|회원은 일부만 볼 수 있나요?
비회원도 주문할 수 있나요?|회원도 주문할 수 있나요?
무료 배송인가요?|유료 배송인가요?
열 명까지 가능한가요?|스무 명까지 가능한가요?
세 시에 만나나요?|네 시에 만나나요?
만 원이면 살 수 있나요?|천 원이면 살 수 있나요?
삼십 분 걸리나요?|삼십 초 걸리나요?
2차 접종은 언제인가요?|3차 접종은 언제인가요?
3호선은 어디로 가나요?|4호선은 어디로 가나요?
왼쪽 버튼을 누르면?|오른쪽 버튼을 누르면?
계약을 해지하면 위약금이 있나요?|계약을 해지하면 위약금이 없나요?
먹기 전에 운동하나요?|먹은 후에 운동하나요?
식사 전에 먹나요?|식사 후에 먹나요?
한국에서 일본으로 보내는 택배|일본에서 한국으로 보내는 택배
아빠가 아이에게 준 책|아이가 아빠에게 준 책
사장이 직원을 해고할 수 있나요?|직원이 사장을 해고할 수 있나요?
사과와 배 중 뭐가 더 비싸요?|사과와 배 중 뭐가 더 싸요?
이 약은 졸리나요?|이 약은 안 졸리나요?
왜 불이 켜지나요?|왜 불이 꺼지나요?
왜 불이 안 켜지나요?|왜 불이 켜지나요?
못 가는 이유가 뭐예요?|가는 이유가 뭐예요?
갈 수 없는 나라는?|갈 수 있는 나라는?
누구를 초대했나요?|누가 초대했나요?
누구에게 보내나요?|누가 보내나요?
언제부터 시작하나요?|언제까지 하나요?
어디에서 왔나요?|어디로 갔나요?
얼마나 걸려요?|얼마예요?
제 이름이 뭐예요?|당신 이름이 뭐예요?
최소 주문 금액은?|최대 주문 금액은?
할인 전 가격은?|할인 후 가격은?
1층 화장실 어디예요?|2층 화장실 어디예요?
아침에 먹나요?|저녁에 먹나요?
빨간 버튼은 뭔가요?|파란 버튼은 뭔가요?
신규 고객 할인 있나요?|기존 고객 할인 있나요?
큰 파일을 보내는 방법|작은 파일을 보내는 방법
짧게 요약해 줘|길게 요약해 줘
남자 화장실은 어디예요?|여자 화장실은 어디예요?
정규직도 신청할 수 있나요?|계약직도 신청할 수 있나요?
환불 규정 알려줘|교환 규정 알려줘
서버를 켜는 법|서버를 끄는 법
가격이 올랐나요?|가격이 내렸나요?
파일을 폴더에 넣는 법|폴더를 파일에 넣는 법
A/S는 무료인가요?|A/S는 유료인가요?
사장님이 안 계신가요?|사장님이 계신가요?
이 제품은 방수가 되나요?|이 제품은 방수가 안 되나요?
이 제품은 방수인가요?|이 제품은 방수가 아닌가요?
두 배로 늘리려면?|세 배로 늘리려면?
절반만 환불되나요?|전액 환불되나요?
회의가 끝났나요?|회의가 시작됐나요?
아들 여권 신청 방법|딸 여권 신청 방법
아버지의 친구는 누구인가요?|친구의 아버지는 누구인가요?
어제 누가 왔어요?|어제 누가 갔어요?
삼성이 애플에 졌나요?|애플이 삼성에 졌나요?
알코올과 함께 먹어도 되나요?|알코올 없이 먹어도 되나요?
비밀번호가 뭐예요?|비밀번호 규칙이 뭐예요?
차가 있나요?|차가 없나요?
물이 개를 무서워하나요?|개가 물을 무서워하나요?
"""
