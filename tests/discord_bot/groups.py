"""davey sessions in one encrypted group: the bot's, and those of people who talk to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import davey

from tests.peers.discord.delivery import DaveGroup, append_body
from tests.peers.discord.mls import parse_commit, parse_key_package

BOT, ANN = 111, 2001
CHANNEL = 700


@dataclass
class Call:
    """What discord.py would know; a :class:`discord_bot.dave.DaveState`."""

    dave_session: davey.DaveSession | None = None
    dave_protocol_version: int = 1
    dave_pending_transitions: Mapping[int, int] = field(default_factory=dict)


def pair() -> tuple[davey.DaveSession, davey.DaveSession]:
    """Return the bot's session and Ann's, in one group."""
    bot, (ann,) = group_of(ANN)
    return bot, ann


def group_of(*user_ids: int) -> tuple[davey.DaveSession, list[davey.DaveSession]]:
    """Return the bot's session and those of others, all in one group."""
    group = DaveGroup(CHANNEL)
    bot, *others = (davey.DaveSession(1, one, CHANNEL) for one in (BOT, *user_ids))
    for session in (bot, *others):
        session.set_external_sender(group.external_sender())
    packages = [parse_key_package(one.get_serialized_key_package()) for one in others]
    bot.get_serialized_key_package()
    body = append_body([group.propose_add(package) for package in packages])
    result = bot.process_proposals(davey.ProposalsOperationType.append, body[1:])
    assert result is not None
    assert result.welcome is not None
    commit = parse_commit(result.commit + result.welcome)
    assert commit.welcome is not None
    bot.process_commit(commit.message)
    for session in others:
        session.process_welcome(commit.welcome)
    return bot, others
