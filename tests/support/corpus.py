"""Sentences with personal data and secrets in them, and where these stand; and sentences with what only looks like it.

Everything is made up from a seed, so that precision and recall can be measured again. A value stands as people write it: with a
particle behind it, full-width digits, odd dashes or a zero-width character inside.
"""

import base64
import random
import string
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from gateway.guards import checksums
from gateway.guards.korean_banks import GROUPINGS
from tests.support.corpus_carriers import CARRIERS, FILLERS, NEGATIVE_CARRIERS

Make = Callable[[random.Random], str]


class Span(NamedTuple):
    start: int
    end: int
    kind: str


class Labelled(NamedTuple):
    text: str
    spans: tuple[Span, ...]


def generate(seed: int, count: int) -> list[Labelled]:
    """`count` texts, the same ones for the same seed: two of three hold a value, every kind in turn."""
    chance = random.Random(seed)
    kinds = sorted(VALUES)
    return [
        negative(chance) if index % 3 == 2 else positive(chance, kinds[(index - index // 3) % len(kinds)])
        for index in range(count)
    ]


def positive(chance: random.Random, kind: str) -> Labelled:
    """One value of this kind in a sentence, perhaps between others."""
    carrier = chance.choice(CARRIERS[kind])
    value = _as_people_write(chance, VALUES[kind](chance))
    before, _, behind = carrier.partition("{}")
    lead = chance.choice(FILLERS)
    start = len(lead) + len(before)
    text = f"{lead}{before}{value}{behind}{chance.choice(FILLERS)}"
    return Labelled(text, (Span(start, start + len(value), kind),))


def negative(chance: random.Random) -> Labelled:
    carrier, make = chance.choice(NEGATIVES)
    return Labelled(chance.choice(FILLERS) + carrier.replace("{}", make(chance)) + chance.choice(FILLERS), ())


def _as_people_write(chance: random.Random, value: str) -> str:
    way = chance.randrange(8)
    if way == 0:
        return value.replace("-", chance.choice("\u2010\u2013\u2014\u2212\uff0d\u3161"))
    if way == 1:
        return value.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    if way == 2:
        middle = chance.randrange(1, len(value))
        return value[:middle] + chance.choice("\u200b\u200d\u2060\u00ad") + value[middle:]
    return value


def _digits(chance: random.Random, count: int, first: str = string.digits) -> str:
    return chance.choice(first) + "".join(chance.choices(string.digits, k=count - 1))


def _token(chance: random.Random, count: int, letters: str = string.ascii_letters + string.digits) -> str:
    """With a digit and letters enough to be random."""
    return "".join(chance.choices(letters, k=count - 3)) + "7aK"


def _hex(chance: random.Random, count: int) -> str:
    return "".join(chance.choices("0123456789abcdef", k=count - 3)) + "7ac"


def _completed(number: str, holds: Callable[[str], bool]) -> str:
    """The number with the last digit that passes its check; every such number has one."""
    return next(number + digit for digit in string.digits if holds(number + digit))


def _day(chance: random.Random, first: int, last: int) -> str:
    return f"{chance.randint(first, last) % 100:02}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"


def _resident(chance: random.Random) -> str:
    separator = chance.choice(("-", " - ", "", " "))
    if chance.random() < 0.3:
        return f"{_day(chance, 2021, 2025)}-{chance.choice('34')}{_digits(chance, 6)}"
    century, years = chance.choice((("12", (1940, 1999)), ("34", (2000, 2019))))
    number = _completed(_day(chance, *years) + chance.choice(century) + _digits(chance, 5), checksums.resident)
    return number[:6] + separator + number[6:]


def _foreigner(chance: random.Random) -> str:
    number = _completed(_day(chance, 1950, 1999) + chance.choice("56") + _digits(chance, 5), checksums.foreigner)
    if chance.random() < 0.5:
        return f"{_day(chance, 1950, 1999)}-{chance.choice('56')}{_digits(chance, 6)}"
    return number[:6] + chance.choice(("-", "", " ")) + number[6:]


def _business(chance: random.Random) -> str:
    while True:
        number = f"{chance.randint(101, 899)}{chance.randint(1, 99):02}{_digits(chance, 4)}"
        for digit in string.digits:
            if checksums.business(number + digit):
                return f"{number[:3]}-{number[3:5]}-{number[5:]}{digit}"


def _licence(chance: random.Random) -> str:
    return f"{chance.randint(11, 28)}-{_digits(chance, 2)}-{_digits(chance, 6)}-{_digits(chance, 2)}"


def _korean_passport(chance: random.Random) -> str:
    return chance.choice(
        (
            chance.choice("MSRDOG") + _digits(chance, 8),
            f"{chance.choice('MSR')}{_digits(chance, 3)}{chance.choice(string.ascii_uppercase)}{_digits(chance, 4)}",
        )
    )


def _korean_phone(chance: random.Random) -> str:
    one, two = _digits(chance, 4, "23456789"), _digits(chance, 4)
    return chance.choice(
        (
            f"010-{one}-{two}", f"010{one}{two}", f"010 {one} {two}", f"010.{one}.{two}", f"011-{one[:3]}-{two}", f"02-{one[:3]}-{two}",
            f"031-{one}-{two}", f"02) {one}-{two}", f"(02) {one}-{two}", f"+82 10-{one}-{two}", f"+82-10-{one}-{two}", f"+8210{one}{two}",
            f"+82 2-{one}-{two}", f"070-{one}-{two}", f"0504-{one}-{two}", f"010 - {one} - {two}",
        )
    )  # fmt: skip


def _bank_account(chance: random.Random) -> str:
    groups = chance.choice(GROUPINGS[chance.choice(sorted(GROUPINGS))])
    return chance.choice(("-", "-", " ", "")).join(_digits(chance, count, "123456789") for count in groups)


def _address(chance: random.Random) -> str:
    region = chance.choice(
        (
            "서울특별시 강남구 ", "서울 종로구 ", "경기도 성남시 분당구 ", "부산광역시 해운대구 ", "강남구 ", "전북특별자치도 전주시 완산구 ",
            "세종특별자치시 ", "충청남도 천안시 동남구 ", "제주특별자치도 제주시 ", "강원 춘천시 ", "수원시 영통구 ",
        )
    )  # fmt: skip
    number = f"{chance.randint(1, 999)}{chance.choice(('', f'-{chance.randint(1, 60)}'))}"
    if chance.random() < 0.3:
        return f"{region}{chance.choice(('청운동', '역삼동', '죽림리', '종로1가', '효자동3가'))} {number}"
    road = chance.choice(
        ("테헤란로 ", "판교역로 ", "세종대로 ", "강남대로 10길 ", "백제대로12번길 ", "첨단과기로 ", "양재대로2길 ")
    )
    flat = chance.choice(
        ("", "", f", {chance.randint(101, 120)}동 {chance.randint(101, 2404)}호", " 3층", " 한빛빌딩 5층")
    )
    return region + road + number + flat


def _card(chance: random.Random) -> str:
    prefix, groups = chance.choice(
        (
            ("4", (4, 4, 4, 4)),
            ("53", (4, 4, 4, 4)),
            ("9410", (4, 4, 4, 4)),
            ("6011", (4, 4, 4, 4)),
            ("37", (4, 6, 5)),
            ("36", (4, 6, 4)),
        )
    )
    number = _completed(prefix + _digits(chance, sum(groups) - len(prefix) - 1), checksums.luhn)
    return _grouped(number, groups, chance.choice((" ", "-", "")))


def _grouped(number: str, groups: Sequence[int], separator: str) -> str:
    parts, at = [], 0
    for count in groups:
        parts.append(number[at : at + count])
        at += count
    return separator.join(part for part in parts if part)


def _iban(chance: random.Random) -> str:
    country, bank = chance.choice(
        (
            ("DE", _digits(chance, 18)),
            ("GB", "NWBK" + _digits(chance, 14)),
            ("FR", _digits(chance, 23)),
            ("NO", _digits(chance, 11)),
        )
    )
    rest = next(f"{check:02}" for check in range(2, 99) if checksums.iban(f"{country}{check:02}{bank}"))
    number = country + rest + bank
    return number if chance.random() < 0.5 else _grouped(number, [4] * 9, " ")


def _phone(chance: random.Random) -> str:
    line = f"{_digits(chance, 3, '3456789')}-{_digits(chance, 4)}"
    return chance.choice(
        (
            f"+1 415-{line}", f"415-{line}", f"(212) {line}", f"1-646-{line}", f"+44 20 7946 0{_digits(chance, 3)}", f"+33 1 42 68 53 {_digits(chance, 2)}",
            f"+4915{_digits(chance, 9)}", f"+81-90-{_digits(chance, 4)}-{_digits(chance, 4)}", f"+1 (415) {line}",
        )
    )  # fmt: skip


def _email(chance: random.Random) -> str:
    local = chance.choice(("minsu.kim", "jane_doe", "a", "sales+kr", "x-1.y", "o%b"))
    host = chance.choice(("example.com", "example.co.kr", "mail.example.org", "sub.dept.example.ac.kr", "a-b.io"))
    return f"{local}{chance.randint(0, 99)}@{host}"


def _ssn(chance: random.Random) -> str:
    return f"{chance.choice('1234578')}{_digits(chance, 2)}-{chance.randint(1, 99):02}-{chance.randint(1, 9999):04}"


def _ip(chance: random.Random) -> str:
    return chance.choice(
        (
            f"192.168.{chance.randint(0, 255)}.{chance.randint(0, 255)}",
            f"10.0.{chance.randint(0, 99)}.7",
            f"2001:db8::{_hex(chance, 4)}",
            "fe80::1",
        )
    )


def _mac(chance: random.Random) -> str:
    pairs = [f"{chance.randrange(256):02x}" for _ in range(5)] + ["a1"]
    return chance.choice(
        (":".join(pairs), "-".join(pairs).upper(), f"{pairs[0]}{pairs[1]}.{pairs[2]}{pairs[3]}.{pairs[4]}{pairs[5]}")
    )


def _jwt(chance: random.Random) -> str:
    head, body = (
        base64.urlsafe_b64encode(part.encode()).decode().rstrip("=")
        for part in ('{"alg":"HS256"}', f'{{"sub":"{_digits(chance, 12)}"}}')
    )
    return f"{head}.{body}.{_token(chance, 43)}"


def _private_key(chance: random.Random) -> str:
    name = chance.choice(("RSA ", "", "EC ", "OPENSSH "))
    lines = "\n".join(_token(chance, 64) for _ in range(chance.randint(3, 25)))
    return f"-----BEGIN {name}PRIVATE KEY-----\n{lines}\n-----END {name}PRIVATE KEY-----"


def _prefixed(prefix: str, count: int, letters: str = string.ascii_letters + string.digits) -> Make:
    return lambda chance: prefix + _token(chance, count, letters)


def _prefixed_hex(prefix: str, count: int) -> Make:
    return lambda chance: prefix + _hex(chance, count)


_BASE32: Final = string.ascii_uppercase + "234567"

VALUES: Final[Mapping[str, Make]] = {
    "EMAIL_ADDRESS": _email,
    "PHONE_NUMBER": _phone,
    "CREDIT_CARD": _card,
    "IBAN_CODE": _iban,
    "US_SSN": _ssn,
    "PASSPORT": lambda chance: "C" + _digits(chance, 7),
    "IP_ADDRESS": _ip,
    "MAC_ADDRESS": _mac,
    "URL_CREDENTIALS": lambda chance: f"//app:{_token(chance, 12)}",
    "KR_RRN": _resident,
    "KR_FRN": _foreigner,
    "KR_BRN": _business,
    "KR_DRIVER_LICENSE": _licence,
    "KR_PASSPORT": _korean_passport,
    "KR_PHONE": _korean_phone,
    "KR_BANK_ACCOUNT": _bank_account,
    "KR_ADDRESS": _address,
    "AWS_ACCESS_KEY": lambda chance: "AKIA" + "".join(chance.choices(_BASE32, k=14)) + "7Q",
    "AWS_SECRET": lambda chance: "".join(chance.sample(string.ascii_letters + string.digits, k=37)) + "/7aK"[1:],
    "GITHUB_TOKEN": _prefixed("ghp_", 36),
    "GITLAB_TOKEN": _prefixed("glpat-", 20),
    "SLACK_TOKEN": lambda chance: f"xoxb-{_digits(chance, 12)}-{_digits(chance, 12)}-{_token(chance, 24)}",
    "SLACK_WEBHOOK": lambda chance: (
        f"hooks.slack.com/services/T0{_digits(chance, 8)}/B0{_digits(chance, 8)}/{_token(chance, 24)}"
    ),
    "GOOGLE_API_KEY": _prefixed("AIza", 35),
    "GOOGLE_OAUTH_SECRET": _prefixed("GOCSPX-", 28),
    "OPENAI_KEY": _prefixed("sk-proj-", 60),
    "ANTHROPIC_KEY": _prefixed("sk-ant-api03-", 95),
    "OPENROUTER_KEY": _prefixed_hex("sk-or-v1-", 64),
    "HUGGINGFACE_TOKEN": _prefixed("hf_", 34),
    "GROQ_KEY": _prefixed("gsk_", 52),
    "XAI_KEY": _prefixed("xai-", 80),
    "STRIPE_KEY": _prefixed("sk_live_", 24),
    "STRIPE_WEBHOOK_SECRET": _prefixed("whsec_", 32),
    "NPM_TOKEN": _prefixed("npm_", 36),
    "PYPI_TOKEN": _prefixed("pypi-AgE", 120),
    "DOCKER_TOKEN": _prefixed("dckr_pat_", 27),
    "SENDGRID_KEY": lambda chance: f"SG.{_token(chance, 22)}.{_token(chance, 43)}",
    "TWILIO_KEY": _prefixed_hex("SK", 32),
    "DIGITALOCEAN_TOKEN": _prefixed_hex("dop_v1_", 64),
    "DATABRICKS_TOKEN": _prefixed_hex("dapi", 32),
    "VAULT_TOKEN": _prefixed("hvs.", 40),
    "SHOPIFY_TOKEN": _prefixed_hex("shpat_", 32),
    "TELEGRAM_TOKEN": lambda chance: f"{_digits(chance, 9, '123456789')}:AA{_token(chance, 33)}",
    "AZURE_STORAGE_KEY": lambda chance: f"AccountKey={_token(chance, 86)}==",
    "JWT": _jwt,
    "PRIVATE_KEY": _private_key,
    "PASSWORD": lambda chance: f"password={_token(chance, 12)}",
}
"""A maker of well-formed values for every entity."""

LOOKALIKES: Final[Mapping[str, Make]] = {
    "order": lambda chance: f"2026{chance.randint(1, 12):02}{chance.randint(1, 28):02}-{_digits(chance, 7)}",
    "order16": lambda chance: f"2026{chance.randint(1, 12):02}{chance.randint(1, 28):02}{_digits(chance, 8)}",
    "tracking": lambda chance: _digits(chance, 12, "123456"),
    "tracking-dashed": lambda chance: f"{_digits(chance, 4)}-{_digits(chance, 4)}-{_digits(chance, 4)}",
    "post": lambda chance: f"6{_digits(chance, 4)}-{_digits(chance, 4)}-{_digits(chance, 4)}",
    "date": lambda chance: f"20{chance.randint(10, 30)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
    "stamp": lambda chance: f"2026-03-{chance.randint(1, 28):02}T{chance.randint(0, 23):02}:{chance.randint(0, 59):02}:30.{_digits(chance, 3)}Z",
    "epoch": lambda chance: f"17{_digits(chance, 11)}",
    "time": lambda chance: f"{chance.randint(0, 23):02}:{chance.randint(0, 59):02}:{chance.randint(0, 59):02}",
    "version": lambda chance: f"{chance.randint(0, 30)}.{chance.randint(0, 99)}.{chance.randint(0, 99)}",
    "version4": lambda chance: f"{chance.randint(0, 30)}.{chance.randint(0, 20)}.{chance.randint(0, 99)}.{chance.randint(0, 20)}",
    "build": lambda chance: f"10.0.{chance.randint(10000, 30000)}.{chance.randint(1, 5000)}",
    "price": lambda chance: f"{chance.randint(1, 999)},{_digits(chance, 3)},{_digits(chance, 3)}",
    "isbn": lambda chance: f"978-89-{_digits(chance, 4)}-{_digits(chance, 3)}-{_digits(chance, 1)}",
    "isbn13": lambda chance: f"97889{_digits(chance, 8)}",
    "uuid": lambda chance: str(uuid.UUID(int=chance.getrandbits(128), version=4)),
    "sha1": lambda chance: f"{chance.getrandbits(160):040x}",
    "sha256": lambda chance: f"{chance.getrandbits(256):064x}",
    "service": lambda chance: chance.choice(("1588-", "1544-", "1661-", "1899-")) + _digits(chance, 4),
    "emergency": lambda chance: chance.choice(("112", "119", "1339", "114", "911")),
    "toll-free": lambda chance: f"1-800-{_digits(chance, 3, '23456789')}-{_digits(chance, 4)}",
    "digits": lambda chance: _digits(chance, chance.randint(17, 18), "123456789") + "01012345678",
    "placeholder": lambda chance: f"<{chance.choice(('EMAIL_ADDRESS', 'KR_PHONE', 'KR_RRN', 'CREDIT_CARD'))}_{''.join(chance.choices('abcdefghjkmnpqrstvwxyz0123456789', k=10))}>",
    "part": lambda chance: f"{chance.choice('MSR')}{_digits(chance, 8)}",
    "float": lambda chance: f"0.{_digits(chance, 16)}",
    "resolution": lambda chance: f"{chance.choice((1920, 2560))}x{chance.choice((1080, 1440))}",
    "plate": lambda chance: f"{_digits(chance, 3, '123456789')}가 {_digits(chance, 4)}",
    "picture": lambda chance: f"logo@{chance.randint(2, 3)}x.png",
    "repository": lambda chance: f"git@github.com:example/app{chance.randint(1, 99)}.git",
    "image": lambda chance: f"registry.example.com/team/app:1.{chance.randint(0, 9)}@sha256:{chance.getrandbits(256):064x}",
    "path": lambda chance: f"/usr/lib/python3/dist-packages/module{chance.randint(1, 99)}/core/init/loader.py",
    "cpp": lambda chance: chance.choice(("std::vector", "boost::asio::ip", "Foo::Bar::baz")),
    "count": lambda chance: f"{chance.randint(1, 99)}",
    "ratio": lambda chance: f"{chance.randint(1, 9)}:{chance.randint(1, 9)}:{chance.randint(1, 9)}",
    "sample key": lambda chance: chance.choice(("sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "AKIAXXXXXXXXXXXXXXXX", "ghp_" + "x" * 36)),
    "variable": lambda chance: chance.choice(("os.environ['APP_PASSWORD']", "${DB_PASSWORD_1}", "settings.password", "********")),
}  # fmt: skip
"""Hard negatives: what only looks like an entity."""

NEGATIVES: Final[Sequence[tuple[str, Make]]] = [
    (carrier, LOOKALIKES[name]) for name, carriers in NEGATIVE_CARRIERS.items() for carrier in carriers
]
