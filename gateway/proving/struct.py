"""What holds for the struct of any detector."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from gateway.config.schema import schema_of
from gateway.config.strict import Secret
from gateway.plugins import declared_of
from gateway.policy.detectors import Guest
from gateway.policy.guests import is_by_check, is_by_patterns
from gateway.policy.kinds import ANYWHERE, KINDS
from gateway.policy.rule import digest_of
from gateway.proving.subject import Failure, Subject

PROMISE: Final = "struct"
_LEAST: Final = 6
"""Characters of a secret below which it may stand anywhere by chance."""
_TAG: Final = re.compile("[a-z][a-z0-9_]{0,63}")


def struct_failures(subject: Subject) -> Iterator[Failure]:
    """Ours are not asked whether they are called like ours."""
    detector: Any = subject.detector
    struct = type(detector)
    config = struct.__struct_config__
    if isinstance(detector, Guest):
        yield from _guest(struct)
    if not config.frozen or not config.forbid_unknown_fields:
        yield Failure(PROMISE, "it must be frozen and know all its fields; leave `forbid_unknown_fields` alone")
    if not (struct.__doc__ or "").strip():
        yield Failure(
            PROMISE, "it has no docstring; write one sentence, which becomes its description in the JSON Schema"
        )
    try:
        schema_of(struct, "")
        again = msgspec.convert(written(detector), struct, dec_hook=_secret)
    except (TypeError, NotImplementedError, msgspec.ValidationError) as error:
        yield Failure(PROMISE, f"its fields cannot be written in a file ({error}); use types of JSON, and `Secret`")
        return
    if digest_of(again) != digest_of(detector):
        yield Failure(
            PROMISE, "it is another one once written down and read again; do not change fields in `__post_init__`"
        )
    for name in struct.__struct_fields__:
        value = getattr(detector, name)
        if isinstance(value, Secret) and len(value.reveal()) >= _LEAST and value.reveal() in repr(detector):
            yield Failure(PROMISE, f"its repr shows the secret `{name}`; leave `__repr__` alone")


def written(detector: Any) -> Any:
    """As it stands in a file, secrets and all."""
    return msgspec.to_builtins(detector, enc_hook=lambda value: value.reveal())


def _guest(struct: type[Guest]) -> Iterator[Failure]:
    tag = struct.__struct_config__.tag
    if not isinstance(tag, str) or _TAG.fullmatch(tag) is None:
        yield Failure(PROMISE, f'its tag is {tag!r}; write it like_this, as in `tag="acme_ticket"`')
    if tag in KINDS:
        yield Failure(PROMISE, f"its kind `{tag}` is one of the gateway's own; begin it with the name of whose it is")
    if is_by_patterns(struct) == is_by_check(struct):
        yield Failure(PROMISE, "it must have one of the methods `patterns` and `check`, and not both")
    places: Any = declared_of(struct, "places", ())
    if isinstance(places, str) or not set(places) <= ANYWHERE:
        yield Failure(PROMISE, f"its `places` do not all exist; there are {', '.join(sorted(ANYWHERE))}")


def _secret(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise NotImplementedError(kind.__name__)
