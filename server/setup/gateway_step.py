"""The OpenClaw Gateway: looked for, and asked for where it is not found."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from openclaw_client import (
    AgentInfo,
    CredentialsError,
    DeviceRefusedError,
    GatewayConnectionError,
    OpenClawConfig,
    PairingRequiredError,
    ScopeMissingError,
)
from server.config import Config, is_loopback
from server.roster import RosterError, gateway_roster
from server.setting_paths import SettingPath
from server.setup.gateway_search import FoundGateway, find_gateway, wait_for_approval
from server.setup.local_gateway import LocalGateway
from server.setup.step import Dialogue, StepResult

_ADDRESS = "base_url"
_AGENT = "agent_id"
_TOKEN = "auth_token"  # noqa: S105 - the name of a setting
_PASSWORD = "password"  # noqa: S105 - the name of a setting

_NONE_FOUND = (
    "no OpenClaw Gateway is set and none was found: set OPENCLAW_BASE_URL, and OPENCLAW_AUTH_TOKEN"
)


def set_gateway_up(config: Config, dialogue: Dialogue, local: LocalGateway) -> StepResult:
    """Find a Gateway that lets us in, unless a chat server answers in its place.

    Args:
        config: Where the Gateway is, if that is known already.
        dialogue: Asks for what is missing.
        local: The Gateway that may run on this machine.

    """
    if config.chat.base_url is not None:
        dialogue.say("Agent: the chat server of chat.base_url answers.")
        return StepResult()
    return GatewayStep(config, dialogue, local).run()


class GatewayStep:
    """The search for a Gateway; its arguments are those of :func:`set_gateway_up`."""

    def __init__(self, config: Config, dialogue: Dialogue, local: LocalGateway) -> None:
        self._config = config
        self._dialogue = dialogue
        self._local = local
        address = config.openclaw.base_url or local.address
        self._openclaw = config.openclaw.model_copy(update={_ADDRESS: address})
        self._offered = False

    def run(self) -> StepResult:
        """Look, and ask, until there is a Gateway or the person wants none."""
        while True:
            try:
                return self._chosen(self._find())
            except CredentialsError as error:
                self._dialogue.say(f"Gateway: {error.args[0]}.")
                if not self._other_credentials(error):
                    return self._unusable(error)
            except (PairingRequiredError, ScopeMissingError) as error:
                return StepResult(self._values(), problem=f"{error.args[0]}. {error.fix}")
            except DeviceRefusedError as error:
                return self._unusable(error)
            except GatewayConnectionError as error:
                self._dialogue.say(f"Gateway: {error.args[0]}.")
                if not self._other_address():
                    return self._unusable(error)

    def _find(self) -> FoundGateway:
        """Connect; wait for the approval where one is needed and somebody is there."""
        config = self._config.model_copy(update={"openclaw": self._openclaw})
        try:
            return asyncio.run(find_gateway(config))
        except (PairingRequiredError, ScopeMissingError) as error:
            if not self._dialogue.attended:
                raise
            self._dialogue.say(
                "Gateway: it does not know this program yet, and waits for your word."
            )
            self._dialogue.say("This goes on by itself then; Ctrl-C goes on without the Gateway.")
            try:
                return asyncio.run(wait_for_approval(config, self._tell))
            except KeyboardInterrupt:
                self._dialogue.say()
                raise error from None

    def _tell(self, news: str) -> None:
        self._dialogue.say(f"Gateway: {news}")

    def _other_credentials(self, refusal: CredentialsError) -> bool:
        """Get another token or password; return whether there is one."""
        password = "gateway password" in str(refusal)
        name, what = (_PASSWORD, "password") if password else (_TOKEN, "token")
        secret = "" if self._offered else self._local_credentials(password=password)
        if not secret:
            question = f"The Gateway's {what}, not shown while you type (empty: leave it): "
            secret = self._dialogue.ask_secret(question).strip()
        if secret:
            self._openclaw = self._openclaw.model_copy(update={name: SecretStr(secret)})
        return bool(secret)

    def _local_credentials(self, *, password: bool) -> str:
        """Offer, once, what OpenClaw's own settings hold; it is for no other machine's Gateway."""
        if not is_loopback(urlsplit(self._openclaw.base_url or "").hostname or ""):
            return ""
        secret = self._local.credentials_for(self._openclaw, password=password)
        self._offered = bool(secret)
        what = "password" if password else "token"
        question = f"OpenClaw's settings on this machine hold a {what}. Use it? [y/n] "
        return secret if secret and self._dialogue.agrees(question) else ""

    def _other_address(self) -> bool:
        """Ask for another address; return whether there is one."""
        kept = self._config.openclaw.base_url
        without = "leave it" if kept else "none for now"
        while True:
            text = self._dialogue.ask(
                f"Address of your Gateway, such as ws://192.168.1.5:18789 (empty: {without}): "
            ).strip()
            if not text:
                return False
            try:
                address = OpenClawConfig(
                    base_url=text if "://" in text else f"ws://{text}"
                ).base_url
            except ValidationError as error:
                problem = error.errors()[0]["msg"].removeprefix("Value error, ")
                self._dialogue.say(f"The address {problem}.")
            else:
                self._openclaw = self._openclaw.model_copy(update={_ADDRESS: address})
                return True

    def _chosen(self, found: FoundGateway) -> StepResult:
        """Take the Gateway; ask who answers where the settings name nobody that it has."""
        known = ", ".join(agent.id for agent in found.agents) or "it does not list them"
        self._dialogue.say(
            f"Gateway: OpenClaw {found.version or 'of unknown version'} at"
            f" {self._openclaw.base_url}; agents: {known}."
        )
        try:
            config = self._config.model_copy(update={"openclaw": self._openclaw})
            gateway_roster(config, found.agents)
        except RosterError as error:
            if not (agent := self._agent_of(found.agents)):
                return StepResult(self._values(), problem=f"{error}. Set OPENCLAW_AGENT_ID")
            self._openclaw = self._openclaw.model_copy(update={_AGENT: agent})
        return StepResult(self._values())

    def _agent_of(self, agents: tuple[AgentInfo, ...]) -> str:
        ids = {agent.id.lower() for agent in agents}
        while True:
            answer = self._dialogue.ask("Which of them answers when nobody is named? ")
            answer = answer.strip().lower()
            if not answer or answer in ids:
                return answer
            self._dialogue.say(f"The Gateway has no agent {answer!r}.")

    def _unusable(self, error: GatewayConnectionError) -> StepResult:
        if self._config.openclaw.base_url is None and not isinstance(
            error, CredentialsError | DeviceRefusedError
        ):
            return StepResult(missing=_NONE_FOUND)
        return StepResult(problem=f"{error.args[0]}. {error.fix}")

    def _values(self) -> dict[SettingPath, str]:
        """Return the settings with which the Gateway let us in."""
        openclaw = self._openclaw
        secrets = {_TOKEN: openclaw.auth_token, _PASSWORD: openclaw.password}
        texts = {_ADDRESS: openclaw.base_url or "", _AGENT: openclaw.agent_id}
        texts |= {name: value.get_secret_value() for name, value in secrets.items() if value}
        return {("openclaw", name): text for name, text in texts.items() if text}
