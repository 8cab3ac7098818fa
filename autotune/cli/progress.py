"""Shows a tuning run while it goes on: a bar with the time left on a terminal, a line per confirmed layer anywhere."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from autotune.budget import Budget, format_duration
from autotune.contest import Contest
from autotune.networks import Network, NetworkLayer
from autotune.trials import Trial

_BAR_WIDTH = 20  # with the rest of the line, less than 80 columns


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

    def __enter__(self) -> ProgressDisplay:
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._progress.stop()

    def on_start(self, network: Network, budget: Budget) -> None:
        self._budget = budget
        layers = f"{len(network.layers)} layers" if len(network.layers) > 1 else "1 layer"
        self._console.print(f"tuning {layers} of {network.name} for {format_duration(budget.total_s)}", highlight=False)

    def on_turn(self, layer: NetworkLayer) -> None:
        self._show(layer, "")

    def on_trial(self, layer: NetworkLayer, trial: Trial, best_s: float | None) -> None:
        self._trials += 1
        best = f"best {1e3 * best_s:.3f} ms" if best_s else str(trial.measurement.outcome)
        self._show(layer, best)

    def on_contest(self, layer: NetworkLayer, contest: Contest | None) -> None:
        if contest is None:
            text = "the default could not be timed again"
        else:
            gain = contest.default_s / contest.best_s
            text = f"default {1e3 * contest.default_s:.3f} ms, best {1e3 * contest.best_s:.3f} ms, {gain:.2f}x"
        self._console.print(f"{layer.name}: {text}", highlight=False)

    def on_stop(self) -> None:
        self._console.print("stopping: timing the best of this layer once more; Ctrl-C again to leave at once")

    def _show(self, layer: NetworkLayer, text: str) -> None:
        if self._budget is None or not self._console.is_terminal:
            return
        description = f"{layer.name:<14} {text:<18} {self._trials} schedules"
        spent_s = min(self._budget.elapsed_s, self._budget.total_s)
        self._progress.update(self._task, description=description, total=self._budget.total_s, completed=spent_s)
        self._progress.refresh()
