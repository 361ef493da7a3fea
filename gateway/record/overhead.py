"""What the gateway itself took of an exchange."""

from gateway.exchange import Exchange


def overhead(x: Exchange, ended: float) -> float:
    """Seconds in which no upstream was being asked for it: reading it, rules, the cache, the waits between attempts.

    What rules do with an answer while it passes counts, though an upstream may be at work on the rest of it.
    """
    left = ended - x.started - x.shared_seconds + x.ruled_seconds
    for one in x.attempts:
        left -= one.ended - one.started
    return max(0.0, left)
