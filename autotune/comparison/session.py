"""A comparison on this machine, from layers to runs: what the commands do but for printing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from time import monotonic

from autotune.comparison.exhaustive import Exhausted, exhaust, legal_points, restrict
from autotune.comparison.finals import Finals, hold_finals
from autotune.comparison.measurements import Measurements, measurements_path
from autotune.comparison.runs import Variant, search
from autotune.measure.exclusive import exclusive_measurer
from autotune.measure.measurer import Measurer
from autotune.networks import NetworkLayer
from autotune.problem import LayerProblem, layer_problem
from autotune.toolchain import find_toolchain
from schedules import Database, Hardware, Knobs
from schedules.prefilter import find_objection
from tensorlang.codegen import host_target
from tensorlang.errors import TuningError


@dataclass(frozen=True)
class Compared:
    """A comparison.

    Attributes
    ----------
    finals : tuple of Finals
        One for each layer whose default could be timed.
    measured : int
        Schedules that had to be measured in the searches; the others were known.
    searched_s : float
        Wall-clock time of the searches [s].
    """

    finals: tuple[Finals, ...]
    measured: int
    searched_s: float


def compare_samplers(
    layers: Sequence[NetworkLayer],
    threads: int,
    variants: Sequence[Variant],
    seeds: Sequence[int],
    trials: int,
    begin: Callable[[str], None],
) -> Compared:
    """Search the layers once for every variant and seed, then time the best of each layer again, in turns.

    Parameters
    ----------
    layers : sequence of NetworkLayer
    threads : int
        From `autotune.session.check_threads`.
    variants : sequence of Variant
    seeds : sequence of int
    trials : int
        Candidates of each search.
    begin : callable
        Told of each search over the layers before it begins, and of each layer whose best are timed again.

    Notes
    -----
    Every search starts from the heuristic default alone: what earlier tuning recorded differs from machine to machine.
    """
    with exclusive_measurer() as measurer:
        problems = [_cold_problem(layer, threads) for layer in layers]
        measures = [_measurements(problem, measurer) for problem in problems]
        searches, started = [], monotonic()
        for seed in seeds:
            for variant in variants:
                begin(f"{variant}, seed {seed}")
                searches.append(list(search(problems, measures, variant, seed, trials)))
        searched_s, finals = monotonic() - started, []
        for problem, runs in zip(problems, zip(*searches, strict=True), strict=True):
            begin(f"the best of {problem.layer.name} again")
            finals.append(hold_finals(problem, runs, measurer))
        measured = sum(measure.made for measure in measures)
        return Compared(tuple(found for found in finals if found is not None), measured, searched_s)


def exhaust_layer(
    layer: NetworkLayer,
    threads: int,
    knobs: Sequence[str],
    most: int,
    begin: Callable[[int], Callable[[Knobs], None]],
) -> tuple[LayerProblem, Exhausted]:
    """Measure every legal point of a layer's space, or of some knobs of it.

    Parameters
    ----------
    layer : NetworkLayer
    threads : int
        From `autotune.session.check_threads`.
    knobs : sequence of str
        Knobs to vary, the others as the default has them; all if empty.
    most : int
        Points beyond which it refuses to begin.
    begin : callable
        Told the number of points; returns what is told each point before it is measured.

    Raises
    ------
    TuningError
        If there are more points than `most`, or no such knob.
    """
    problem = restrict(_cold_problem(layer, threads), knobs)
    points = list(islice(legal_points(problem), most + 1))
    if len(points) > most:
        raise TuningError(
            f"{layer.name} has more than {most} legal points.",
            rule="all of them are measured",
            hint="vary fewer knobs with --knobs, or allow more with --most",
        )
    with exclusive_measurer() as measurer:
        measure = _measurements(problem, measurer)
        return problem, exhaust(points, measure, partial(objection_to, problem), begin(len(points)))


def objection_to(problem: LayerProblem, knobs: Knobs) -> str:
    """Why the pre-filter puts a point last on this machine; "" if it does not."""
    workload, default = problem.layer.workload, problem.default
    return find_objection(workload, problem.family, knobs, default, host_target(), problem.threads)


def _cold_problem(layer: NetworkLayer, threads: int) -> LayerProblem:
    problem = layer_problem(layer, host_target(), Hardware.here(threads))
    return replace(problem, starts=(), incumbent=None)


def _measurements(problem: LayerProblem, measurer: Measurer) -> Measurements:
    directory = Database.user().directory.parent / "measurements"
    return Measurements(problem, measurer, measurements_path(directory, problem, find_toolchain()))
