"""Settings of the Discord bot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class DiscordConfig(BaseModel):
    """The Discord bot."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    bot_token: SecretStr | None = None
    """From the Discord Developer Portal; also DISCORD_BOT_TOKEN. Secret, environment only."""

    rejoin: bool = True
    """After a restart, come back into the voice channel in which the bot was."""

    resolve_to: (
        Annotated[str, Field(pattern=r"^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:]+\]):\d+$")] | None
    ) = None
    """Address such as 127.0.0.1:8443 at which every host of Discord is found, and nothing else is;
    for tests and proxies."""

    ca_file: Path | None = None
    """Certificates to trust instead of the system's, in PEM; for tests and proxies."""
