"""Shows a tuning run while it goes on: a bar with the time left on a terminal, a line per confirmed layer anywhere."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from autotune.budget import Budget
from autotune.contest import DEFAULT, RECORD, Contest
from autotune.duration import format_duration
from autotune.measure.measurer import Peaks
from autotune.networks import Network, NetworkLayer, describe_layers
from autotune.results import Projection
from autotune.trials import Trial

_NETWORK = ""  # no layer is called so
_BAR_WIDTH = 12  # with the rest of the line, less than 80 columns

_MOST_PERCENT = 102  # beyond it the peak, measured once so far, was disturbed


class _TimeLeft(ProgressColumn):
    """What is left of the budget."""

    def render(self, task: Task) -> Text:
        left_s = (task.total or 0) - task.completed
        return Text(f"{format_duration(left_s)} left" if left_s >= 1 else "finishing", style="progress.remaining")


class ProgressDisplay:
    """A listener that shows progress on a console; use it as a context manager.

    It draws only when something happened, between measurements: a thread that redraws would disturb what is timed.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(_BAR_WIDTH),
            _TimeLeft(),
            console=console,
            auto_refresh=False,
            transient=True,
        )
        self._task = self._progress.add_task("starting", total=1.0)
        self._budget: Budget | None = None
        self._trials = 0
        self._peaks: Peaks | None = None
        self._said: dict[str, str] = {}
        self._name, self._layers = "", 0
        self._network_ms: float | None = None

    def __enter__(self) -> ProgressDisplay:
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._progress.stop()

    def on_peaks(self, peaks: Peaks | None) -> None:
        self._peaks = peaks

    def on_start(self, network: Network, budget: Budget) -> None:
        self._budget = budget
        self._name, self._layers = network.name, len(network.layers)
        text = f"tuning {network.name} for {format_duration(budget.total_s)}: {describe_layers(network.layers)}"
        self._console.print(text, highlight=False)

    def on_turn(self, layer: NetworkLayer) -> None:
        self._show(layer, "")

    def on_trial(self, layer: NetworkLayer, trial: Trial, best_s: float | None) -> None:
        self._trials += 1
        best = f"best {1e3 * best_s:.3f} ms" if best_s else str(trial.measurement.outcome)
        self._show(layer, best)

    def on_contest(self, layer: NetworkLayer, contest: Contest | None) -> None:
        subject, text = _describe_contest(layer, contest, self._peaks)
        if self._said.get(layer.name) != subject:  # a layer is timed again and again; most times nothing is new
            self._said[layer.name] = subject
            self._console.print(f"{layer.name}: {text}", markup=False, highlight=False)

    def on_projection(self, projection: Projection) -> None:
        """A line whenever the time of the network has changed; the bar always shows it."""
        if not projection.layers:
            return
        self._network_ms = 1e3 * projection.best_s
        time = f"{self._network_ms:.3f} ms"
        if self._said.get(_NETWORK) == time:
            return
        self._said[_NETWORK] = time
        gain = f", {projection.default_s / projection.best_s:.2f}x" if projection.best_s < projection.default_s else ""
        some = f", {projection.layers} of {self._layers} layers" if projection.layers < self._layers else ""
        text = f"{self._name} after {format_duration(projection.elapsed_s)}: {time}{gain}{some}"
        self._console.print(text, markup=False, highlight=False)

    def on_stop(self) -> None:
        self._console.print("stopping: timing the best of this layer once more; Ctrl-C again to leave at once")

    def _show(self, layer: NetworkLayer, text: str) -> None:
        if self._budget is None or not self._console.is_terminal:
            return
        network = f", {self._network_ms:.2f} ms" if self._network_ms else ""
        description = f"{layer.name:<14} {text:<18} {self._trials} schedules{network}"
        spent_s = min(self._budget.elapsed_s, self._budget.total_s)
        self._progress.update(self._task, description=description, total=self._budget.total_s, completed=spent_s)
        self._progress.refresh()


def _describe_contest(layer: NetworkLayer, contest: Contest | None, peaks: Peaks | None) -> tuple[str, str]:
    """What a contest brought: something that changes when it does, and a line for people."""
    if contest is None:
        return "failed", "the default could not be timed again"
    if contest.doubt:
        return "doubt", f"not confirmed: {contest.doubt}"
    best_s = contest.default_s / contest.gain
    speed = f"{best_s * 1e3:.3f} ms"
    percent = 2e-7 * layer.workload.macs / best_s / peaks.fma_gflops if peaks else None
    if percent and percent <= _MOST_PERCENT:
        speed += f", at {percent:.0f} % of measured peak"
    if contest.winner.label == DEFAULT:
        return DEFAULT, f"default kept: {speed}"
    kept = "record kept" if contest.winner.label == RECORD else "tuned"
    text = f"{kept}: {contest.gain:.2f}x, default {1e3 * contest.default_s:.3f} ms, now {speed}"
    return contest.winner.schedule, text
