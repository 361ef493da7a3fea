"""What `haechi serve` says when it listens: where, what it offers, and two lines to paste."""

from typing import Final

from gateway.config.structs import Config

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - to be shown as an address one can connect to

_PLACEHOLDERS = """\
A policy keeps Korean phone numbers from the model: `reasoning_content` shows the placeholder that it saw, `content` has the number again.
{curl} -d '{{"model": "demo", "reasoning_effort": "low", "messages": [{{"role": "user", "content": "제 번호는 010-1234-5678입니다"}}]}}'

"""

_CACHE: Final = """\
The same question is answered once, and given again: `x-haechi-cache` says `miss`, then `hit`.
for i in 1 2; do {curl} -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "What is a haechi?"}}]}}' -s -D - -o /dev/null | grep -i x-haechi-cache; done

"""


def greeting(config: Config, host: str, port: int, *, shows_placeholders: bool = False, remark: str = "") -> str:
    """The Python line needs nothing but Python itself; `docs/quickstart.md` has the one with the SDK.

    `remark`: what does not go as configured. `shows_placeholders`: the model is one that thinks aloud, behind a policy for Korean personal data.
    """
    base = f"http://{_ANYWHERE.get(host, f'[{host}]' if ':' in host else host)}:{port}/v1"
    model = "demo" if "demo" in config.models else next(iter(config.models), "MODEL").replace("*", "MODEL")
    url = f"{base}/chat/completions"
    hello = f'{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}]}}'
    auth = " -H 'Authorization: Bearer YOUR_KEY'" if config.keys else ""
    headers = '{"Content-Type": "application/json"' + (', "Authorization": "Bearer YOUR_KEY"}' if config.keys else "}")
    asking = f"curl {url} -H 'Content-Type: application/json'{auth}"
    curl = f"{asking} -d '{hello}'"
    python = (
        f"python3 -c 'import json, urllib.request as u; body = json.dumps({hello}).encode(); "
        f'answer = json.load(u.urlopen(u.Request("{url}", body, {headers}))); '
        """print(answer["choices"][0]["message"]["content"])'"""
    )
    models = ", ".join(config.models) or "none: name some in the configuration"
    remarks = f"{remark}\n" if remark else ""
    return (
        f"haechi listens on {base}\nmodels: {models}\n{_console(config, base)}{remarks}\n{curl}\n{python}\n\n"
        f"{_PLACEHOLDERS.format(curl=asking) if shows_placeholders else ''}"
        f"{_CACHE.format(curl=asking, model=model) if config.cache is not None else ''}"
        'Add "stream": true to the body (and -N to curl) for a stream. SDKs: base_url is the address above.\n\n'
    )


def _console(config: Config, base: str) -> str:
    if not config.console.enabled:
        return ""
    shows = (
        "requests as they are made"
        if config.ledger is not None
        else "without `ledger:` in the configuration, no requests"
    )
    return f"console: {base.removesuffix('/v1')}/console/ ({shows})\n"
