"""`autotune.tune`: the fastest schedule of any Func, from a schedule with holes or from the generic space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from autotune.budget import Budget
from autotune.duration import parse_duration
from autotune.measure.exclusive import exclusive_measurer
from autotune.measure.subjects import Subject
from autotune.program_problem import program_problem
from autotune.program_search import ProgramSearch, TuningResult
from autotune.session import check_threads
from autotune.spaces import holes_space, point_of
from autotune.stopping import StopRequest
from autotune.storage import open_storage, storage_errors
from autotune.trials import Trial
from schedules import Hardware, ScheduleSpace, generic_space
from tensorlang.bounds.shapes import infer_output_shapes
from tensorlang.errors import ScheduleError, TensorlangError, TuningError, caller_location
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.func import Func
from tensorlang.lang.input import Input
from tensorlang.lang.param import Param
from tensorlang.lang.shapes import ShapeLike, given_shapes
from tensorlang.schedule import Schedule
from tensorlang.schedule.knobs import ChoiceLike


def tune(
    output: Func | Sequence[Func],
    schedule: Schedule | ScheduleSpace | None = None,
    *,
    inputs: Sequence[Input | Param] | None = None,
    shape: ShapeLike | None = None,
    threads: int | None = None,
    budget: float | str = "60s",
    trials: int | None = None,
    seed: int = 0,
    baseline: Schedule | Mapping[str, ChoiceLike] | None = None,
    storage: str | None = None,
    notify: Callable[[Trial], None] = lambda trial: None,
) -> TuningResult:
    """Find the fastest schedule on this machine: fill the holes of one, and leave the rest of it, or search for any.

    Every candidate is compiled, compared with the reference and then timed, in a child process that is ended when it
    takes too long or too much memory; nothing that a candidate does ends the search. The best few are at last timed
    against the baseline, in turns, in a new process.

    Parameters
    ----------
    output : Func or sequence of Func
        What is computed.
    schedule : Schedule or ScheduleSpace, optional
        With holes: see `tensorlang.knob`. Without one the `generic_space` of the output is searched.
    inputs, shape : optional
        As for `tensorlang.compile`.
    threads : int, optional
        Threads that kernels run with; by default all cores.
    budget : float or str
        Wall-clock time of the search, as ``90`` or ``"1m30s"`` [s].
    trials : int, optional
        Candidates after which the search ends, if its time is not spent before; those of earlier runs count.
    seed : int
        Of the sampler.
    baseline : Schedule, or mapping of knob to choice, optional
        What the others have to beat; by default the schedule of the first choice of each knob, or the default of the
        space.
    storage : str, optional
        Where the study is kept, an SQLite file or a database URL, by default with those of `autotune tune`. A search of
        the same program, schedule, machine and threads goes on where the last one stopped.
    notify : callable
        Told each trial.

    Returns
    -------
    TuningResult

    Raises
    ------
    ScheduleError, BoundsError
        If the baseline cannot be compiled.
    TuningError
        If the schedule has no holes, another run is measuring, or measuring itself fails.
    LanguageError
        If `inputs` or `shape` do not fit.
    """
    algorithm = build_algorithm(output, inputs)
    subject = Subject(algorithm, infer_output_shapes(algorithm, given_shapes(algorithm, shape)))
    cores = check_threads(threads)
    space = _space(schedule, subject, cores)
    beaten = _baseline(schedule, baseline)
    _check_baseline(beaten or space.make(space.default), subject)
    budget_s = _seconds(budget)
    hardware = Hardware.here(cores)
    problem = program_problem(subject, space, hardware, beaten)
    kept = open_storage(storage)
    stop = StopRequest()
    with exclusive_measurer(stop) as measurer, storage_errors(kept.url):
        clock = Budget(budget_s)
        return ProgramSearch(problem, kept, measurer, clock, stop, trials=trials, seed=seed, notify=notify).run()


def _space(schedule: Schedule | ScheduleSpace | None, subject: Subject, threads: int) -> ScheduleSpace:
    if schedule is None:
        return generic_space(subject.algorithm, shape=subject.shapes, threads=threads)
    return holes_space(schedule) if isinstance(schedule, Schedule) else schedule


def _seconds(budget: float | str) -> float:
    seconds = parse_duration(budget) if isinstance(budget, str) else float(budget)
    if seconds is None or seconds <= 0:
        raise TuningError(
            f"budget={budget!r} is no duration.", where=caller_location(), legal='seconds above 0 | "90s" | "1h30m"'
        )
    return seconds


def _baseline(
    schedule: Schedule | ScheduleSpace | None, baseline: Schedule | Mapping[str, ChoiceLike] | None
) -> Schedule | None:
    if baseline is None or isinstance(baseline, Schedule):
        return baseline
    if isinstance(schedule, Schedule):
        return holes_space(schedule).make(point_of(schedule, baseline))
    raise TuningError(
        "baseline= is a mapping of knobs, but the schedule has no holes.",
        where=caller_location(),
        legal="a Schedule",
    )


def _check_baseline(baseline: Schedule, subject: Subject) -> None:
    """Raise the first problem of the baseline: a search that has nothing to beat is not begun."""
    problems: tuple[TensorlangError, ...] = baseline.check(subject.algorithm, shape=subject.shapes)
    for problem in problems:
        if isinstance(problem, ScheduleError) and not problem.hint:
            problem.hint = "give baseline= a schedule that is legal"
        raise problem
