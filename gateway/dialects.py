"""All dialects by name."""

from typing import Final

from gateway.wire.chat import CHAT
from gateway.wire.completions import COMPLETIONS
from gateway.wire.dialect import Dialect
from gateway.wire.embeddings import EMBEDDINGS
from gateway.wire.messages import MESSAGES
from gateway.wire.moderations import MODERATIONS
from gateway.wire.responses import RESPONSES

DIALECTS: Final[dict[str, Dialect]] = {
    dialect.name: dialect for dialect in (CHAT, COMPLETIONS, EMBEDDINGS, MODERATIONS, RESPONSES, MESSAGES)
}
