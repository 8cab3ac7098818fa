"""Tunes a network's layers within a budget: defaults first, then turns where they promise most, each confirmed."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from optuna.storages import BaseStorage

from autotune.budget import Budget, Prospect, expected_gain_s
from autotune.contest import DEFAULT, RECORD, Contest, hold_contest, to_candidate
from autotune.events import Listener
from autotune.lanes import Turn, take_turns
from autotune.measure.failures import FailureStreak
from autotune.measure.measurer import Measurer
from autotune.measure.outcome import Measurement, Outcome
from autotune.networks import Network, NetworkLayer
from autotune.problem import LayerProblem
from autotune.results import DEFAULT_KEPT, NOT_CONFIRMED, RECORD_KEPT, LayerResult, Projection
from autotune.stopping import StopRequest
from autotune.study import LayerStudy
from autotune.transfer import find_winner, points_from
from autotune.trials import Trial

_CONTEST_S = 4.0


@dataclass
class _Progress:
    """A layer while its network is tuned."""

    study: LayerStudy
    turns: int = 0
    barren: int = 0
    is_in_hand: bool = False
    contest: Contest | None = None
    doubtful: Contest | None = None

    @property
    def layer(self) -> NetworkLayer:
        return self.problem.layer

    @property
    def problem(self) -> LayerProblem:
        problem = self.study.problem
        assert isinstance(problem, LayerProblem), "a network is made of layers"
        return problem

    @property
    def baseline(self) -> Trial | None:
        return self.study.trials.get(self.study.default_digest)

    @property
    def best_s(self) -> float | None:
        best = self.study.best
        return best.measurement.median_s if best else None

    @property
    def is_confirmed(self) -> bool:
        """True if there is nothing to compare, or the best was timed against the default and what won is known."""
        best = self.study.best
        if best is None or len(self.study.trials) == 1:
            return True
        is_kept = self.contest is not None or self.study.problem.incumbent is not None
        return is_kept and self.study.confirmed_digest == best.digest


class Tuner:
    """One run of tuning over the layers of a network.

    Parameters
    ----------
    network : Network
    problems : sequence of LayerProblem
        One per layer of the network, in its order.
    storage : BaseStorage
        Holds the studies; what an earlier run left there is taken up.
    measurer : Measurer
    keep : callable
        Takes a problem and its contest; writes the record if the winner deserves one.
    budget : Budget
    stop : StopRequest
    listener : Listener
    seed : int
        Of the samplers.
    lanes : callable, optional
        Says how many layers may be tuned at once now, where `measurer` measures on several machines; turns are then
        taken in threads, a layer by one at a time. By default one layer after another, in the thread that calls `run`.

    Attributes
    ----------
    projections : list of Projection
        What the network took, by what was known after the defaults and after every turn.

    Notes
    -----
    After every turn in which a layer's best changed, the best few are timed against the default in a new process and
    the winner is recorded at once: whenever the run ends, by the clock, by Ctrl-C or by kill -9, what was confirmed
    so far is in the database, and the rest in the studies. A contest whose rounds disagree settles nothing and leaves
    no record; it is held again after the layer's next turn, or by the next run.

    A turn of a layer begins with the points that won for layers like it, in this run or an earlier one.
    """

    def __init__(
        self,
        network: Network,
        problems: Sequence[LayerProblem],
        storage: BaseStorage,
        measurer: Measurer,
        keep: Callable[[LayerProblem, Contest], None],
        budget: Budget,
        stop: StopRequest,
        listener: Listener,
        seed: int = 0,
        lanes: Callable[[], int] | None = None,
    ) -> None:
        self._network = network
        self._lanes = lanes
        self._measurer = measurer
        self._keep = keep
        self._budget = budget
        self._stop = stop
        self._listener = listener
        self._layers = [_Progress(LayerStudy(problem, storage, seed)) for problem in problems]
        self._untimed = deque(sorted(self._layers, key=lambda p: -p.layer.count * p.layer.workload.macs))
        self._failures = FailureStreak()
        self.projections: list[Projection] = []

    def run(self) -> tuple[LayerResult, ...]:
        """Tune until the budget is spent, the user stops the run or nothing is left to try.

        Raises
        ------
        TuningError
            If the measuring process fails time after time for reasons of its own.
        """
        self._listener.on_start(self._network, self._budget)
        take_turns(self._next_turn, self._lanes)
        if not self.projections:
            self._project()
        return tuple(_to_result(progress) for progress in self._layers)

    def _next_turn(self) -> Turn | None:
        """The defaults, those of layers with most work first; then turns of the layers that promise most."""
        if self._untimed and not self._is_over(0.0):
            return self._in_hand(self._untimed.popleft(), self._measure_baseline)
        if not self._is_over(_CONTEST_S) and (next_one := self._most_promising()) is not None:
            return self._in_hand(next_one, self._take_turn)
        return None

    def _in_hand(self, progress: _Progress, do: Callable[[_Progress], None]) -> Turn:
        progress.is_in_hand = True

        def turn() -> None:
            do(progress)
            progress.is_in_hand = False
            if not self._untimed:
                self._project()

        return turn

    def _project(self) -> None:
        """Say what the network takes by what is confirmed so far."""
        timed = [(p.layer.count, times) for p in self._layers if (times := _times(p))[0] and times[1]]
        projection = Projection(
            elapsed_s=self._budget.elapsed_s,
            trials=sum(len(p.study.trials) for p in self._layers),
            default_s=sum(count * (default_s or 0) for count, (default_s, _, _) in timed),
            best_s=sum(count * (best_s or 0) for count, (_, best_s, _) in timed),
            layers=len(timed),
        )
        self.projections.append(projection)
        self._listener.on_projection(projection)

    def _is_over(self, reserve_s: float) -> bool:
        return self._stop.requested or self._budget.left_s <= reserve_s

    def _measure_baseline(self, progress: _Progress) -> None:
        """Time the default, unless an earlier run did, and confirm what that run did not live to confirm."""
        if progress.baseline is None:
            self._listener.on_turn(progress.layer)
            self._step(progress)  # the default is the first point that a study tries
        self._confirm(progress)

    def _most_promising(self) -> _Progress | None:
        idle = [p for p in self._layers if not p.study.is_exhausted and not p.is_in_hand]
        open_ones = [(p, best) for p in idle if (best := p.best_s) is not None]
        if not open_ones:
            return None
        prospects = [
            (p, Prospect(p.layer.count, p.layer.workload.macs, best, p.turns, p.barren)) for p, best in open_ones
        ]
        fastest = max(prospect.macs_per_s for _, prospect in prospects)
        return max(prospects, key=lambda pair: expected_gain_s(pair[1], fastest))[0]

    def _take_turn(self, progress: _Progress) -> None:
        """Try candidates of one layer for a turn's time, then confirm its best if it is new."""
        self._listener.on_turn(progress.layer)
        others = [winner for p in self._layers if p is not progress and (winner := find_winner(p.study))]
        progress.study.offer(points_from(others, progress.problem))
        before = progress.best_s
        turn = Budget(min(self._budget.turn_s(len(self._layers)), self._budget.left_s - _CONTEST_S))
        while turn.left_s > 0 and not self._stop.requested and not progress.study.is_exhausted:
            self._step(progress)
        progress.turns += 1
        progress.barren = 0 if progress.best_s != before else progress.barren + 1
        self._confirm(progress)

    def _step(self, progress: _Progress) -> None:
        problem = progress.study.problem

        def measure(schedule: str) -> Measurement:
            return self._measurer.measure(to_candidate(problem, schedule, progress.best_s))

        trial = progress.study.step(measure)
        if trial is None:
            return
        self._failures.count(failed=trial.measurement.outcome is Outcome.INFRA and not self._stop.requested)
        self._failures.check(trial.measurement.detail)
        self._listener.on_trial(progress.layer, trial, progress.best_s)

    def _confirm(self, progress: _Progress) -> None:
        """Time the best against the default, once for each new best, and keep the winner."""
        if progress.is_confirmed:
            return
        if self._stop.requested:
            self._listener.on_stop()
        self._stop.is_finishing = True
        contest = hold_contest(progress.study, self._measurer)
        self._stop.is_finishing = False
        self._listener.on_contest(progress.layer, contest)
        progress.doubtful = contest if contest is not None and contest.doubt else None
        if contest is not None and not contest.doubt:
            if progress.contest is None or progress.contest.winner.schedule != contest.winner.schedule:
                self._keep(progress.problem, contest)
            progress.contest = contest
            progress.study.mark_confirmed()


def _to_result(progress: _Progress) -> LayerResult:
    trials = progress.study.trials.values()
    default_s, best_s, source = _times(progress)
    return LayerResult(
        progress.layer,
        default_s,
        best_s,
        source,
        trials=len(trials),
        outcomes=Counter(trial.measurement.outcome.value for trial in trials),
        problem="" if default_s else _why_untimed(progress.baseline),
        doubt=progress.doubtful.doubt if progress.doubtful else "",
    )


def _times(progress: _Progress) -> tuple[float | None, float | None, str]:
    """Times of the default and of the schedule chosen [s], both from one run, and where the latter came from."""
    contest, incumbent, baseline = progress.contest, progress.study.problem.incumbent, progress.baseline
    if contest is not None:
        source = {DEFAULT: DEFAULT_KEPT, RECORD: RECORD_KEPT}.get(contest.winner.label, "tuned now")
        return contest.default_s, contest.default_s / contest.gain, source
    if incumbent is not None and incumbent.record is not None:
        timing = incumbent.record.timing
        default_s = min(timing.baseline_samples_ns) * 1e-9
        return default_s, default_s / timing.speedup, "record"
    if progress.doubtful is not None:
        return progress.doubtful.default_s, progress.doubtful.default_s, NOT_CONFIRMED
    if baseline is not None and baseline.measurement.outcome is Outcome.OK:
        return baseline.measurement.minimum_s, baseline.measurement.minimum_s, "heuristic"
    return None, None, ""


def _why_untimed(baseline: Trial | None) -> str:
    if baseline is None:
        return "not reached within the budget"
    return f"the default failed: {baseline.measurement.outcome}: {baseline.measurement.detail}"
