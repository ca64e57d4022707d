"""Errors say what happened and what to do."""

import inspect

import pytest

from openclaw_client import errors
from openclaw_client.errors import (
    AgentError,
    GatewayConnectionError,
    PairingRequiredError,
    Retry,
    ScopeMissingError,
    UnavailableError,
    UnknownAgentError,
)


def test_the_fix_follows_the_message():
    assert str(AgentError("It broke", fix="Mend it")) == "It broke. Mend it"
    assert str(AgentError("It broke")) == "It broke"


def test_an_unknown_agent_comes_with_those_that_are_known():
    error = UnknownAgentError("nobody", ["main", "jarvis"])
    assert error.known == ("main", "jarvis")
    assert "'nobody'" in str(error)
    assert "main, jarvis" in error.fix


def test_pairing_tells_the_command():
    assert PairingRequiredError("Wait", "r-1").fix.endswith("openclaw devices approve r-1")


def test_missing_scopes_are_named():
    assert "operator.read, operator.write" in str(
        ScopeMissingError({"operator.write", "operator.read"})
    )


def test_a_wait_may_have_a_length():
    assert UnavailableError("Starting", retry_after=0.5).retry_after == 0.5


@pytest.mark.parametrize(
    "kind",
    [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, Exception)],
)
def test_every_error_is_described_in_the_tree(kind: type[Exception]):
    assert kind.__name__ in (errors.__doc__ or "")


def test_wrong_credentials_and_versions_are_not_tried_again():
    never = {
        one.__name__ for one in GatewayConnectionError.__subclasses__() if one.retry is Retry.NEVER
    }
    assert never == {"CredentialsError", "DeviceRefusedError", "ProtocolMismatchError"}
