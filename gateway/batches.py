"""An upload for a batch, before it is sent: whose lines name models of their own (`gateway/upstream/batch_lines.py`)."""

import asyncio
import os
from functools import partial
from typing import BinaryIO, Final

from msgspec.structs import replace

from gateway.exchange import Exchange
from gateway.limits.keys import Principal
from gateway.routing.batches import model_at, models_at
from gateway.routing.plan import Plan
from gateway.setup import Setup
from gateway.upstream.batch_lines import with_models
from gateway.wire.multipart import Place, batch_in

_AT_ONCE: Final = 256 * 1024
"""Bytes that are looked at on the event loop; a thread takes what is larger."""


async def with_checked_batch(x: Exchange, plan: Plan, principal: Principal, setup: Setup) -> Plan:
    """The plan of an upload; where that is a batch's, with one account alone, in whose words the lines now name their models.

    Raises what `with_models` raises.
    """
    if isinstance(x.upload, bytes):
        return plan
    provider = plan.candidates()[0].provider
    work = partial(_checked, x.upload, x.headers.get("content-type", ""), provider, principal, setup)
    small = x.upload.seek(0, os.SEEK_END) <= _AT_ONCE
    made = work() if small else await asyncio.to_thread(work)
    x.upload.seek(0)
    if made is None:
        return plan
    upload, place = made
    longer = upload.seek(0, os.SEEK_END) - x.upload.seek(0, os.SEEK_END)
    upload.seek(0)
    x.upload.close()
    x.upload = upload
    if x.model_place is not None and x.model_place.start >= place.end:
        text, start, end = x.model_place
        x.model_place = Place(text, start + longer, end + longer)
    groups = tuple(
        replace(group, candidates=tuple(one for one in group.candidates if one.provider == provider))
        for group in plan.groups
    )
    return replace(plan, groups=groups)


def _checked(
    upload: BinaryIO, content_type: str, provider: str, principal: Principal, setup: Setup
) -> tuple[BinaryIO, Place] | None:
    place = batch_in(content_type, upload)
    if place is None:
        return None
    known = partial(model_at, setup.routes, principal.models, provider)
    names = models_at(setup.routes, principal.models, provider)
    return with_models(upload, place, known, names, setup.config.limits), place
