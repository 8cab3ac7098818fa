"""Whatever a candidate does to its process becomes an outcome, and the next candidate is measured as if nothing was."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autotune.measure.limits import Limits
from autotune.measure.local import LocalMeasurer
from autotune.measure.measurer import Candidate
from autotune.measure.outcome import Outcome, Phase

FAKE_WORKER = Path(__file__).with_name("fake_worker.py")
QUICK = Limits(
    {Phase.START: 60.0, Phase.COMPILE: 2.0, Phase.ORACLE: 2.0, Phase.CHECK: 2.0, Phase.TIME: 2.0},
)


def fake_command(memory_bytes: int = 64 << 20) -> list[str]:
    return [sys.executable, str(FAKE_WORKER), str(memory_bytes)]


def candidate(limits: Limits = QUICK, /, **told: object) -> Candidate:
    return Candidate(workload="{}", schedule=json.dumps(told), threads=1, limits=limits)


@pytest.fixture
def measurer() -> Iterator[LocalMeasurer]:
    with LocalMeasurer(fake_command()) as it:
        yield it


def child_pid(measurer: LocalMeasurer) -> int:
    assert measurer._child is not None
    return measurer._child.pid


def test_good_candidate_brings_its_samples(measurer: LocalMeasurer) -> None:
    result = measurer.measure(candidate(time_s=0.25))
    assert (result.outcome, result.samples_s, result.minimum_s) == (Outcome.OK, (0.25, 0.25, 0.25), 0.25)
    assert result.elapsed_s > 0


CHAOS = [
    ({"do": "exit", "argument": 0}, Outcome.CRASH, "exited with code 0"),
    ({"do": "exit", "argument": 3}, Outcome.CRASH, "exited with code 3"),
    ({"do": "system_exit", "argument": 4}, Outcome.CRASH, "exited with code 4"),
    ({"do": "segfault"}, Outcome.CRASH, "killed by SIGSEGV"),
    ({"do": "abort"}, Outcome.CRASH, "killed by SIGABRT"),
    ({"do": "garbage"}, Outcome.CRASH, "the child no longer makes sense: a message of 4294967295 B"),
    ({"do": "close_channel"}, Outcome.CRASH, "the child no longer makes sense: end of stream"),
    ({"do": "wrong_reply"}, Outcome.CRASH, "the child no longer makes sense: times that are no times"),
    ({"do": "fork"}, Outcome.CRASH, "left behind 1 process"),
    ({"do": "fork_twice"}, Outcome.CRASH, "left behind 1 process"),
    ({"do": "thread"}, Outcome.CRASH, "left behind 1 thread"),
    ({"do": "pin"}, Outcome.CRASH, "left behind another CPU affinity"),
    ({"do": "ignore_sigterm"}, Outcome.RUN_TIMEOUT, "no end after 2 s of time"),
    ({"do": "oom_killed"}, Outcome.OUT_OF_MEMORY, "killed by SIGKILL"),
    ({"do": "eat_memory"}, Outcome.OUT_OF_MEMORY, "memory limit reached"),
    ({"do": "eat_memory_natively"}, Outcome.OUT_OF_MEMORY, "killed by SIGABRT"),
    ({"do": "hang", "phase": "compile"}, Outcome.COMPILE_TIMEOUT, "no end after 2 s of compile"),
    ({"do": "hang", "phase": "check"}, Outcome.RUN_TIMEOUT, "no end after 2 s of check"),
    ({"do": "hang", "phase": "time"}, Outcome.RUN_TIMEOUT, "no end after 2 s of time"),
    ({"do": "hang_in_grandchild", "phase": "time"}, Outcome.RUN_TIMEOUT, "no end after 2 s of time"),
    ({"do": "raise", "argument": "told to"}, Outcome.COMPILE_ERROR, "ZeroDivisionError: told to"),
    ({"outcome": "illegal"}, Outcome.ILLEGAL, ""),
    ({"outcome": "wrong_answer"}, Outcome.WRONG_ANSWER, ""),
]


@pytest.mark.parametrize(("told", "outcome", "detail"), CHAOS, ids=[json.dumps(told) for told, _, _ in CHAOS])
def test_chaos_is_an_outcome_and_the_next_candidate_is_fine(
    measurer: LocalMeasurer, told: dict[str, object], outcome: Outcome, detail: str
) -> None:
    result = measurer.measure(candidate(**told))
    assert (result.outcome, result.detail) == (outcome, detail)
    assert measurer.measure(candidate(time_s=0.5)).samples_s == (0.5, 0.5, 0.5)


def test_flood_of_output_neither_blocks_nor_is_kept(measurer: LocalMeasurer) -> None:
    result = measurer.measure(candidate(do="flood", argument=500))
    assert result.outcome is Outcome.OK
    assert measurer._child is not None
    assert len(measurer._child.last_words) <= 16384


def test_good_candidates_share_one_child(measurer: LocalMeasurer) -> None:
    measurer.measure(candidate())
    first = child_pid(measurer)
    measurer.measure(candidate())
    assert child_pid(measurer) == first


def test_wrong_answer_costs_the_child(measurer: LocalMeasurer) -> None:
    measurer.measure(candidate())
    first = child_pid(measurer)
    measurer.measure(candidate(outcome="wrong_answer"))
    measurer.measure(candidate())
    assert child_pid(measurer) != first


def test_crash_in_a_used_child_is_not_blamed_on_the_candidate(measurer: LocalMeasurer) -> None:
    measurer.measure(candidate())
    assert measurer.measure(candidate(do="crash_unless_fresh")).outcome is Outcome.OK


def test_child_that_cannot_start_is_infra() -> None:
    with LocalMeasurer([sys.executable, "-c", "raise SystemExit('no such luck')"]) as measurer:
        result = measurer.measure(candidate())
    assert (result.outcome, result.phase) == (Outcome.INFRA, Phase.START)
    assert result.detail == "the measuring process did not start: no such luck"


def test_program_that_is_not_there_is_infra() -> None:
    with LocalMeasurer(["/nonexistent/python"]) as measurer:
        result = measurer.measure(candidate())
    assert (result.outcome, result.detail) == (
        Outcome.INFRA,
        "the measuring process cannot be started: No such file or directory",
    )


def test_interruption_ends_the_wait_at_once() -> None:
    stopped = threading.Event()
    patient = Limits({**QUICK.phase_s, Phase.TIME: 60.0})
    with LocalMeasurer(fake_command(), interrupted=stopped.is_set) as measurer:
        measurer.measure(candidate())
        threading.Timer(0.3, stopped.set).start()
        result = measurer.measure(candidate(patient, do="hang"))
    assert (result.outcome, result.detail) == (Outcome.INFRA, "interrupted")
    assert result.elapsed_s < 10


def test_compare_drops_the_contender_that_fails(measurer: LocalMeasurer) -> None:
    contenders = {
        "default": candidate(time_s=0.2),
        "bad": candidate(compare="segfault"),
        "good": candidate(time_s=0.1),
    }
    result = measurer.compare(contenders, rounds=4)
    assert list(result.samples_s) == ["default", "good"]
    assert [len(samples) for samples in result.samples_s.values()] == [4, 4]
    assert {label: m.outcome for label, m in result.failures.items()} == {"bad": Outcome.CRASH}


def test_compare_takes_a_new_child(measurer: LocalMeasurer) -> None:
    measurer.measure(candidate())
    first = child_pid(measurer)
    measurer.compare({"default": candidate()}, rounds=2)
    assert child_pid(measurer) != first


PARENT = """
import sys
from autotune.measure.local import LocalMeasurer
from autotune.measure.measurer import Candidate

with LocalMeasurer(sys.argv[1:]) as measurer:
    measurer.measure(Candidate("{}", '{"do": "hang_with_orphans"}', 1))
"""
FAMILY = 5  # the measurer, the guard, the child, one it forked, and one that left its process group


def count_processes(mark: str) -> int:
    """How many processes have `mark` in their environment."""
    found = 0
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            found += mark.encode() in path.read_bytes()
    return found


def wait_for(is_so: Callable[[], bool], timeout_s: float = 60.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.05)
    return is_so()


def test_nobody_survives_a_measurer_that_is_killed() -> None:
    mark = f"TENSORLANG_TEST_MARK={os.getpid()}-{time.monotonic_ns()}"
    name, _, value = mark.partition("=")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), name: value}
    with subprocess.Popen([sys.executable, "-c", PARENT, *fake_command()], env=environment) as parent:
        assert wait_for(lambda: count_processes(mark) == FAMILY)
        parent.kill()
    assert wait_for(lambda: count_processes(mark) == 0)


def test_nobody_survives_a_candidate_that_hangs(measurer: LocalMeasurer, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = f"{os.getpid()}-{time.monotonic_ns()}"
    monkeypatch.setenv("TENSORLANG_TEST_MARK", mark)
    assert measurer.measure(candidate(do="hang_with_orphans")).outcome is Outcome.RUN_TIMEOUT
    assert count_processes(mark) == 0


def test_times_of_a_candidate_that_leaves_something_behind_are_not_used(measurer: LocalMeasurer) -> None:
    contenders = {"default": candidate(), "bad": candidate(compare="thread"), "good": candidate(time_s=0.5)}
    result = measurer.compare(contenders, rounds=2)
    assert list(result.samples_s) == ["default", "good"]
    assert result.failures["bad"].detail == "left behind 1 thread"
