"""Makes a failing case small, in its own process: ``python -m tensorlang.fuzz.shrinker CASE KIND SECONDS [PLANT]``."""

from __future__ import annotations

import importlib
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.errors import HypothesisException

from tensorlang.fuzz.case import Case, parse_case
from tensorlang.fuzz.chance import Chance
from tensorlang.fuzz.isolation import run_apart
from tensorlang.fuzz.pair import PATIENCE_S, Attempt, Kind, Outcome, as_outcome
from tensorlang.fuzz.patience import TooSlowError, limited
from tensorlang.fuzz.reproducer import write_test

_TIMEOUT_S = 30.0


class _Defect(Exception):
    """The pair still fails in the same way."""


def shrink(case: Case, kind: Kind, seconds: float) -> tuple[Attempt, Outcome]:
    """The pair with the shortest test that ends as `kind` and that Hypothesis finds in the time, or the case itself."""
    best: list[tuple[Attempt, Outcome]] = []
    deadline_s: list[float] = []

    def is_better(found: tuple[Attempt, Outcome]) -> bool:
        # Hypothesis prefers fewer and simpler choices, which on the way may make more code.
        return found[1].kind is kind and len(write_test(case, *found)) <= len(write_test(case, *best[0]))

    def once(data: Any) -> None:
        if deadline_s and time.monotonic() > deadline_s[0]:
            return
        found = _play_apart(Chance(data.draw), case)
        if not best or is_better(found):
            best[:] = [found]
        if found[1].kind is kind and kind.is_failure:
            raise _Defect

    with tempfile.TemporaryDirectory(prefix="tensorlang-shrink-") as folder:
        run = settings(
            database=DirectoryBasedExampleDatabase(folder),
            phases=[Phase.reuse, Phase.shrink],
            deadline=None,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            print_blob=False,
        )(given(st.data())(once))
        try:
            # The failing choices are kept in the database, from which the run begins.
            run.hypothesis.fuzz_one_input(case.entropy())  # type: ignore[attr-defined]
        except _Defect:
            deadline_s.append(time.monotonic() + seconds)
            try:
                run()
            except (_Defect, HypothesisException):
                # The second is raised where the deadline makes the last failure look like luck.
                return best[0]
    return best[0]


def _play_apart(chance: Chance, case: Case) -> tuple[Attempt, Outcome]:
    attempt = Attempt()
    try:
        with limited(2 * PATIENCE_S):
            attempt.draw(chance, case.goals)
    except TooSlowError:
        return attempt, Outcome(Kind.SLOW)
    except Exception as defect:  # noqa: BLE001 - a legal pair raises nothing, so whatever it raises is to be reported
        return attempt, as_outcome(defect)
    return attempt, run_apart(attempt, _TIMEOUT_S)


def main(arguments: Sequence[str]) -> None:
    """Print the test."""
    case, kind, seconds = parse_case(arguments[0]), Kind(arguments[1]), float(arguments[2])
    for argument in arguments[3:]:
        module, _, name = argument.partition(":")
        importlib.import_module(module).plant(name)
    print(write_test(case, *shrink(case, kind, seconds)))


if __name__ == "__main__":
    main(sys.argv[1:])
