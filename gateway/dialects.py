"""All dialects by name."""

from typing import Final

from gateway.wire.chat import CHAT
from gateway.wire.dialect import Dialect

DIALECTS: Final[dict[str, Dialect]] = {dialect.name: dialect for dialect in (CHAT,)}
