"""Words of English that say how something is asked, and those that say the same. Frames stand as `phrase = what it becomes`; `@last` is the last word of the phrase."""

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Final

_FRAMES: Final = """
(how) (do|can|could|would|should|to) (i|we|one) = <how>
how to = <how>
where (do|can|could|should|would) (i|we|one) = <where>
(what is|what are|is there|are there|i need|show me|give me|tell me|explain|know) (a|any|the|) (best|right|correct|proper|easiest|quickest|good|) (way|ways|method|methods) (to|of|for) = <how>
(the|) (steps|guide|instructions) (to|for|on) = <how>
(what are|show me|give me|tell me) (the|) (steps|instructions) (to|for) = <how>
what (do|should|must|can) i do to = <how>
what do i need to do to = <how>
what do i do = <how>
what is the (reason|cause) (that|for|of|why|) = <why>
for what reason = <why>
(what makes|what causes|how come) = <why>
(in which|in what|what|which) year (is|was|were|did|does|do|will|) = <when>
at what time = <when>
what time = <when>
(what|which) date = <when>
at (what|which) temperature = <count> degree
on (what|which) (day|date) = <when>
what number of = <count>
what is the number of = <count>
how many = <count>
how much time = <howlong>
how many days = <howlong> day
how long = <howlong>
how often = <howoften>
how far = <howfar>
how old = <howold>
how much is the (price|cost) of = <price>
how much is the (fee|fare|interest|rent|salary|tax|fine|deposit|penalty|bill|toll|bonus|fees) = what @last
(can|could|would|will) you (summarize|summarise|translate|write|list|convert|compare|draft|suggest|generate|rewrite|shorten|review|define|calculate) = <ask> @last
how much is the = <price>
how much (do|does|will|would) = <price>
how much (is|are) = <price>
what is the (price|cost) of = <price> cost
how much = <howmuch>
whom = <who>
who = <who>
whose = <whose>
why = <why>
where = <where>
what is the (meaning|definition) of = <what> mean
what is (meant by) = <what> mean
is it (true|correct) that = <yes>
there (is|are|was|were|will be) = is
(is|are) there = is
(was|were) there = <past>
(is it|am i) (possible|allowed|permitted|able) (for me|for us|) to = <yes> <can>
is it possible for = <yes> <can>
it is (possible|allowed|permitted) to = <can>
(possible|able|allowed|permitted) to = <can>
(possible|able|allowed|permitted) = <can>
(can|could|may) = <can>
might = <might>
unable to = not <can>
impossible (for me|for us|) to = not <can>
impossible = not <can>
unable = not <can>
(have|has) to = <must>
got to = <must>
(need|needs) to = <must>
(is|are) (required|necessary|needed|mandatory|obligatory) (to|for me to|) = <yes> <must>
(required|necessary|needed|mandatory|obligatory) to = <must>
(required|necessary|needed|mandatory|obligatory) = <must>
(must|need|needs|require|requires) = <must>
(should|ought to|supposed to) = <should>
(will|shall|would) = <will>
going to = <will>
used to = <past>
(did|was|were|had) = <past>
at least = <ge>
(at most|no more than|up to|maximum of) = <le>
(no|not) (less|fewer) than = <ge>
(more than|greater than) = <gt>
(less than|fewer than) = <lt>
(all|anything|nothing|everything|everyone|everybody|nobody|none) (but|except|besides) = <all> <except>
(except for|apart from|aside from|other than|with the exception of|not including) = <except>
(except|excluding|besides|excepting) = <except>
(only|solely|exclusively|merely|just) = <only>
(all of|all) = <all>
(each of|each|every|everything|everyone|everybody) = <all>
(some of|some|several) = <some>
any = <any>
both = <both>
either = <either>
no longer = not still
(instead of|rather than|in place of) = <instead>
(can|could|would|will) you (please|kindly|) (tell|show|inform|explain to|explain) (me|us|) (about|) = <tell>
(please|kindly|) (tell|show|teach|inform) (me|us) (about|) = <tell>
(please|kindly) (explain|describe) = <tell>
would you mind (telling|explaining|showing|describing) (me|us|) = <tell>
(can|could|would|will) you (please|kindly) = <ask>
can you check = <ask>
(can|could|would|will) you (please|) help me (to|with|) = <ask>
(please|) help me (to|with|) = <ask>
(do you|does anyone|do we) (know|happen to know) = <ask>
(i would like|i want|i need|i wish) to (know|understand|learn|find out) (about|) = <ask>
(i am|i was) wondering = <ask>
let me know = <ask>
(give|get) me = <ask>
(explain|describe) = <tell>
(i want|i would like|i need|i wish|i am trying) to = <how>
please = <polite>
kindly = <polite>
(if|whether) = <if>
(hi|hello|hey) there = <polite>
(hi|hello|hey) = <polite>
(good morning|good afternoon) = <polite>
quick question = <polite>
thank you (so much|very much|) (in advance|) = <thanks>
thanks (a lot|so much|in advance|) = <thanks>
(log|sign) in to = login
(log|sign|logged|signed) into = login
(log|logs|sign|signs) (in|on) = login
(logging|signing) (in|on) = login
(log|sign) (out|off) (of|from|) = logout
(sign|signs) up (for|to|) = register
(turn|turns|switch|switches) off = disable
(turn|turns|switch|switches) on = enable
(turning|switching) off = disable
(turning|switching) on = enable
(set|sets|setting) up = configure
(back|backs|backing) up = backup
(make|create|take) a backup of = backup
(get|find|gets) rid of = remove
(take|takes) out = remove
e mail = email
"""

DIRECTED: Final[Mapping[str, str]] = {
    **{word: word for word in ("from", "than", "by", "before", "after", "until", "since", "against", "as", "like")},
    **{word: word for word in ("through", "via", "behind", "because", "although", "while", "unless")},
    **dict.fromkeys(("to", "into", "onto", "toward", "towards"), "to"),
    **dict.fromkeys(("over", "above", "beyond"), "over"),
    **dict.fromkeys(("under", "below", "beneath"), "under"),
    "till": "until",
    "<instead>": "instead",
    "<except>": "except",
}
LOOSE: Final = frozenset(
    "of in on at for with using within about during regarding per among across between inside near".split()
)
CLAUSES: Final = frozenset(
    ("<if>", "when", "because", "although", "while", "unless", "before", "after", "until", "since")
)
RESETS: Final = frozenset("is are am be do does i we it <how> <can> <must> <should> <past> <why> <where>".split())
MODES: Final[Mapping[str, str]] = {
    "<can>": "can",
    "<must>": "must",
    "<should>": "should",
    "<might>": "might",
    "<will>": "will",
}
SCOPES: Final[Mapping[str, str]] = {
    f"<{name}>": name for name in ("all", "some", "only", "any", "both", "either", "ge", "le", "gt", "lt", "except")
}
ASKING: Final[Mapping[str, str]] = {
    f"<{name}>": name
    for name in (
        "how",
        "why",
        "when",
        "where",
        "who",
        "whose",
        "count",
        "price",
        "howmuch",
        "howlong",
        "howoften",
        "howfar",
        "howold",
        "what",
    )
} | {"what": "what", "which": "what", "when": "when", "how": "how"}
HAS: Final = frozenset({"has", "have"})
STARTS_YES: Final = frozenset("is are am do does has have <past>".split())
NEGATORS: Final = frozenset("not no never cannot without none nothing nobody neither nor hardly <unless>".split())
STOP: Final = frozenset(
    "a an the this that these those is are am be been being do does done doing having got i we it its "
    "which who what how so then very really actually currently exactly simply possibly maybe perhaps ever "
    "s one's itself <polite> <thanks> <ask> <tell> <yes> <any> <past> ok okay well".split()
)
OWNERS: Final[Mapping[str, str]] = {"my": "1", "mine": "1", "our": "1", "ours": "1", "your": "2", "yours": "2"}
PERSONS: Final[Mapping[str, str]] = {"i": "1", "we": "1", "you": "2"}
IMPLIED: Final[Mapping[str, frozenset[str]]] = {
    "howlong": frozenset({"take", "last"}),
    "price": frozenset({"cost", "price"}),
    "when": frozenset({"date"}),
    "what": frozenset({"mean"}),
}
"""What the question word says already."""

_SAME: Final = """
delete erase
change modify alter
buy purchase
begin start
fix repair
enable activate
disable deactivate
large big
larger bigger
largest biggest
defeat beat
cost price
contact reach
show display
email mail
phone telephone
configure setup
register enroll
cancel
summarize summarise summary
quick fast
quicker faster
find locate
cheap inexpensive
include contain
required needed
vacation holiday
licence license
colour color
centre center
organise organize
author wrote
bike bicycle
lead head
"""
SAME: Final[Mapping[str, str]] = {word: line.split()[0] for line in _SAME.strip().splitlines() for word in line.split()}

OPPOSITES: Final[Mapping[str, str]] = {
    word: base
    for line in """
safe: unsafe
possible: impossible
legal: illegal
valid: invalid
true: untrue
supported: unsupported
edible: inedible
compatible: incompatible
necessary: unnecessary
correct: incorrect
available: unavailable
known: unknown
paid: unpaid
limited: unlimited
stable: unstable
able: unable
secure: insecure
complete: incomplete
active: inactive
visible: invisible
reliable: unreliable
healthy: unhealthy
happy: unhappy
usual: unusual
likely: unlikely
like: dislike
regular: irregular
relevant: irrelevant
responsible: irresponsible
direct: indirect
fair: unfair
used: unused
wanted: unwanted
named: unnamed
""".strip().splitlines()
    for base, _, words in (line.partition(":"),)
    for word in words.split()
}
"""Words that are another one with a negation in front."""

ANTONYMS: Final = frozenset(
    frozenset(pair.split("/"))
    for pair in (
        "enable/disable install/uninstall open/close maximum/minimum max/min increase/decrease raise/lower advantage/disadvantage ascending/descending "
        "export/import follow/unfollow encrypt/decrypt upgrade/downgrade add/delete add/remove start/stop begin/end begin/stop login/logout buy/sell fast/slow faster/slower "
        "large/small larger/smaller big/small high/low higher/lower hot/cold early/late before/after above/below over/under more/less most/least "
        "first/last old/new older/newer long/short longer/shorter strong/weak heavy/light good/bad better/worse best/worst rich/poor win/lose "
        "accept/reject accept/refuse accept/decline allow/deny allow/forbid allow/block approve/reject attach/detach connect/disconnect lock/unlock "
        "mute/unmute subscribe/unsubscribe register/unregister upload/download push/pull send/receive borrow/lend give/take save/spend "
        "backup/restore hide/show public/private internal/external input/output left/right up/down inside/outside north/south east/west "
        "pro/con benefit/drawback strength/weakness include/exclude same/different similar/different similarity/difference free/paid "
        "full/empty love/hate friend/enemy male/female man/woman husband/wife buyer/seller employer/employee landlord/tenant born/die birth/death "
        "arrive/depart arrival/departure entry/exit create/delete create/destroy pass/fail success/failure summarize/expand compress/decompress "
        "zip/unzip freeze/thaw expand/collapse grow/shrink deposit/withdraw debit/credit asset/liability income/expense"
    ).split()
)

TIMES: Final = frozenset(
    "today yesterday tomorrow tonight now weekend january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday quarter morning afternoon evening night noon midnight "
    "century decade last next previous current ago already yet soon later earlier".split()
)

PAST_FORMS: Final = frozenset(
    "led wrote won lost made went came became began built bought sold sent took gave got ran said saw told thought found left kept "
    "fell felt held met paid spoke stood taught understood wore broke chose drew drove ate flew forgot grew hid knew rode rose sang threw woke".split()
)
IRREGULAR: Final[Mapping[str, str]] = {
    form: base
    for base, forms in {
        "lead": "led leads leading", "write": "wrote written writing", "win": "won winning", "lose": "lost losing", "make": "made making", "go": "went gone goes",
        "come": "came coming", "become": "became becoming", "begin": "began begun beginning", "build": "built", "buy": "bought", "sell": "sold",
        "send": "sent", "take": "took taken taking", "give": "gave given giving", "get": "got gotten getting gets", "run": "ran running", "say": "said",
        "see": "saw seen", "tell": "told", "think": "thought", "find": "found", "leave": "left leaving", "keep": "kept", "fall": "fallen fell", "feel": "felt",
        "hold": "held", "meet": "met", "pay": "paid", "speak": "spoke spoken", "teach": "taught", "wear": "wore worn",
        "break": "broke broken", "choose": "chose chosen choosing", "draw": "drew drawn", "drive": "drove driven driving", "eat": "ate eaten", "fly": "flew flown flies",
        "forget": "forgot forgotten forgetting", "grow": "grew grown", "know": "knew known", "have": "having has", "they": "them their theirs", "he": "him his", "she": "her hers", "use": "used using uses",
        "person": "people persons", "child": "children", "man": "men", "woman": "women", "foot": "feet", "mouse": "mice", "tooth": "teeth",
        "die": "died dying dies", "lie": "lay lying lies", "tie": "tied tying", "cancel": "cancelled canceled cancelling canceling",
    }.items()
    for form in forms.split()
}  # fmt: skip

ACTIONS: Final = frozenset(
    "reset cancel change delete remove install uninstall update upgrade configure enable disable create add open close convert sort merge "
    "restart start stop export import download upload translate summarize explain contact track return refund ship order pay renew "
    "register login invite approve submit backup restore migrate deploy debug test find buy sell rent book reserve transfer use make get "
    "clear mute unmute block share move copy print scan send receive read write edit fix calculate compare connect disconnect encrypt decrypt "
    "list undo revert rename reverse replace rotate compress extract schedule verify check set call apply claim report request become "
    "take give eat drink grow cook learn study travel visit see do have go come leave arrive open run build join split parse format log bring".split()
)
"""Verbs: behind "to" they are no target, and one of them may stand before or behind its object."""


def frames() -> dict[tuple[str, ...], tuple[str, ...]]:
    """Every phrase, spelled out, with what stands in its place."""
    table: dict[tuple[str, ...], tuple[str, ...]] = {}
    for line in _FRAMES.strip().splitlines():
        left, _, right = line.partition(" = ")
        for words in _spelled(left):
            table.setdefault(words, tuple(words[-1] if word == "@last" else word for word in right.split()))
    return table


def _spelled(pattern: str) -> Iterable[tuple[str, ...]]:
    groups = [group for group in pattern.replace(")", "(").split("(") if group.strip()]
    parts = [[one.strip() for one in group.split("|")] for group in groups]
    for chosen in product(*parts):
        yield tuple(" ".join(chosen).split())
