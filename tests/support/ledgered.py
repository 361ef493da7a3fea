"""Rows for a ledger, written by hand."""

from typing import Any

from gateway.record.feedback import Feedback
from gateway.record.row import Row

NOON = 1_795_176_000.0
"""2026-11-20 12:00 UTC."""


def a_row(number: int = 0, **more: Any) -> Row:
    """An answered request that took 0.2 s, `number` seconds after noon."""
    fields: dict[str, Any] = {
        "time": NOON + number,
        "request_id": f"req_{number:024x}",
        "trace_id": f"{number:032x}",
        "span_id": f"{number:016x}",
        "key": "support-desk",
        "team": "support",
        "dialect": "chat",
        "model": "fast",
        "served_by": "fast/0:house/llama",
        "outcome": "answered",
        "code": None,
        "status": 200,
        "streamed": True,
        "attempts": [("fast/0:house/llama", None)],
        "seconds": 0.2,
        "first_token_seconds": 0.05,
        "finish": "stop",
        "input_tokens": 20,
        "output_tokens": 4,
        "cached_tokens": 0,
        "reasoning_tokens": 0,
        "usage_estimated": False,
        "cost_nanodollars": 1_000,
        "cache": None,
        "similarity": None,
        "saved_nanodollars": None,
        "policies": ["baseline@1"],
        "exempted": [],
        "verdicts": [("baseline", "keys", "input", "api_key", "mask", "enforced", 1)],
        "unscanned": {},
        "guarantee": "proven",
        "held": 12,
        "vault": None,
        "provider": "house",
        "model_served": "llama",
    }
    return Row(**(fields | more))


def said(number: int = 0, **more: Any) -> Feedback:
    """A thumb up, `number` seconds after noon."""
    fields: dict[str, Any] = {
        "id": f"fb_{number:024x}",
        "time": NOON + number,
        "request_id": f"req_{number:024x}",
        "conversation": None,
        "metric": "thumbs",
        "level": "response",
        "score": 1.0,
        "label": "up",
        "bad": False,
        "source": "user",
        "comment": None,
        "correction": None,
        "key": "support-desk",
        "team": "support",
        "user": "u_1",
        "model": "fast",
        "model_served": "llama",
        "prompt": "greeting@2",
        "trace_id": f"{number:032x}",
        "span_id": f"{number:016x}",
        "digest": f"{number:032x}",
    }
    return Feedback(**(fields | more))
