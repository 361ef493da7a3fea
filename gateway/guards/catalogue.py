"""Every entity that the gateway's own engine finds: its patterns, its group, and one sentence about it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from gateway.guards.korean import KOREAN
from gateway.guards.korean_addresses import KOREAN_ADDRESSES
from gateway.guards.korean_banks import KOREAN_BANKS
from gateway.guards.network import NETWORK
from gateway.guards.pattern import Pattern
from gateway.guards.personal import PERSONAL
from gateway.guards.secrets import SECRETS

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "personal": (*PERSONAL, *NETWORK),
    "korean": (*KOREAN, *KOREAN_BANKS, *KOREAN_ADDRESSES),
    "secrets": tuple(sorted(SECRETS)),
}
"""Entities by the name that stands for all of them in a policy."""

ENTITIES: Final[Mapping[str, tuple[Pattern, ...]]] = {
    **PERSONAL, **NETWORK, **KOREAN, **KOREAN_BANKS, **KOREAN_ADDRESSES, **{kind: SECRETS[kind] for kind in sorted(SECRETS)},
}  # fmt: skip
"""Patterns by entity."""

DESCRIPTIONS: Final[Mapping[str, str]] = {
    "EMAIL_ADDRESS": "An e-mail address in ASCII.",
    "PHONE_NUMBER": "A telephone number with a country code, or one of North America or a British mobile.",
    "CREDIT_CARD": "A payment card number of 14 to 19 digits that passes Luhn's check.",
    "IBAN_CODE": "An international bank account number of its country's length that passes its check digits.",
    "US_SSN": "A United States social security number with dashes, or without beside a word that says so.",
    "PASSPORT": "A passport number of any country, beside a word for passport.",
    "IP_ADDRESS": "An IPv4 or IPv6 address; four small numbers count only beside a word that says so, since versions look alike.",
    "MAC_ADDRESS": "The hardware address of a network interface.",
    "URL_CREDENTIALS": "A user name and password inside a URL.",
    "KR_RRN": "A Korean resident registration number: a day of birth, and a check digit if given before October 2020.",
    "KR_FRN": "A Korean registration number of a foreigner.",
    "KR_BRN": "A Korean business registration number that passes its check digit.",
    "KR_DRIVER_LICENSE": "The number of a Korean driver's licence; without dashes only beside a word that says so.",
    "KR_PASSPORT": "A Korean passport number in the old or new form, beside a word for passport.",
    "KR_PHONE": "A Korean mobile, landline, internet or safe number, also with +82; not service numbers like 1588-0000.",
    "KR_BANK_ACCOUNT": "A Korean bank account in the groups or length of a bank, beside the name of a bank or a word for account.",
    "KR_ADDRESS": "A Korean address by road or lot, with what names the flat.",
    "AWS_ACCESS_KEY": "The id of an Amazon Web Services access key.",
    "AWS_SECRET": "40 random characters beside a word that makes them an Amazon Web Services secret key.",
    "GITHUB_TOKEN": "A GitHub token, classic or fine-grained.",
    "GITLAB_TOKEN": "A GitLab token of a person, project, runner, trigger or deployment.",
    "SLACK_TOKEN": "A Slack token.",
    "SLACK_WEBHOOK": "The address of a Slack incoming webhook, which is its own key.",
    "GOOGLE_API_KEY": "A Google API key.",
    "GOOGLE_OAUTH_SECRET": "The client secret of a Google OAuth application.",
    "OPENAI_KEY": "An OpenAI key, or one of the many vendors that use the same form.",
    "ANTHROPIC_KEY": "An Anthropic key.",
    "OPENROUTER_KEY": "An OpenRouter key.",
    "HUGGINGFACE_TOKEN": "A Hugging Face token.",
    "GROQ_KEY": "A Groq key.",
    "XAI_KEY": "An xAI key.",
    "STRIPE_KEY": "A Stripe secret or restricted key.",
    "STRIPE_WEBHOOK_SECRET": "The secret with which Stripe (and others of the same form) signs webhooks.",
    "NPM_TOKEN": "An npm access token.",
    "PYPI_TOKEN": "A token for uploads to PyPI.",
    "DOCKER_TOKEN": "A Docker access token.",
    "SENDGRID_KEY": "A SendGrid key.",
    "TWILIO_KEY": "A Twilio API key.",
    "DIGITALOCEAN_TOKEN": "A DigitalOcean token.",
    "DATABRICKS_TOKEN": "A Databricks token.",
    "VAULT_TOKEN": "A HashiCorp Vault token.",
    "SHOPIFY_TOKEN": "A Shopify token.",
    "TELEGRAM_TOKEN": "The token of a Telegram bot.",
    "AZURE_STORAGE_KEY": "The key in an Azure storage connection string.",
    "JWT": "A JSON Web Token: the first 4,000 characters of it, where it is longer.",
    "PRIVATE_KEY": "A private key in PEM or PGP armour, with or without its end; the first 15,000 characters of its body.",
    "PASSWORD": "A password, API key or token that is assigned by name (`password=…`, `비밀번호: …`).",
}  # fmt: skip
"""One sentence about each entity, for documentation and schema."""


def patterns(entities: Iterable[str], detector: str) -> list[Pattern]:
    """The patterns of these entities and groups, each once, signed by this detector. KeyError names one that does not exist."""
    names = dict.fromkeys(name for entity in entities for name in GROUPS.get(entity, (entity,)))
    return [replace(pattern, detector=detector, measured=True) for name in names for pattern in ENTITIES[name]]
