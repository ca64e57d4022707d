from __future__ import annotations

from server.scenes.figures import Percentiles, percentiles, share


def test_percentiles_lie_between_the_nearest_values():
    assert percentiles([0.1, 0.2, 0.3]) == Percentiles(200, 290)
    assert percentiles([]) is None


def test_a_share_of_nothing_is_not_a_number():
    assert share([True, False, False]) == 0.3333
    assert share([]) is None
