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
Is Mars water?|Does Mars have water?
What has the most calcium?|What is the most calcium?
When may I apply?|When in May do I apply?
Who in the US leads?|Who leads us?
What is a can opener?|What is an opener?
Can I just pay online?|Can I pay online?
What did John tell Mary about Bob?|What did John tell Bob about Mary?
Is a burger with cheese and without onions vegan?|Is a burger with onions and without cheese vegan?
How do I move a file from A to B in Linux?|How do I move a file from B to A in Linux?
What are the symptoms of low iron and high calcium?|What are the symptoms of high iron and low calcium?
In which city was Kafka born and in which city did he die?|In which city did Kafka die and in which city was he born?
If I quit, do I lose my bonus?|If I lose my bonus, do I quit?
Does smoking cause stress?|Does stress cause smoking?
Do teachers grade students?|Do students grade teachers?
The teacher who likes the student|The student who likes the teacher
How many people who own dogs own cats?|How many people who own cats own dogs?
Are all cats animals?|Are all animals cats?
Are only adults members?|Are adults only members?
Do I need a visa or a passport?|Do I need a visa and a passport?
Which is safer, bus or car?|Which is faster, bus or car?
How do I get from the airport to the hotel?|How do I get from the hotel to the airport?
How much did sales grow from 2019 to 2021?|How much did sales grow from 2021 to 2019?
Is Peter's brother Paul?|Is Paul's brother Peter?
What is my brother's wife's name?|What is my wife's brother's name?
Does the bank lend money to the company?|Does the company lend money to the bank?
Is Anna taller than Ben and shorter than Carl?|Is Anna taller than Carl and shorter than Ben?
How do I change the color of text in a table?|How do I change the text of color in a table?
Can I use React inside Angular?|Can I use Angular inside React?
How do I call Java from Python?|How do I call Python from Java?
How do I call C from Rust?|How do I call Rust in C?
How do I print without a newline in Python?|How do I print with a newline in Python?
How do I check if a list is empty?|How do I check if a list is not empty?
Why is my query slow when I add an index?|Why is my query slow when I drop an index?
How to delete a local branch|How to delete a remote branch
How to undo a commit before push|How to undo a commit after push
How to undo the last two commits|How to undo the last three commits
How do I sort descending by date?|How do I sort ascending by date?
What does `git reset --soft` do?|What does `git reset --hard` do?
What does git pull do?|What does git push do?
List the pros of nuclear power|List the cons of nuclear power
Write a love letter|Write a hate letter
Write a formal email to my boss|Write an informal email to my boss
Translate this to Spanish: good morning|Translate this to Spanish: good night
Summarize this in 3 sentences|Summarize this in 5 sentences
Is 0.1 + 0.2 equal to 0.3?|Is 0.1 + 0.2 equal to 0.03?
Solve x^2 = 9|Solve x^3 = 9
Solve 2x + 3 = 7|Solve 3x + 2 = 7
Solve x - 5 > 2|Solve x - 5 < 2
What's 7 times 8?|What's 7 times 9?
What is the speed of light in km/s?|What is the speed of light in mph?
What's the temperature in F?|What's the temperature in C?
Does vitamin C help?|Does vitamin D help?
Is type 1 diabetes curable?|Is type 2 diabetes curable?
What is plan B?|What is plan A?
Are you a robot?|Am I a robot?
Who is your boss?|Who is my boss?
Do you store my data?|Do I store your data?
Can you see my screen?|Can I see your screen?
Send an invoice to me|Send an invoice to them
Was he fired?|Was she fired?
Did they win?|Did we win?
How old is her son?|How old is his son?
When do kids start school in Japan?|When do kids finish school in Japan?
Is the meeting at noon?|Is the meeting at midnight?
Is the shop open on weekends?|Is the shop open on weekdays?
When is the next train?|When is the last train?
What happened last year?|What will happen next year?
How was the weather yesterday?|How is the weather today?
How long ago did it happen?|How long will it take to happen?
Who used to own it?|Who owns it?
Had he left before she came?|Had she left before he came?
Do I have enough money?|Do I have too much money?
Is the glass half full?|Is the glass half empty?
Are most jobs safe?|Are jobs safe?
Why do some people snore?|Why do people snore?
Nobody likes it. Why?|Everybody likes it. Why?
Which one is not like the others?|Which one is like the others?
I can't hear you. What do I do?|I can hear you. What do I do?
It works on Chrome but not on Safari|It works on Safari but not on Chrome
It never crashes. Why?|It always crashes. Why?
Unless I pay, will it stop?|If I pay, will it stop?
How do I unsubscribe?|How do I subscribe?
How do I disconnect my phone?|How do I connect my phone?
Is the drug effective?|Is the drug ineffective?
Is it irrelevant?|Is it relevant?
Is he dishonest?|Is he honest?
Am I overpaid?|Am I underpaid?
What is hypertension?|What is hypotension?
What is hyperglycemia?|What is hypoglycemia?
What is a macroeconomy?|What is a microeconomy?
What is the intranet?|What is the internet?
Who are the founders of Stripe?|Who are the funders of Stripe?
What's the best restaurant near the station?|What's the worst restaurant near the station?
How do I pay for a subscription?|How do I get paid for a subscription?
Why was I charged twice?|Why was I charged once?
Why was I charged?|Why was I not charged?
Why have I been charged a fee by the bank?|Why has the bank been charged a fee by me?
How do I return a value from a function?|How do I return a function from a value?
How to convert string to int in C|How to convert int to string in C
Python list to tuple|Python tuple to list
dollar to euro|euro to dollar
usd eur rate|eur usd rate
man eating shark|shark eating man
Who in IT reads my mail?|Who reads my mail?
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
고객이 주문을 취소했나요?|고객이 주문을 취소당했나요?
강아지에게 초콜릿을 줘도 되나요?|강아지에게 초콜릿을 주면 안 되나요?
면접에 떨어지면 다시 지원할 수 있나요?|면접에 붙으면 다시 지원할 수 있나요?
부모님 동의 없이 가입할 수 있나요?|부모님 동의를 받고 가입할 수 있나요?
배송 전에 주소를 바꿀 수 있나요?|배송 후에 주소를 바꿀 수 있나요?
매주 월요일에 회의하나요?|매달 월요일에 회의하나요?
격주로 회의하나요?|매주 회의하나요?
반차는 오전에 쓰나요?|반차는 오후에 쓰나요?
첫째 주에 쉬나요?|둘째 주에 쉬나요?
이 버튼을 한 번 누르면?|이 버튼을 두 번 누르면?
소득이 5천만 원 이상이면 세율은?|소득이 5천만 원 미만이면 세율은?
소득이 5천만 원이면 세율은?|소득이 5억 원이면 세율은?
만 18세면 투표하나요?|만 19세면 투표하나요?
갑이 을에게 손해를 배상해야 하나요?|을이 갑에게 손해를 배상해야 하나요?
매도인이 세금을 내나요?|매수인이 세금을 내나요?
집주인이 수리비를 내나요?|세입자가 수리비를 내나요?
형은 동생을 때렸나요?|동생은 형을 때렸나요?
동생을 형이 때렸나요?|동생이 형을 때렸나요?
엄마가 딸보다 젊어 보이나요?|딸이 엄마보다 젊어 보이나요?
A팀이 B팀을 이겼나요?|B팀이 A팀을 이겼나요?
A가 B에 포함되나요?|B가 A에 포함되나요?
원화를 달러로 환전하면?|달러를 원화로 환전하면?
엑셀을 PDF로 바꾸는 법|PDF를 엑셀로 바꾸는 법
서울에서 출발해서 대전에 도착하나요?|대전에서 출발해서 서울에 도착하나요?
왜 이 파일은 열리나요?|왜 이 파일은 안 열리나요?
왜 이 파일이 안 열리나요?|왜 이 파일이 안 닫히나요?
못 받은 돈은 어떻게 하나요?|받은 돈은 어떻게 하나요?
안 쓰는 계정을 삭제하는 법|쓰는 계정을 삭제하는 법
쓰지 않는 계정을 삭제하는 법|쓰는 계정을 삭제하지 않는 법
회비를 낸 사람만 참석하나요?|회비를 안 낸 사람만 참석하나요?
결제가 됐는데 주문이 안 됐어요|결제가 안 됐는데 주문이 됐어요
환불이 안 됐는데 취소가 됐어요|환불이 됐는데 취소가 안 됐어요
비밀번호를 모르면 어떻게 하나요?|비밀번호를 알면 어떻게 하나요?
아이디를 잊었어요|비밀번호를 잊었어요
미국에서 쓸 수 있나요?|미국에서 살 수 있나요?
집에서 먹나요?|집을 먹나요?
차를 파는 방법|차를 사는 방법
차를 사는 방법|차에 사는 방법
옷을 입는 순서|옷을 벗는 순서
밥을 먹고 약을 먹나요?|약을 먹고 밥을 먹나요?
씻고 자나요?|자고 씻나요?
혼자 갈 수 있나요?|같이 갈 수 있나요?
빨리 가는 길|천천히 가는 길
비싼 요금제가 뭐예요?|싼 요금제가 뭐예요?
가장 비싼 요금제는?|가장 싼 요금제는?
인기 있는 메뉴는?|인기 없는 메뉴는?
재고가 있나요?|재고가 남나요?
재고가 있는 매장|재고가 없는 매장
회원이 아니면 못 사나요?|회원이면 못 사나요?
회원이 아닌 사람도 되나요?|회원인 사람도 되나요?
언제 문을 여나요?|언제 문을 닫나요?
몇 시에 여나요?|몇 분에 여나요?
몇 명인가요?|몇 개인가요?
누구의 책인가요?|누구를 위한 책인가요?
어디로 보내나요?|어디서 보내나요?
어느 나라가 이겼나요?|어느 나라가 졌나요?
이건 뭐예요?|저건 뭐예요?
이 문장을 영어로 번역해 줘|이 문장을 영어로 번역하지 마
3줄로 요약해 줘|5줄로 요약해 줘
존댓말로 써 줘|반말로 써 줘
긴 글로 써 줘|짧은 글로 써 줘
고려 시대에 대해 알려 줘|조선 시대에 대해 알려 줘
임진왜란 이전의 조선|임진왜란 이후의 조선
김치찌개 2인분 레시피|김치찌개 4인분 레시피
김치찌개 레시피|된장찌개 레시피
국민연금 수령 나이|기초연금 수령 나이
삼성전자 주가|삼성전자 우선주 주가
코로나 백신 부작용|코로나 백신 효과
왼손잡이용 가위|오른손잡이용 가위
여름에 입는 옷|겨울에 입는 옷
하루에 세 번 먹나요?|하루에 세 알 먹나요?
유통 기한이 지난 우유|유통 기한이 안 지난 우유
출금 한도를 올리는 법|출금 한도를 내리는 법
볼륨을 키우는 법|볼륨을 줄이는 법
"""
