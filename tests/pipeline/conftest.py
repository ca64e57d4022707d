"""Turn taking in which nothing was heard yet."""

import pytest

from pipeline.config import TurnsConfig
from pipeline.turns import TurnTaking


@pytest.fixture
def turns() -> TurnTaking:
    return TurnTaking(TurnsConfig())
