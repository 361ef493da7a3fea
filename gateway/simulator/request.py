"""What a dialect is given."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.simulator.mint import Mint
from gateway.simulator.multipart import Upload
from gateway.simulator.outcome import Body
from gateway.simulator.script import NORMAL, Behaviour, Script
from gateway.simulator.shelf import Shelf


@dataclass(slots=True)
class Request:
    """One request as it came. Header names are lower case; `body` is its JSON object or its form's fields, empty if none."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    raw: bytes
    mint: Mint
    script: Script
    shelf: Shelf
    id: str = ""
    body: Body = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)
    argument: str = ""
    behaviour: Behaviour = NORMAL
    now: int = field(default_factory=lambda: int(time.time()))
