"""Where the arrays of timed kernels lie: elsewhere each time, in the same place for all that are compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autotune.measure import jobs
from autotune.measure.measurer import Candidate
from autotune.measure.outcome import Outcome
from autotune.measure.subjects import Subject, subject_of
from autotune.measure.timed_arrays import make_timed_arrays
from schedules import lookup
from tensorlang.nn import Gemm, Workload
from tensorlang.runtime.buffers import address
from tensorlang.runtime.kernel import Kernel
from tests.autotune.wrapped_kernel import WrappedKernel

SMALL, LARGE, HUGE = Gemm(8, 16, 8), Gemm(2048, 16, 1200), Gemm(1 << 19, 16, 32)


class Watched(WrappedKernel):
    """A kernel that notes where its arrays lie whenever it is bound, and computes nothing then if it is lazy."""

    def __init__(self, kernel: Kernel, places: list[tuple[int, ...]], is_lazy: bool = False) -> None:
        super().__init__(kernel)
        self._places = places
        self._is_lazy = is_lazy

    def bare(self, **arguments: Any) -> Callable[[], object]:
        arrays = [value for value in arguments.values() if isinstance(value, np.ndarray)]
        self._places.append(tuple(map(address, arrays)))
        call = self.kernel.bare(**arguments)
        return (lambda: None) if self._is_lazy else call


def request(workload: Workload, **fields: object) -> dict[str, Any]:
    schedule = lookup(workload, threads=1, databases=()).schedule.to_json()
    return {**Candidate(workload.to_json(), schedule, threads=1).to_message(), **fields}


def watch(monkeypatch: pytest.MonkeyPatch, **options: bool) -> list[tuple[int, ...]]:
    places: list[tuple[int, ...]] = []
    compile_subject = Subject.compile
    monkeypatch.setattr(Subject, "compile", lambda *given: Watched(compile_subject(*given), places, **options))
    return places


@pytest.mark.parametrize(("workload", "count"), [(SMALL, 10), (LARGE, 6), (HUGE, 1)], ids=str)
def test_as_many_places_as_fit_a_bound(workload: Workload, count: int) -> None:
    subject = subject_of(workload.to_json())
    kernel = subject.compile(request(workload)["schedule"])
    found = make_timed_arrays(subject, kernel.outputs)
    assert len(found.places) == count
    arrays = [array for place in found.places for array in (*place.data.values(), *place.outputs)]
    assert all(isinstance(array, np.ndarray) and address(array) % 64 == 0 for array in arrays)
    spans = sorted((address(array), array.nbytes) for array in arrays if isinstance(array, np.ndarray))
    assert all(start + size <= after for (start, size), (after, _) in zip(spans, spans[1:], strict=False))
    assert all(equal(place.data, found.places[0].data) for place in found.places)
    assert not found.places[0].data.keys() & found.weights.keys()


def equal(one: Any, other: Any) -> bool:
    return bool(one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one))


def test_candidate_is_timed_in_all_places(monkeypatch: pytest.MonkeyPatch) -> None:
    places = watch(monkeypatch)
    assert jobs.measure(request(SMALL), lambda *_: None)["outcome"] is Outcome.OK
    assert len(set(places)) == 10


def test_contenders_of_a_round_share_its_place_and_rounds_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    places = watch(monkeypatch)
    schedule = request(SMALL)["schedule"]
    reply = jobs.compare(request(SMALL, schedules={"a": schedule, "b": schedule}, rounds=3), lambda *_: None)
    assert reply["outcome"] is Outcome.OK
    timed = places[:6]
    assert timed[0::2] == timed[1::2]
    assert len(set(timed)) == 3


def test_kernel_that_leaves_the_answer_of_another_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    watch(monkeypatch, is_lazy=True)
    schedule = request(SMALL)["schedule"]
    reply = jobs.compare(request(SMALL, schedules={"lazy": schedule}, rounds=1), lambda *_: None)
    assert (reply["outcome"], reply["about"]) == (Outcome.WRONG_ANSWER, "lazy")


def test_spoilt_outputs_are_no_numbers() -> None:
    subject = subject_of(SMALL.to_json())
    (place, *_) = make_timed_arrays(subject, subject.compile(request(SMALL)["schedule"]).outputs).places
    place.spoil()
    assert np.isnan(place.outputs[0]).all()
