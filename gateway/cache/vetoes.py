"""All that can keep a kept answer from serving a like question, in one call."""

from gateway.cache.veto import Reason, veto
from gateway.cache.veto.echo import echo_veto


def vetoes(asked: str, stored: str, answer: str) -> list[Reason]:
    """Empty if the answer to `stored` may be given to `asked`."""
    return veto(asked, stored) or echo_veto(asked, stored, answer)
