"""Latencies are summed up in milliseconds."""

from openclaw_client.stats import Latency, LatencySamples


def test_no_samples_have_no_percentiles():
    assert LatencySamples().summary() == Latency(0, None, None)


def test_one_sample_is_both_percentiles():
    samples = LatencySamples()
    samples.add(0.25)
    assert samples.summary() == Latency(1, 250.0, 250.0)


def test_many_samples():
    samples = LatencySamples()
    for number in range(1, 101):
        samples.add(number / 1000)
    assert samples.summary() == Latency(100, 50.5, 95.05)


def test_only_the_last_samples_count():
    samples = LatencySamples()
    for number in range(1000):
        samples.add(9.0 if number < 800 else 1.0)
    assert samples.summary() == Latency(200, 1000.0, 1000.0)
