"""Shows how far a run of known length is: a bar on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_MOST_LINES = 10


class Steps:
    """Counts steps on a console; use it as a context manager, and call `begin` before each step.

    It draws only between steps: nothing else may run while something is timed.
    """

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._every = -(-total // _MOST_LINES) or 1
        self._begun = 0
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, auto_refresh=False, transient=True)
        self._task = self._progress.add_task("starting", total=total)

    def __enter__(self) -> Steps:
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._progress.stop()

    def begin(self, text: str) -> None:
        """The next step begins."""
        if self._console.is_terminal:
            self._progress.update(self._task, description=text, completed=self._begun, refresh=True)
        elif self._begun % self._every == 0:
            self._console.print(f"{self._begun + 1}/{self._total} {text}", markup=False, highlight=False)
        self._begun += 1
