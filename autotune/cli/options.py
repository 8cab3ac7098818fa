"""Options that several commands share."""

from __future__ import annotations

import click

from autotune.budget import parse_duration
from tensorlang.errors import TuningError

threads_option = click.option(
    "--threads", type=click.IntRange(min=1), help="Threads that kernels run with; by default all cores."
)
batch_option = click.option(
    "--batch", type=click.IntRange(min=1), default=1, show_default=True, help="Images at a time."
)
layer_option = click.option(
    "--layer", "layers", multiple=True, metavar="NAME", help="Only this layer; may be repeated."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object to stdout.")


class Duration(click.ParamType[float]):
    """A duration such as 90s, 10m or 1h30m [s]."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return value if isinstance(value, float) else parse_duration(str(value))
        except TuningError as reason:
            self.fail(f"{reason.message} Give it as {reason.legal}.", param, ctx)
