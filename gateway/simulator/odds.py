"""Log-probabilities that a vendor would report: made up, but shaped and counted right."""

from collections.abc import Iterable
from typing import Final

from gateway.simulator.outcome import Body

PAD: Final = "aZ3kQ9xW1mB7tYpL"


def odds(pieces: Iterable[str], top: int) -> list[Body]:
    """One entry for each piece, with `top` alternatives, the likeliest first."""
    return [_odd(piece, top) for piece in pieces]


def _odd(piece: str, top: int) -> Body:
    alternatives = [_entry(f"{piece}{at}" if at else piece, -0.125 - at) for at in range(top)]
    return {**_entry(piece, -0.125), "top_logprobs": alternatives}


def _entry(token: str, logprob: float) -> Body:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}


def pad(text: object) -> str:
    """Padding as the vendor adds it to hide how long a delta is; here its length follows from the text."""
    return PAD[len(str(text)) % 16 :]
