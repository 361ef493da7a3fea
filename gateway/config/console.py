"""The section `console` of the configuration."""

from typing import Annotated

from msgspec import Meta

from gateway.config.strict import Seconds, Strict

Path = Annotated[
    str,
    Meta(
        pattern="^(/[A-Za-z0-9._~-]+)+$",
        examples=["/llm/console"],
        extra_json_schema={"patternErrorMessage": "must be a path like /llm/console"},
    ),
]


class Console(Strict, frozen=True):
    """Pages for people, at `/console`. A key signs in; with `admin: true` it sees everything, without only what it asked itself."""

    enabled: Annotated[bool, Meta(description="Whether there is one.")] = True
    path: Annotated[
        Path,
        Meta(
            description="Where browsers find it, if a reverse proxy serves it elsewhere: `/llm/console`. `/console` answers too, for "
            "a proxy that takes its own part off."
        ),
    ] = "/console"
    session_seconds: Annotated[Seconds, Meta(description="How long somebody who has signed in stays so.")] = 43_200.0
