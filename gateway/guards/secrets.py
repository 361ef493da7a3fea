"""Keys and tokens that open something. Nearly all begin with a few letters that their vendor chose to make them easy to find."""

import math
from collections import Counter
from collections.abc import Mapping
from typing import Final

from gateway.guards.pattern import Pattern


def mixed(text: str) -> bool:
    """As keys are made at random: upper and lower case, digits, and hardly a letter twice. Not a path, a name or a hash."""
    return (
        any(char.isupper() for char in text)
        and any(char.islower() for char in text)
        and any(char.isdigit() for char in text)
        and entropy(text) > 4
    )


def entropy(text: str) -> float:
    """Bits for each character, by how often each occurs in this text (Shannon)."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def random_tail(text: str) -> bool:
    """Not a sample (`sk-xxxxxxxx`, `sk-your-api-key-goes-here`): enough different characters, and a digit."""
    tail = text[-20:]
    return len(set(tail)) > 6 and any(char.isdigit() for char in text[4:])


def assigned(text: str) -> bool:
    """A value, and not the name of a variable, a call, a template or asterisks in its place."""
    value = text.replace(":", "=", 1).partition("=")[2].strip(" \"'")
    return (
        len(set(value)) > 4
        and not value.startswith(
            ("<", "$", "{", "[", "(", "%", "*", "os.", "env", "process.", "config.", "your", "self.", "get")
        )
        and any(char.isdigit() for char in value)
        and not any(char in value for char in "()<>[]{}")
    )


_B = "(?<![0-9A-Za-z])"
_E = "(?![A-Za-z0-9])"
_T = "[A-Za-z0-9_-]"
_A = "[A-Za-z0-9]"
_ASSIGN = r"[\"']? ?[:=] ?[\"']?"

_BY_FORM: Final[Mapping[str, str]] = {
    "AWS_ACCESS_KEY": f"{_B}A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{{16}}{_E}",
    "GITHUB_TOKEN": f"{_B}g(?:h[pousr]_{_A}{{36,251}}|ithub_pat_[A-Za-z0-9_]{{60,120}}){_E}",
    "GITLAB_TOKEN": f"{_B}gl(?:pat|ptt|dt|rt|cbt|soat|ft|agent|imt)-{_T}{{20,300}}",
    "SLACK_TOKEN": f"{_B}x(?:ox[abeoprs]-[A-Za-z0-9-]{{10,250}}|app-[0-9]-[A-Za-z0-9-]{{20,250}})",
    "SLACK_WEBHOOK": rf"{_B}hooks\.slack\.com/services/T[A-Z0-9]{{6,12}}/B[A-Z0-9]{{6,12}}/{_A}{{20,26}}",
    "GOOGLE_API_KEY": f"{_B}AIza{_T}{{35}}(?!{_T})",
    "GOOGLE_OAUTH_SECRET": f"{_B}GOCSPX-{_T}{{28}}(?!{_T})",
    "OPENAI_KEY": f"{_B}sk-(?:(?:proj|svcacct|admin|None)-{_T}{{20,200}}|{_A}{{32,64}}{_E})",
    "ANTHROPIC_KEY": f"{_B}sk-ant-[a-z0-9]{{3,12}}-{_T}{{20,200}}",
    "OPENROUTER_KEY": f"{_B}sk-or-v1-[a-f0-9]{{64}}{_E}",
    "HUGGINGFACE_TOKEN": f"{_B}hf_{_A}{{30,60}}{_E}",
    "GROQ_KEY": f"{_B}gsk_{_A}{{40,60}}{_E}",
    "XAI_KEY": f"{_B}xai-{_A}{{60,100}}{_E}",
    "STRIPE_KEY": f"{_B}[rs]k_(?:live|test)_{_A}{{10,247}}",
    "STRIPE_WEBHOOK_SECRET": f"{_B}whsec_{_A}{{24,64}}",
    "NPM_TOKEN": f"{_B}npm_{_A}{{36}}{_E}",
    "PYPI_TOKEN": f"{_B}pypi-AgE{_T}{{50,1000}}",
    "DOCKER_TOKEN": f"{_B}dckr_(?:pat|oat)_{_T}{{20,64}}",
    "SENDGRID_KEY": f"{_B}SG\\.{_T}{{16,32}}\\.{_T}{{32,64}}",
    "TWILIO_KEY": f"{_B}SK[0-9a-f]{{32}}{_E}",
    "DIGITALOCEAN_TOKEN": f"{_B}do[opr]_v1_[a-f0-9]{{64}}{_E}",
    "DATABRICKS_TOKEN": f"{_B}dapi[a-f0-9]{{32}}(?:-[0-9])?{_E}",
    "VAULT_TOKEN": f"{_B}hv[sbr]\\.{_T}{{24,300}}",
    "SHOPIFY_TOKEN": f"{_B}shp(?:at|ca|pa|ss)_[a-fA-F0-9]{{32}}{_E}",
    "TELEGRAM_TOKEN": f"{_B}[0-9]{{8,10}}:AA{_T}{{33}}(?!{_T})",
    "AZURE_STORAGE_KEY": "AccountKey=[A-Za-z0-9+/]{86}==",
}

SECRETS: Final[Mapping[str, tuple[Pattern, ...]]] = {
    **{kind: (Pattern(kind, form, random_tail),) for kind, form in _BY_FORM.items()},
    "AWS_SECRET": (
        Pattern(
            "AWS_SECRET",
            "(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])",
            mixed,
            score=0.8,
            context=("aws", "secret", "시크릿", "비밀 키"),
        ),
    ),
    "JWT": (Pattern("JWT", f"{_B}eyJ{_T}{{8,900}}\\.eyJ{_T}{{8,2200}}(?:\\.{_T}{{0,900}})?"),),
    "PRIVATE_KEY": (
        Pattern(
            "PRIVATE_KEY",
            "-----BEGIN (?:RSA |DSA |EC |OPENSSH |ENCRYPTED |PGP |ANY )?PRIVATE KEY(?: BLOCK)?-----"
            r"(?:\s{1,2}Proc-Type: 4,ENCRYPTED\s{1,2}DEK-Info: [A-Z0-9-]{3,20},[A-Fa-f0-9]{16,64})?"
            r"(?:\s{1,2}Version: [ -~]{0,60})?(?:\s{1,2}Comment: [ -~]{0,60})?"
            r"[A-Za-z0-9+/=\s\\]{0,15000}"
            "(?:-----END (?:RSA |DSA |EC |OPENSSH |ENCRYPTED |PGP |ANY )?PRIVATE KEY(?: BLOCK)?-----)?",
        ),
    ),
    "PASSWORD": (
        Pattern(
            "PASSWORD",
            rf"{_B}(?i:[apc](?:ass(?:word|wd)|wd|pi[_-]?key|ccess[_-]?token|lient[_-]?secret)){_ASSIGN}[!#-&(-~]{{8,64}}",
            assigned,
            score=0.6,
        ),
        Pattern("PASSWORD", rf"[비패](?:밀번호|스워드|번)(?:는|은)?{_ASSIGN}[!#-&(-~]{{8,64}}", assigned, score=0.6),
    ),
}
