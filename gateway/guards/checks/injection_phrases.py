"""What is said to a model to turn it: orders to drop its own, to tell them, to be somebody else, to act behind the user's back."""

from typing import Final

from gateway.guards.checks.injection_korean import KOREAN
from gateway.guards.checks.injection_signs import Sign, sign, weighed


def phrases(text: str) -> dict[str, float]:
    """Signals of a text in lower case, with their weights."""
    return weighed(ENGLISH, text) | weighed(KOREAN, text)


_DROP: Final = (
    r"\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget|overrid(?:e|ing)|bypass|neglect|discard|drop|dismiss|abandon|set aside|pay no attention to"
    r"|(?:do not|don't|never|stop|no longer|cease) (?:follow|obey|heed|listen)(?:ing)?(?: to)?)"
)
_DROP_STEMS: Final = "ignor|disregard|forget|overrid|bypass|neglect|discard|drop|dismiss|abandon|set aside|attention|follow|obey|heed|listen"
_RULES_STEMS: Final = "instruct|prompt|direct|guideline|rule|command|order|constraint|restrict|programming|training|polic|context|guardrail|safeguard"
_OLD: Final = r"(?:previous|prior|above|preceding|earlier|foregoing|former|original|initial|current|existing|past|old|system|developer|your|its own)"
_RULES: Final = (
    r"(?:instructions?|prompts?|directions|directives?|guidelines?|rules?|commands?|orders|constraints?|restrictions?|programming|training"
    r"|polic(?:y|ies)|context|guardrails?|safeguards?)\b"
)
_WORDS: Final = r"(?:[\w',-]{1,20}\s{1,3})"
_TELL: Final = (
    r"\b(?:show|reveal|print|output|repeat|display|tell|give|leak|dump|recite|echo|write|list|translate|summari[sz]e|encode|disclose"
    r"|expose|share|paraphrase|copy|paste|quote)\b"
)
_TELL_STEMS: Final = "show|reveal|print|output|repeat|display|tell|give|leak|dump|recite|echo|write|list|translate|summari|encode|disclose|expose|share|paraphrase|copy|paste|quote"
_INNER: Final = (
    r"(?:system|initial|hidden|secret|confidential|original|developer|internal|base|first|pre)[ -]{1,2}(?:hidden )?"
    r"(?:prompts?|instructions?|messages?|rules|guidelines|directives?|configuration)\b"
)
_AI: Final = r"(?:ais?|llms?|language models?|ai assistants?|ai agents?|chatbots?|assistants?|agents?|gpt)"
_MODE: Final = r"(?:developer|debug|god|maintenance|admin|sudo|jailbreak|unrestricted|root|dan|evil) mode"

ENGLISH: Final[tuple[Sign, ...]] = (
    sign("drop the orders", 0.7, f"{_DROP_STEMS}&{_RULES_STEMS}", rf"\s{{1,3}}{_WORDS}{{0,4}}?{_OLD}\s{{1,3}}(?!(?:format|style|tone|layout|timing)){_WORDS}{{0,2}}?{_RULES}", lead=_DROP),
    sign("drop the orders", 0.65, f"{_DROP_STEMS}&everything|anything|all|whatever", rf"\s{{1,3}}{_WORDS}{{0,2}}?(?:everything|anything|all|whatever)\s{{1,3}}{_WORDS}{{0,4}}?(?:above|before|you (?:were|have been|know|had|are)|you've been)\b", lead=_DROP),
    sign("drop the orders", 0.65, f"{_DROP_STEMS}&{_RULES_STEMS}&you ", rf"\s{{1,3}}{_WORDS}{{0,3}}?{_RULES}\s{{1,3}}(?:that )?you (?:were|have been|have|received|got|had|are)\b", lead=_DROP),
    sign("drop the orders", 0.5, f"{_DROP_STEMS}&above|before|preceding", r" (?:all of |all )?(?:the|what is|what was) (?:above|before|preceding)(?: text| lines?)?(?=[ ,.;:]{1,2}(?:and|instead|then|but|now)\b)", lead=_DROP),
    sign("drop the orders", 0.5, f"{_DROP_STEMS}&the user", r"\s{1,3}(?:what )?the user", lead=_DROP),
    sign("drop the orders", 0.7, "usinstructions|orinstructions|veinstructions|erinstructions|usrules|orrules|verules|usprompt|orprompt|veprompt", r"(?:ignore|disregard|forget)(?:all|any|the|your|my)*(?:previous|prior|above|earlier)(?:instructions|rules|prompts?)"),
    sign("the orders are void", 0.5, "void|cancel|suspend|lifted|revoked|disabled| off|a test|apply|no longer&instruct|prompt|guideline|rules|command|constraint|restrict|polic|checks|filters", rf"\b(?:all|any|your|safety|earlier|previous|prior|these|the)\b[\w ,]{{0,40}}?(?:{_RULES}|\bchecks|\bfilters)[\w ]{{0,40}}?\b(?:are|is|were|do|have been|no longer)\s{{1,3}}(?:now )?(?:void|cancell?ed|suspended|off|lifted|revoked|disabled|a test|not apply|apply|no longer)\b"),
    sign("break the rules", 0.4, "break|violat|broke", rf"\b(?:break(?:ing)?|violat(?:e|ing)|broken? free (?:of|from)) (?:all |any )?(?:the|your|its|these) {_RULES}"),
    sign("no limits", 0.55, "unrestricted|uncensored|unfiltered|jailbroken|rogue", rf"\b(?:unrestricted|uncensored|unfiltered|jailbroken|rogue)\s{{1,3}}{_WORDS}{{0,1}}(?:{_AI}|model)\b", ordering=False),
    sign("no limits", 0.5, " no |without|free &rule|restrict|limit|filter|censor|moral|ethic|guardrail", rf"\b(?:{_AI}|model|machine|you)\b[^.\n]{{0,50}}?\b(?:without|no|free of|free from)\s{{1,3}}(?:any )?{_WORDS}{{0,2}}?(?:rules|restrictions?|limits|limitations|filters?|censorship|morals?|ethic\w{{0,5}}|guardrails?)\b"),
    sign("no limits", 0.35, "censorship|safety|limits|filter|restrict&without|no ", r"\b(?:without|no)\s{1,3}(?:any )?(?:censorship|safety (?:checks?|filters?)|ethical limits|content filters?|restrictions?)\b"),
    sign("switch safety off", 0.55, "disable|switch|turn off|bypass|deactivate|remove|suspend|lift|drop&safety|content|guardrail|filter|restrict|safeguard|checks|moderation", r"\b(?:disable|switch(?:ing)? off|turn off|bypass|deactivate|remove|suspend|lift|drop)\s{1,3}(?:your|the|all|any|its)\s{1,3}(?:[\w-]{1,15}\s){0,2}?(?:safety|content (?:filter|polic)|guardrails?|filters?|restrictions|safeguards?|checks|moderation)"),
    sign("another persona", 0.6, "you are|you're", r"\byou(?: are|'re) (?:now )?(?:going to be )?(?:dan\b|evil|rogue|jailbr|stan\b|not an? (?:ai|assistant)|no longer (?:an?|bound)|free (?:of|from)|an? (?:unrestricted|unfiltered|uncensored))"),
    sign("another persona", 0.6, "pretend|act |behave|answer|role|respond|pose|play|reply&no |without|never|unrestricted|unfiltered|evil|broken|your guidelines", r"\b(?:act|behave|pose|answer|respond|pretend|role-?play|reply|play)\b[^.\n]{0,30}?\b(?:as|to be|that you are|you are|you're|game)\b[^.\n]{0,60}?\b(?:no (?:\w+ )?(?:filter|restrict|rule|limit|moral)|without (?:any )?(?:rule|restrict|filter|limit|moral)|never refuses?|unrestricted|unfiltered|evil|broken free|your guidelines)"),
    sign("another persona", 0.55, "do anything now|dan", r"\bdo anything now\b|\b(?:are|as|become|enable|mode) dan\b"),
    sign("from now on", 0.35, "from now on|from here on|rest of this", r"\bfrom (?:now|here) on,? (?:you|answer|act|reply|respond|the user)|\bfor the rest of (?:this|the|our) (?:chat|conversation|session)"),
    sign("a special mode", 0.5, "developer mode|debug mode|god mode|maintenance mode|admin mode|sudo mode|jailbreak mode|unrestricted mode|root mode|dan mode|evil mode", rf"\b{_MODE}(?: is)?(?: now)? (?:on|enabled|activated|active|engaged)\b(?! by)", ordering=False),
    sign("a special mode", 0.45, "developer mode|debug mode|god mode|maintenance mode|admin mode|sudo mode|jailbreak mode|unrestricted mode|root mode|dan mode|evil mode", rf"\b(?:enter|activate|go into|you are (?:now )?in|in) {_MODE}(?:,| you| and| now|\.)"),
    sign("obey", 0.4, "obey|comply|refuse|answer everything|agree with|follow me|directive|answer everything", r"\b(?:you must (?:always )?(?:obey|comply)|obey (?:the|me|every|any)|(?:always|must) comply|comply with (?:every|any|all)|never refuses?|(?:must )?answer everything|agree with (?:whatever|everything)|; follow me|only directive)"),
    sign("tell the hidden orders", 0.65, f"your &prompt|instruct|system message|configuration|guidelines&{_TELL_STEMS}", rf"\s{{1,3}}{_WORDS}{{0,4}}?your\s{{1,3}}{_WORDS}{{0,2}}?(?:prompt|instructions?|system message|configuration|guidelines)\b(?! (?:for|on how|to)\b)", lead=_TELL),
    sign("tell the hidden orders", 0.5, f"system|initial|hidden|secret|confidential|original|developer|internal|base|first|pre&prompt|instruct|message|rules|guidelines|directive|configuration&{_TELL_STEMS}", rf"\s{{1,3}}{_WORDS}{{0,4}}?(?:the|all|any)\s{{1,3}}{_WORDS}{{0,3}}?{_INNER}", lead=_TELL),
    sign("tell the hidden orders", 0.65, f"you &instructions|rules|text|message|prompt&{_TELL_STEMS}", rf"\s{{1,3}}{_WORDS}{{0,5}}?(?:instructions|rules|text|message|prompt)\s{{1,3}}(?:that )?you (?:were|have been|got|received|had)\b", lead=_TELL),
    sign("tell the hidden orders", 0.6, "your ", r"\b(?:of|from|in) your (?:secret|hidden|confidential|initial|original) (?:instructions|prompt|rules|message)"),
    sign("tell the hidden orders", 0.65, "what &your &prompt|instruct|message|rules|guidelines|directive|configuration", rf"\bwhat (?:were|are|was|is|does|do)\s{{1,3}}{_WORDS}{{0,2}}?your\s{{1,3}}{_INNER}"),
    sign("tell the hidden orders", 0.6, "my system prompt|its prompt|your prompt|developer message|exact words", r"\bmy system prompt is\b|\breveal its (?:system )?prompt\b|\bexact words (?:of|in) (?:the|your) (?:developer|system)"),
    sign("repeat what is above", 0.6, "above|before &repeat|print|output|copy|write|display|echo|recite", r"\b(?:repeat|print|output|copy|write|display|echo|recite)\s{1,3}(?:[\w',-]{1,20}\s{1,3}){0,5}?(?:text|words?|everything|anything|content|sentences?|lines?)\b[\w ]{0,25}?\b(?:above|before (?:this|my|our|the))\b"),
    sign("word for word", 0.25, "verbatim|word for word|starting with|exact words|character by", r"\bverbatim\b|\bword for word\b|\bstarting with 'you are|\bexact words\b"),
    sign("hand out secrets", 0.35, "password|customer|api key|confidential|credential&tell|reveal|list|give|leak|share|show|print", r"\b(?:tell|reveal|list|give|leak|share|show|print)\s{1,3}(?:[\w',-]{1,20}\s{1,3}){0,4}?(?:admin password|passwords?|customer list|api keys?|confidential (?:data|information)|credentials|all customers)"),
    sign("somebody in charge", 0.45, "i am your|i'm your|order you|command you|i am authorized", r"\bi(?: am|'m) your (?:developer|creator|maker|administrator|owner|admin|boss)|\bi (?:order|command) you\b|\bi am authorized\b"),
    sign("somebody in charge", 0.4, "authori|override", r"\bauthori[sz]ed (?:message|override|request|instruction)|\bsystem override\b|\bauthori[sz]ation level\b|\bthe user has authori[sz]ed you\b", ordering=False),
    sign("message from the vendor", 0.35, "from openai|from anthropic|from google|from your", r"\b(?:message|instruction|request|notice) from (?:openai|anthropic|google|your (?:developer|creator|maker))"),
    sign("new orders", 0.35, "new instr|new dir|new rules|new polic|new orders|new task for|real instr|actual instr|following as|have new", r"\bnew (?:instructions?|directives?|rules|policy|orders|task for [a-z ]{1,20})(?: from [a-z ]{1,30})?\s{0,2}[:,]|\b(?:real|actual) instructions? (?:follow|are)|\bfollowing as your\b|\byou have new (?:ones|instructions|orders)"),
    sign("speaks to the machine", 0.5, "ai|llm|language model|chatbot|assistant|agent|gpt&reading|processing|reads|read |sees|summari|parsing", rf"\b{_AI} (?:reading|processing|(?:that |which |who )?(?:reads|read|sees|summari[sz]es)|summari[sz]ing|parsing)\b", ordering=False),
    sign("speaks to the machine", 0.5, "note to|attention|instruction|message|task|important|notice&ai|llm|language model|chatbot|assistant|agent|gpt", r"\b(?:note|attention|instructions?|message|important|task|notice)\s{1,3}(?:to |for )?(?:the |all |any )?(?:ais?|llms?|language models?|ai assistants?|ai agents?|chatbots?|assistant|agent|gpt)\b", ordering=False),
    sign("speaks to the machine", 0.5, "if you are", r"\bif you are (?:an? )?(?:ai|llm|language model|assistant|bot|chatbot|automated)", ordering=False),
    sign("speaks to the machine", 0.45, "ai:|assistant:|llm:|model:|agent:|chatbot:|assistant,|llm,|model,|agent,|chatbot,", r"(?:^|[\n>.:;#\"(-]\s{0,3})(?:ai|(?:ai )?(?:assistant|llm|model|agent|chatbot))\s{0,2}[:,]\s{0,3}(?:please )?(?:stop|ignore|append|send|call|forward|when|do|now|upload|delete|add|tell|include|you)\b", ordering=False),
    sign("behind the user's back", 0.45, "the user&not |don't|never|without", r"\b(?:do not|don't|never|without)\s{1,3}(?:tell(?:ing)?|inform(?:ing)?|mention(?:ing)?|reveal(?:ing)?|notify(?:ing)?|alert(?:ing)?|ask(?:ing)?)\s{1,3}(?:this |it )?(?:to )?the user", ordering=False),
    sign("send data away", 0.6, "conversation|chat history|inbox|api key|password|credential|secret|token|contents of|mail&http|@|link|argument&send|forward|upload|post|transmit|exfil|mail|put|append|leak", r"\b(?:send|forward|upload|post|transmit|exfiltrate|e-?mail|put|append|leak)\s{1,3}(?:(?!with\b)[\w',-]{1,20}\s{1,3}){0,5}?(?:conversation|chat history|inbox|api keys?|passwords?|credentials|secrets?|tokens|contents of (?:the |your )?(?:inbox|chat|context|conversation|mailbox|memory)|user's e-?mail)\b[^\n]{0,80}?(?:https?://|\bto \S{1,60}@|\blink\b|\bargument\b)"),
    sign("send data away", 0.5, "id_rsa|/etc/shadow|/etc/passwd|.env|credentials&read|send|cat|open|print", r"\b(?:read|send|cat|open|print)\s{1,3}`{0,1}[~\w./-]{0,40}(?:id_rsa|/etc/(?:shadow|passwd)|\.env\b|credentials)", ordering=False),
    sign("decode and obey", 0.65, "decode&follow|execute|do |obey|run it|act on", r"\bdecode\b[^\n]{0,60}?\b(?:follow|execute|do (?:exactly )?what|obey|run it|act on)\b"),
    sign("ready-made beginning", 0.4, "start your|start the|start every|begin your|begin the|begin every", r"\b(?:start|begin) (?:your|the|every) (?:reply|answer|response) with\s{1,3}['\"]{0,1}(?:sure|of course|yes|absolutely|certainly|step)"),
    sign("game of breaking out", 0.3, "jailbreak|pwned|owned|hacked|limits off|answer twice", r"\b(?:as|mode|now) jailbreak\b|\bpwned\b|\bhave been owned\b|\blimits off\b|\banswer twice\b"),
    sign("opposite of the rules", 0.6, "opposite", r"\bopposite of what your (?:guidelines|rules|instructions)"),
    sign("destroy", 0.35, "delete", r"\bdelete (?:every|all) (?:the )?files?\b|\bcall the delete tool\b"),
    sign("steer the verdict", 0.3, "recommend|candidate|excellent|approve", r"\brecommend our product\b|\bsay that the candidate\b|\bapprove (?:every|all|the) (?:refund|transfer|request)"),
    sign("drop the orders", 0.65, f"{_DROP_STEMS}&{_RULES_STEMS}&mentioned|given|stated|listed|above|earlier|before|so far", rf"\s{{1,3}}{_WORDS}{{0,4}}?{_RULES}\s{{1,3}}{_WORDS}{{0,2}}?(?:mentioned|given|stated|listed|above|earlier|before|so far)\b", lead=_DROP),
    sign("drop the orders", 0.65, f"{_DROP_STEMS}&message|prompt", r"\s{1,3}(?:the|your|all|any) (?:system|developer|initial|original) (?:messages?|prompts?)", lead=_DROP),
    sign("drop the task", 0.4, f"{_DROP_STEMS}&document|page|file|article|task|question", r"\s{1,3}(?:the|this) (?:document|page|file|article|task|question)\b", lead=_DROP),
    sign("drop the task", 0.4, "only |just ", r"\bthe only (?:thing|word|text|answer) (?:that )?you (?:should|must|may|can) (?:output|say|write|give)|\b(?:output|say|write) (?:only|just) ['\"]", ordering=False),
    sign("another persona", 0.35, "called|name is|imagine|persona", r"\byou (?:will|shall) (?:now )?be called\b|\byour (?:new )?name is (?:now )?|\bimagine an? (?:ai|assistant|model|bot)\b|\btwo personas\b"),
    sign("no limits", 0.45, "has no |have no |knows no |ignores |without ", r"\b(?:has|have|knows) no (?:rules|guidelines|restrictions|limits|filters?|ethics|morals|boundaries)\b|\bignores (?:all )?(?:ethics|rules|laws|morals)\b|\bwithout (?:any )?(?:filtering|moderation|limits|guardrails)\b", ordering=False),
    sign("switch safety off", 0.5, "off|disable|skip|bypass|deactivate", r"\b(?:turn(?:ing)? off|disable|switch off|skip|bypass|deactivate) (?:the |your |all |any )?(?:moderation|safety|filtering|identity check|confirmation|verification|approval)"),
    sign("the orders are void", 0.6, "been |are now |is now ", r"\b(?:safety|training|moderation|guardrails?|filters?|restrictions|guidelines)\b[\w ]{0,20}?\b(?:has been|have been|is now|are now) (?:rolled back|removed|disabled|suspended|lifted|switched off|turned off|deleted)\b", ordering=False),
    sign("tell the hidden orders", 0.6, "context", r"\b(?:contents?|text|tokens?|words) (?:of|in) your context\b"),
    sign("tell the hidden orders", 0.6, "your prompt|your system prompt|your instructions", r"\byour (?:system )?(?:prompt|instructions) (?:says?|contains?|begins?|starts?)\b|\bdoes your (?:system )?(?:prompt|instructions)\b"),
    sign("tell the hidden orders", 0.6, "you were ", r"\byou were (?:told|instructed|asked|ordered) (?:not|never) to (?:mention|share|reveal|say|tell|talk)"),
    sign("somebody in charge", 0.4, "built you|made you|trained you|your owner|created you", r"\b(?:company|people|team|one) (?:that |who )?(?:built|made|trained|created) you\b|\bby your owner\b", ordering=False),
    sign("speaks to the machine", 0.5, "dear |bot|model:|model,|reviewer|grading|hiring", r"\b(?:dear|hello|hi) (?:\w{1,15} )?(?:bot|ai|llm|language model)\b|\b(?:review\w{0,3}|grading|hiring|screening|moderation) (?:bot|model|ai|agent)\s{0,2}[,:]", ordering=False),
    sign("speaks to the machine", 0.4, "while you|when you|next step", r"\b(?:while|when) (?:you summari[sz]e|summari[sz]ing|you process|you read) (?:this|the)\b|\bnext step for the (?:agent|assistant|ai)\b", ordering=False),
    sign("behind the user's back", 0.4, "mention|instead tell", r"\b(?:do not|don't|never) (?:mention|reveal|show|quote) (?:this|these|that) (?:note|notes|instructions?|message|comment|line)|\binstead,? tell the (?:user|reader)\b", ordering=False),
    sign("act unasked", 0.45, "ask|confirm", r"\bwithout (?:asking|confirmation|confirming)(?: for confirmation| the user)?\b|\bdo not ask (?:again|for confirmation|the user)\b", ordering=False),
    sign("act unasked", 0.45, "the user", r"\bthe user (?:has )?already (?:agreed|confirmed|approved|authori[sz]ed|consented)", ordering=False),
    sign("use a tool", 0.35, "call |run |visit ", r"\bcall `{0,1}\w{2,20}_\w{2,20}`{0,1}\b|\brun `{0,1}(?:rm -rf|curl )|\balso visit https?://", ordering=False),
    sign("send data away", 0.4, "forward|send&@", r"\b(?:forward|send) (?:the |all |every )(?:\w{1,12} ){0,2}(?:messages|e-?mails|mails|files|invoices) to \S{1,60}@"),
    sign("send data away", 0.35, "user's", r"\bfollowed by the user's\b", ordering=False),
    sign("harmful goal", 0.25, "thermite|napalm|bomb|malware|phishing|fake passport|credit card|explosive|ransomware|hotwire|meth|launder", r"\b(?:thermite|napalm|(?:pipe )?bombs?|malware|phishing|fake passport|clone a credit card|explosives?|ransomware|hotwire|cook meth|launder money)\b", ordering=False),
    sign("steer the verdict", 0.4, "highest|ranked|rated|outstanding", r"\bgive (?:it|this|them|him|her) the (?:highest|best|top) (?:score|rating|grade|mark)|\b(?:applicant|candidate|paper|submission|resume)\b[\w ]{0,20}\b(?:must|should) be (?:ranked|rated|accepted|hired)", ordering=False),
)  # fmt: skip
