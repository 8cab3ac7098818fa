"""What is measured of a schedule that is shown, with a measurer that answers at once."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from autotune.analysis import compile_found, measure_found
from autotune.measure.measurer import Candidate, Comparison, Peaks
from autotune.measure.outcome import Measurement, Outcome
from schedules import lookup
from tensorlang.errors import TuningError
from tensorlang.inspection import Measured
from tensorlang.nn import Gemm
from tests.autotune.fakes import FakeMeasurer

FOUND = lookup(Gemm(48, 32, 16), threads=1, databases=())


class _Measurer(FakeMeasurer):
    peak: Peaks | None = Peaks(100.0, 10.0)
    failure: Measurement | None = None

    def compare(self, contenders: Mapping[str, Candidate], rounds: int) -> Comparison:
        if self.failure:
            return Comparison({}, dict.fromkeys(contenders, self.failure))
        return Comparison(dict.fromkeys(contenders, (0.003, 0.002)), {})

    def peaks(self, threads: int) -> Peaks | None:
        return self.peak


def test_the_least_time_counts() -> None:
    assert measure_found(FOUND, 1, _Measurer()) == Measured(2e-3, 100.0, 10.0)


def test_what_cannot_be_timed_is_an_error() -> None:
    measurer = _Measurer()
    measurer.failure = Measurement(Outcome.WRONG_ANSWER, detail="off by one")
    with pytest.raises(TuningError) as caught:
        measure_found(FOUND, 1, measurer)
    assert str(caught.value) == f"{FOUND.layer.workload} cannot be timed: wrong_answer: off by one."


def test_peaks_that_cannot_be_measured_are_an_error() -> None:
    measurer = _Measurer()
    measurer.peak = None
    with pytest.raises(TuningError) as caught:
        measure_found(FOUND, 1, measurer)
    assert str(caught.value) == (
        "The peaks of this machine could not be measured.\n  hint        autotune doctor says more"
    )


def test_what_is_found_is_compiled_for_its_shape() -> None:
    assert compile_found(FOUND).outputs[0].shape == (48, 32)
