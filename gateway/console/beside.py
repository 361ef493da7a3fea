"""Beside what a policy that somebody writes would stand."""

from gateway.drafts.asked import Around
from gateway.policy.load import plain
from gateway.setup import Setup


def around(setup: Setup) -> Around:
    """What stands beside a policy that is tried: all in force, and the names of the configuration."""
    config = setup.config
    return Around(
        documents={name: plain(one.document) for name, one in setup.written.items()},
        models=list(config.models),
        teams=sorted({key.team for key in config.keys if key.team is not None}),
        tags=sorted({tag for key in config.keys for tag in key.tags}),
        configured=True,
    )
