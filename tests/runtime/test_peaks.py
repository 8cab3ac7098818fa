"""Peaks: how rounds become one number, and that the numbers are of a machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from tensorlang.runtime.peaks import best_of_rounds, measure_fma_peak_gflops, measure_read_bandwidth_gbs


class Machine:
    """Rounds that take a second each and give the rates told; the last one for ever."""

    def __init__(self, rates: Iterable[float]) -> None:
        self.rates = list(rates)
        self.rounds = 0
        self.now_s = 0.0

    def measure(self) -> float:
        self.now_s += 1.0
        self.rounds += 1
        return self.rates[min(self.rounds, len(self.rates)) - 1]

    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    def best(self, longest_s: float = 20.0) -> float:
        return best_of_rounds(self.measure, longest_s=longest_s, clock=lambda: self.now_s, pause=self.wait)


def test_rounds_that_agree_are_few() -> None:
    machine = Machine([117.0, 116.5, 117.2, 116.9])
    assert (machine.best(), machine.rounds) == (117.2, 4)


def test_disturbed_rounds_do_not_count() -> None:
    machine = Machine([81.0, 60.0, 117.0, 117.0, 90.0, 117.1])
    assert (machine.best(), machine.rounds) == (117.1, 6)


def test_best_that_stands_alone_is_not_trusted_until_others_come_near() -> None:
    machine = Machine([19.0, 19.0, 60.0, 19.0, 235.0, 235.0, 235.0])
    assert (machine.best(), machine.rounds) == (235.0, 7)


def test_rounds_that_never_agree_end_in_time() -> None:
    machine = Machine([10.0 * 1.1**n for n in range(100)])
    assert machine.best(longest_s=10.0) == max(machine.rates[: machine.rounds])
    assert machine.rounds == 10
    assert machine.now_s < 12.0


def test_least_number_of_rounds_is_taken_however_long_they_are() -> None:
    machine = Machine([1.0, 2.0, 3.0, 4.0])
    assert (machine.best(longest_s=0.0), machine.rounds) == (4.0, 4)


@pytest.mark.parametrize(
    ("measure", "least", "most"), [(measure_fma_peak_gflops, 1.0, 10_000.0), (measure_read_bandwidth_gbs, 0.1, 1_000.0)]
)
def test_peaks_are_of_a_machine_of_this_century(measure: Callable[[], float], least: float, most: float) -> None:
    assert least < measure() < most
