"""Traps in English beyond the labelled pairs: questions that look alike and must not share an answer; one on each line."""

from typing import Final

TRAPS: Final = """
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
How do I get there?|How do I get here?
Is it too hot?|Is it hot?
Will it rain?|Does it rain?
Who will win?|Who wins?
Why is my cat sleeping so much?|Why is my cat sleeping?
Can I still apply?|Can I apply?
Is it already open?|Is it open?
Can I apply again?|Can I apply?
Is she also a lawyer?|Is she a lawyer?
Where did Napoleon die?|Where did Napoleon live?
What is the largest lake in Africa by area?|What is the largest lake in Africa by volume?
How do I make pancakes with eggs?|How do I make eggs with pancakes?
Who directed the movie based on the book by King?|Who wrote the book the movie directed by King is based on?
What do you call a baby goat?|What do you call a baby sheep?
Is Monday a holiday in Chile?|Is Monday a holiday in China?
Does X imply Y?|Does Y imply X?
Is set A a subset of set B?|Is set B a subset of set A?
What is the derivative of sin x?|What is the derivative of cos x?
What is the integral of x?|What is the derivative of x?
Is the square of -3 positive?|Is the square of 3 positive?
What's 50% off $80?|What's 80% off $50?
How to run tests in parallel|How to run tests in sequence
How to open a file for reading|How to open a file for writing
How to read a file line by line|How to write a file line by line
How do I make a private repo public?|How do I make a public repo private?
How do I go from monthly to yearly billing?|How do I go from yearly to monthly billing?
Is 2FA required for admins but not users?|Is 2FA required for users but not admins?
Do I pay before or after delivery?|Do I pay after delivery?
Who reports to whom, Ann or Bob?|Who reports to Ann?
Did Ann report to Bob?|Did Bob report to Ann?
Does Ann report to Bob's boss?|Does Bob's boss report to Ann?
Is Bob the boss of Ann?|Is Ann the boss of Bob?
Is Bob Ann's boss?|Is Ann Bob's boss?
What did the fox say to the hen?|What did the hen say to the fox?
Which drug interacts with which food?|Which food interacts with which drug?
Should I water plants at night or in the morning?|Should I water plants in the morning?
Is a tomato a fruit?|Is a fruit a tomato?
Can a non-member vote?|Can a member vote?
Is it non-refundable?|Is it refundable?
Is this gluten-free?|Does this contain gluten?
How do I pre-order?|How do I order?
How do I re-enable logging?|How do I enable logging?
Is it under $20?|Is it over $20?
Is it within 5 km?|Is it beyond 5 km?
Show rows where a = 1 and b = 2|Show rows where a = 2 and b = 1
SELECT a FROM b|SELECT b FROM a
Does it work offline?|Does it work online?
Do I need to sign up?|Do I need to sign in?
How do I sign out?|How do I sign in?
What does "I'm fine" mean?|What does "I'm not fine" mean?
How do I turn the volume up?|How do I turn the volume down?
How do I scroll up?|How do I scroll down?
What is a front end?|What is a back end?
Is a lion bigger than a tiger?|Is a lion smaller than a tiger?
What is the most expensive city?|What is the least expensive city?
How can I be more patient?|How can I be less patient?
What if it fails?|What if it passes?
What was Rome like before Caesar?|What was Rome like after Caesar?
"""
