"""Measuring turns as they pass."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from openclaw_client.errors import AgentError
from openclaw_client.link import GatewayLink
from openclaw_client.stats import GatewayStats, LatencySamples
from openclaw_client.turn import Turn


class TurnTimes:
    """What the turns of one client took."""

    def __init__(self) -> None:
        self.turns = 0
        self.failed = 0
        self.acknowledged = LatencySamples()
        self.first_words = LatencySamples()
        self.whole_reply = LatencySamples()


async def measured(turn: Turn, times: TurnTimes) -> AsyncGenerator[str]:
    """Stream the reply of a turn and note when what came; raises and closes as the turn does."""
    clock = asyncio.get_running_loop()
    started, first = clock.time(), True
    times.turns += 1
    try:
        async with aclosing(turn.pieces()) as pieces:
            async for piece in pieces:
                if first:
                    times.first_words.add(clock.time() - started)
                    first = False
                yield piece
        times.whole_reply.add(clock.time() - started)
    except AgentError:
        times.failed += 1
        raise
    finally:
        if turn.acknowledged_at is not None:
            times.acknowledged.add(turn.acknowledged_at - started)


def gateway_stats(link: GatewayLink, times: TurnTimes) -> GatewayStats:
    """Return what is known of a connection."""
    hello = link.hello
    return GatewayStats(
        state=link.state,
        protocol=hello.protocol if hello else None,
        server_version=hello.server_version if hello else "",
        scopes=tuple(sorted(hello.scopes)) if hello and hello.scopes is not None else None,
        error=str(link.error) if link.error else "",
        reconnects=max(0, link.connections - 1),
        lost_events=link.lost_events,
        turns=times.turns,
        failed_turns=times.failed,
        acknowledged=times.acknowledged.summary(),
        first_words=times.first_words.summary(),
        whole_reply=times.whole_reply.summary(),
    )
