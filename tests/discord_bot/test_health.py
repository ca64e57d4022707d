from __future__ import annotations

from discord_bot.health import DeafWatch, ReceiveStats


def test_deafness_counts_from_the_first_sign() -> None:
    watch = DeafWatch()
    assert watch.deaf_for(100.0) == 0.0
    watch.receive_sign(1.0)
    watch.receive_sign(4.0)
    assert watch.deaf_for(6.0) == 5.0


def test_sound_ends_deafness() -> None:
    watch = DeafWatch()
    watch.receive_sign(1.0)
    watch.receive_sound()
    assert watch.deaf_for(6.0) == 0.0
    watch.receive_sign(7.0)
    assert watch.deaf_for(8.0) == 1.0


def test_stats_of_a_fresh_connection_are_empty() -> None:
    stats = ReceiveStats()
    assert (stats.packets, dict(stats.dave_failures), stats.last_heard_at) == (0, {}, None)
