"""Settings of the Discord bot."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, SecretStr


class DiscordConfig(BaseModel):
    """The Discord bot."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    bot_token: SecretStr | None = None
    """From the Discord Developer Portal; also DISCORD_BOT_TOKEN. Secret, environment only."""
