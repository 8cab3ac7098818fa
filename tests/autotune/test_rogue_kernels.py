"""Machine code that never ends, writes where it should not or computes nonsense is an outcome, and the run goes on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from autotune.measure.limits import Limits
from autotune.measure.local import LocalMeasurer
from autotune.measure.measurer import Candidate
from autotune.measure.outcome import Measurement, Outcome, Phase
from schedules import lookup
from tensorlang.nn import Gemm

WORKLOAD = Gemm(8, 16, 8)
SCHEDULE = lookup(WORKLOAD, threads=1, databases=()).schedule.to_json()
WORKER = Path(__file__).with_name("rogue_worker.py")
LIMITS = Limits({Phase.START: 60.0, Phase.COMPILE: 60.0, Phase.ORACLE: 60.0, Phase.CHECK: 3.0, Phase.TIME: 60.0})

FAULTS = {
    "endless": (Outcome.RUN_TIMEOUT, "no end after 3 s of check"),
    "far outside": (Outcome.CRASH, "killed by SIGSEGV"),
    "one beyond the end": (Outcome.CRASH, "killed by SIGSEGV"),
    "one before the start": (Outcome.CRASH, "killed by SIGSEGV"),
    "wrong": (
        Outcome.WRONG_ANSWER,
        "out, with small integers of seed 0: 1 of 128 elements are wrong, the first at [1, 1]: got 12345.0, expected",
    ),
    "nan": (
        Outcome.WRONG_ANSWER,
        "out, with small integers of seed 0: 1 of 128 elements are wrong, the first at [7, 15]: got nan, expected",
    ),
    "nothing": (Outcome.WRONG_ANSWER, "out, with small integers of seed 0: 128 of 128 elements are wrong"),
    "half": (Outcome.WRONG_ANSWER, "out has shape (4, 16), expected (8, 16)"),
}


def candidate(fault: str) -> Candidate:
    return Candidate(WORKLOAD.to_json(), f"{fault}:{SCHEDULE}", threads=1, limits=LIMITS)


def test_every_fault_is_its_outcome_and_the_last_candidate_is_fine() -> None:
    with LocalMeasurer([sys.executable, str(WORKER), str(1 << 30)]) as measurer:
        found: dict[str, Measurement] = {fault: measurer.measure(candidate(fault)) for fault in (*FAULTS, "none")}
    assert found["none"].outcome is Outcome.OK, found["none"].detail
    assert {fault: found[fault].outcome for fault in FAULTS} == {
        fault: outcome for fault, (outcome, _) in FAULTS.items()
    }
    for fault, (_, detail) in FAULTS.items():
        assert found[fault].detail.startswith(detail), fault


@pytest.mark.parametrize("fault", ["far outside", "nan"])
def test_contender_that_goes_wrong_leaves_the_rest_to_be_compared(fault: str) -> None:
    contenders = {"default": candidate("none"), "rogue": candidate(fault), "again": candidate("none")}
    with LocalMeasurer([sys.executable, str(WORKER), str(1 << 30)]) as measurer:
        comparison = measurer.compare(contenders, rounds=2)
    assert list(comparison.samples_s) == ["default", "again"]
    assert comparison.failures["rogue"].outcome is FAULTS[fault][0]
