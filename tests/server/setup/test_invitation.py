"""The link asks for what the bot needs, and for no more."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import discord

from server.setup.invitation import invite_link


def test_the_link_names_the_application_and_its_rights() -> None:
    link = urlsplit(invite_link(123456789012345678))
    asked = parse_qs(link.query)
    assert f"{link.scheme}://{link.netloc}{link.path}" == "https://discord.com/oauth2/authorize"
    assert asked["client_id"] == ["123456789012345678"]
    assert asked["scope"] == ["bot applications.commands"]
    rights = discord.Permissions(int(asked["permissions"][0]))
    assert {name for name, given in rights if given} == {
        "read_messages",  # View Channels
        "connect",
        "speak",
        "use_voice_activation",
        "send_messages",
        "embed_links",
    }
