"""Whom to trust, and what the system says when it goes wrong: the parts of a connection that no HTTP library owns."""

import os
import ssl
from typing import Any


def trusting(ca_file: str) -> ssl.SSLContext:
    """A verifying context for the system's authorities and those in `ca_file`. ValueError, naming the file, if it is no use."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:  # an SSLError is one
        raise ValueError(f"ca_file {ca_file}: cannot be read as certificates in PEM form ({reason(error)})") from error
    return context


def reason(error: Any) -> str:
    """The system's own words for it, never the exception's: those may quote addresses with passwords, or what was sent."""
    cause = getattr(error, "os_error", error)
    if isinstance(cause, ssl.SSLError):
        return str(cause.reason or "TLS error").replace("_", " ").lower()
    number = getattr(cause, "errno", None)
    if number is not None and number > 0:
        return os.strerror(number).lower()
    words = getattr(cause, "strerror", None)
    return str(words).lower() if words else "no more is known"
