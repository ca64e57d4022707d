"""The link by which a server's owner invites the bot, with the rights that it needs."""

from __future__ import annotations

import discord
from discord.utils import oauth_url

PERMISSIONS = discord.Permissions(
    view_channel=True,
    connect=True,
    speak=True,
    use_voice_activation=True,
    send_messages=True,
    embed_links=True,
)
"""Hear and speak in voice channels, and post in their chats what is to be read.

Read Message History is not among them: the bot reads no messages. Attach Files, with which a very
long reply is one file instead of many messages, mostly everybody has. Mute Members (to speak on a
stage) and Move Members (to enter a full channel) are for those who want that to give.
"""

_SCOPES = ("bot", "applications.commands")


def invite_link(application_id: int) -> str:
    """Return the page on which people choose the server that the bot joins."""
    return oauth_url(application_id, permissions=PERMISSIONS, scopes=_SCOPES)
