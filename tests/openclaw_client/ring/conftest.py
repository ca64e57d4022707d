"""One real gateway for the whole ring, and an eye on what is logged."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from openclaw_client import DeviceStore
from tests.peers.gateway_install import Installation, InstallError, cache_folder, install
from tests.peers.language_model import LanguageModel
from tests.peers.real_gateway import RealGateway

_CHANNELS = itertools.count(1)
_GATEWAYS = pytest.StashKey[list[RealGateway]]()

_LAST_LINES = 60

_SHORTEST_SECRET = 5
"""Characters; what is shorter stands in other words by chance."""


@pytest.fixture(scope="session")
def installation() -> Installation:
    try:
        return install(cache_folder())
    except InstallError as error:
        pytest.skip(f"needs a real gateway, from npm: {error}")


@pytest.fixture(scope="session")
def language_model() -> Iterator[LanguageModel]:
    with LanguageModel() as model:
        yield model


@pytest.fixture(scope="session")
def gateways(request: pytest.FixtureRequest) -> list[RealGateway]:
    """All gateways of the ring; one of them runs at a time, for each takes 1 GB."""
    return request.config.stash.setdefault(_GATEWAYS, [])


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stop the gateways after the ring's last test, and not only after the last of all."""
    ring = Path(__file__).parent
    if nextitem is None or not nextitem.path.is_relative_to(ring):
        for gateway in item.config.stash.get(_GATEWAYS, []):
            gateway.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport]:
    """Show what the gateway printed last beside a failure: it may tell why."""
    report = yield
    if report.failed:
        for gateway in item.config.stash.get(_GATEWAYS, []):
            last = "\n".join(gateway.log().splitlines()[-_LAST_LINES:])
            report.sections.append((f"Printed by gateway {gateway.version}", last))
    return report


@pytest.fixture(scope="session")
def started_gateway(
    gateways: list[RealGateway],
    installation: Installation,
    language_model: LanguageModel,
    tmp_path_factory: pytest.TempPathFactory,
) -> RealGateway:
    gateway = RealGateway(installation, tmp_path_factory.mktemp("gateway"), language_model.url)
    gateways.append(gateway)
    gateway.start()
    return gateway


@pytest.fixture
def gateway(started_gateway: RealGateway) -> RealGateway:
    """The gateway, also after a test that left it stopped."""
    if not started_gateway.running:
        started_gateway.start()
    return started_gateway


@pytest.fixture
def model(language_model: LanguageModel) -> Iterator[LanguageModel]:
    """The model, with nothing left in it of the test before."""
    language_model.asked.clear()
    yield language_model
    language_model.release()
    language_model.meanings.clear()


@pytest.fixture
def channel() -> str:
    """A channel in which nothing was said yet."""
    return f"discord:channel:{next(_CHANNELS)}"


@pytest.fixture
def session(channel: str) -> str:
    """The session of the main agent in that channel."""
    return f"agent:main:{channel}"


@pytest.fixture
def device_file(tmp_path: Path) -> Path:
    return tmp_path / "device.json"


@pytest.fixture
def device(device_file: Path) -> DeviceStore:
    """A device that no gateway knows."""
    return DeviceStore(device_file)


class _LoudRecords(logging.Handler):
    """What anybody who does not debug gets to read."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture(scope="session")
def loud_records() -> Iterator[_LoudRecords]:
    loud, root, ours = _LoudRecords(), logging.getLogger(), logging.getLogger("openclaw_client")
    ours.setLevel(logging.DEBUG)
    root.addHandler(loud)
    yield loud
    root.removeHandler(loud)
    ours.setLevel(logging.NOTSET)


@pytest.fixture(autouse=True)
def _nothing_private_is_logged(
    loud_records: _LoudRecords,
    gateways: list[RealGateway],
    language_model: LanguageModel,
    device_file: Path,
) -> Iterator[None]:
    """Look after every test for tokens, keys and words in logs above DEBUG."""
    yield
    private = {token for gateway in gateways for token in gateway.tokens}
    private |= _secrets(device_file)
    for asked in language_model.asked:
        private |= {*asked.said, "".join(asked.answered)}
    logged = "\n".join(loud_records.lines)
    loud_records.lines.clear()
    assert not [text for text in private if len(text) >= _SHORTEST_SECRET and text in logged]


def _secrets(device_file: Path) -> set[str]:
    if not device_file.exists():
        return set()
    content = json.loads(device_file.read_text())
    return {content["seed"], *content["tokens"].values()}
