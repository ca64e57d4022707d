"""Earlier calls with a number, for the engine that talks in the next one."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final

from server.phone.calls.earlier_calls import may_be_told, told
from server.phone.calls.record import CallRecord
from server.phone.calls.store import HistoryQuery
from server.phone.engines.engine import EngineCall
from server.phone.live.kit import CallKit
from server.store.errors import StoreError

logger = logging.getLogger(__name__)

LOOKED_THROUGH: Final = 20
"""Calls with the number among which there may be some to tell of."""


async def with_earlier_calls(kit: CallKit, record: CallRecord, call: EngineCall) -> EngineCall:
    """Return a call with what was said before added to what is known.

    A session that goes on remembers by itself what was said in it; a model that talks in its place
    does not.

    Args:
        kit: What all calls share.
        record: The call that begins, as it was kept first.
        call: The same, as the engine gets it.

    Cancelling is safe. A store that fails costs this memory only.

    """
    config = kit.config.context
    if not config.memory_enabled or not record.peer:
        return call
    try:
        history = await kit.store.history(HistoryQuery(LOOKED_THROUGH, number=record.peer))
        earlier = [one for one in history if may_be_told(one, record, call.agent)]
        if kit.engine.keeps_session:
            earlier = [one for one in earlier if one.session_key != call.session_key]
        whole = [await kit.store.get(one.id) for one in earlier]
    except StoreError as error:
        logger.warning("call:%s: earlier calls are not known: %s", record.id, error)
        return call
    known = (one for one in whole if one is not None)
    text = told(known, config.max_tokens, kit.config.zone)
    return replace(call, context="\n\n".join(filter(None, (call.context, text))))
