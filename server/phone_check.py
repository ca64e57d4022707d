"""The checks of ``doctor`` for the telephone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

import httpx

from pipeline.clock import LoopClock
from server.doctor import Finding, Outcome
from server.phone.config import PhoneConfig
from server.phone.config_providers import OpenAIConfig, TwilioConfig
from server.phone.provider.our_number import OurNumber
from server.phone.provider.twilio import ProviderError, TwilioCalls
from server.phone.public.app import STATUS, VOICE
from server.phone.security.public_url import PublicUrl

_OPENAI_PATIENCE = 10.0
"""Seconds until OpenAI, or whoever stands at the public address, answers."""


async def check_phone(
    config: PhoneConfig, transport: httpx.AsyncBaseTransport | None = None
) -> Finding:
    """Ask Twilio for our number, and see whether its calls come here. Cancelling is safe.

    Args:
        config: The telephone's settings.
        transport: How Twilio and the public address are reached; ``None`` for the network.

    """
    twilio = config.twilio
    if not config.enabled:
        return Finding(Outcome.SKIPPED, "phone.enabled is off")
    missing = twilio.missing()
    if twilio.account_sid is None and twilio.from_number is None:
        return Finding(Outcome.SKIPPED, "TWILIO_ACCOUNT_SID is not set", "see docs/phone.md")
    if config.public.base_url is None:
        missing = (*missing, "PUBLIC_URL")
    if missing:
        return Finding(Outcome.FAILED, f"not set: {', '.join(missing)}", "see docs/phone.md")
    async with httpx.AsyncClient(transport=transport) as client:
        return await _Checks(config, client).run()


@dataclass(frozen=True, slots=True)
class _Checks:
    """Checks of a telephone that is configured."""

    config: PhoneConfig
    client: httpx.AsyncClient

    async def run(self) -> Finding:
        """Return the worst there is to be told."""
        checks: list[Callable[[], Awaitable[Finding | None]]] = [self._number, self._address]
        if self.config.engine == "realtime":
            checks.append(self._model)
        found = [finding for check in checks if (finding := await check()) is not None]
        for outcome in (Outcome.FAILED, Outcome.WARNING):
            for finding in found:
                if finding.outcome is outcome:
                    return finding
        return Finding(
            Outcome.OK,
            f"{self.config.twilio.from_number} at {self.config.public.base_url},"
            f" engine {self.config.engine}",
        )

    async def _number(self) -> Finding | None:
        number = self.config.twilio.from_number or ""
        try:
            ours = await twilio_calls(self.config.twilio, self.client).our_number(number)
        except ProviderError as error:
            return Finding(Outcome.FAILED, str(error))
        if ours is None:
            return Finding(
                Outcome.WARNING,
                f"{number} is not a number of this Twilio account: it can at best call out",
                "set TWILIO_PHONE_NUMBER to one of the account's numbers",
            )
        return number_finding(number, ours, PublicUrl.parse(self.config.public.base_url or ""))

    async def _address(self) -> Finding | None:
        public = PublicUrl.parse(self.config.public.base_url or "")
        fix = "start the service (uv run run.py) and your tunnel to phone.public.port"
        try:
            answer = await self.client.get(public.url("/health"), timeout=_OPENAI_PATIENCE)
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            return Finding(Outcome.WARNING, f"nobody answers at PUBLIC_URL ({reason})", fix)
        if answer.status_code != HTTPStatus.OK or answer.text.replace(" ", "") != '{"ok":true}':
            return Finding(Outcome.WARNING, "something else answers at PUBLIC_URL", fix)
        if (problem := public.problem()) is not None:
            return Finding(Outcome.WARNING, problem, "set PUBLIC_URL to what your tunnel says")
        return None

    async def _model(self) -> Finding | None:
        return await _check_model(self.config.openai, self.client)


def twilio_calls(config: TwilioConfig, client: httpx.AsyncClient) -> TwilioCalls:
    """Return the account's REST interface."""
    return TwilioCalls(config, client, LoopClock(), lambda: datetime.now(UTC))


def number_finding(number: str, ours: OurNumber, public: PublicUrl) -> Finding | None:
    """Return what is wrong with how Twilio treats our number; ``None`` when its calls come here."""
    wanted = public.url(VOICE)
    fix = (
        "in the Twilio Console, at the number, Voice Configuration: a call comes in: Webhook,"
        f" {wanted}, HTTP POST; call status changes: {public.url(STATUS)}, HTTP POST"
    )
    if ours.voice_application:
        message = f"calls to {number} go to an application or trunk at Twilio, and not here"
        return Finding(Outcome.FAILED, message, fix)
    if ours.voice_url.rstrip("/") not in {wanted, public.url(f"{VOICE}/twiml")}:
        goes = f"to {ours.voice_url}, and not here" if ours.voice_url else "nowhere"
        return Finding(Outcome.FAILED, f"calls to {number} go {goes}", fix)
    if ours.voice_method != "POST":
        return Finding(Outcome.FAILED, f"calls to {number} come by {ours.voice_method}", fix)
    if ours.status_url.rstrip("/") != public.url(STATUS):
        message = f"that a call to {number} is over is not reported here: it is noticed later"
        return Finding(Outcome.WARNING, message, fix)
    return None


async def _check_model(config: OpenAIConfig, client: httpx.AsyncClient) -> Finding | None:
    key = config.api_key.get_secret_value() if config.api_key else ""
    try:
        answer = await client.get(
            f"{config.base_url}/models",
            headers={"Authorization": f"Bearer {key}"},
            timeout=_OPENAI_PATIENCE,
        )
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        return Finding(Outcome.FAILED, f"OpenAI cannot be reached ({reason})", "check the network")
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        return Finding(Outcome.FAILED, "OpenAI refuses OPENAI_API_KEY", "set it anew in .env")
    if not answer.is_success:
        return Finding(Outcome.WARNING, f"OpenAI answers with {answer.status_code}", "try later")
    try:
        models = {str(one["id"]) for one in answer.json()["data"]}
    except (ValueError, TypeError, KeyError):
        return Finding(
            Outcome.WARNING, "OpenAI's answer is not understood", "look at phone.openai.base_url"
        )
    if config.usable_model not in models:
        return Finding(
            Outcome.FAILED,
            f"OpenAI has no model {config.usable_model} for this key",
            "choose another with phone.openai.model",
        )
    return None
