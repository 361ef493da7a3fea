"""All dialects by name."""

from typing import Final

from gateway.wire.chat import CHAT
from gateway.wire.completions import COMPLETIONS
from gateway.wire.dialect import Dialect
from gateway.wire.embeddings import EMBEDDINGS
from gateway.wire.messages import COUNT_TOKENS, MESSAGES
from gateway.wire.moderations import MODERATIONS
from gateway.wire.opaque import AUDIO, BATCHES, FILES, IMAGES, RERANK
from gateway.wire.responses import RESPONSES

_READ: Final = (CHAT, COMPLETIONS, EMBEDDINGS, MODERATIONS, RESPONSES, MESSAGES, COUNT_TOKENS)
_HANDED_ON: Final = (IMAGES, AUDIO, FILES, BATCHES, RERANK)

DIALECTS: Final[dict[str, Dialect]] = {dialect.name: dialect for dialect in (*_READ, *_HANDED_ON)}
