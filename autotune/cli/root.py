"""The group of commands: loads each on use, and renders every error that a user can meet."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click

from tensorlang.errors import TensorlangError

# Loaded when called: looking up a schedule must not need the tuner, nor `--help` the compiler.
_COMMANDS = {
    "tune": ("autotune.cli.tune:tune", "Tune the layers of a network within a budget."),
    "run": ("autotune.cli.run:run", "Time the layers of a network with the best known schedules."),
    "bench": ("autotune.bench.command:bench", "Time the layers of a network side by side with other libraries."),
    "db": ("autotune.cli.db:db", "Look into the database of tuned schedules."),
    "doctor": ("autotune.cli.doctor:doctor", "Say what this machine is, what it can do, and what disturbs it."),
}

_DEBUG = "TENSORLANG_DEBUG"


class _Commands(click.Group):
    """A group that imports a command when it is called, and turns tensorlang's errors into messages."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name][0].split(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except TensorlangError as reason:
            raise click.ClickException(str(reason)) from reason
        except Exception as reason:
            # A defect of ours: users get a message, developers ask for more.
            if os.environ.get(_DEBUG):
                raise
            raise click.ClickException(
                f"internal error, {type(reason).__name__}: {reason}\n"
                f"  hint        this is a defect of tensorlang; {_DEBUG}=1 shows where"
            ) from reason


def _version() -> str:
    try:
        return version("tensorlang")
    except PackageNotFoundError:
        return "not installed"


@click.group(cls=_Commands)
@click.version_option(_version())
def _autotune() -> None:
    """Tuned schedules for the layers of neural networks on this machine's CPU."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 if all went well, 1 for an error, 2 for wrong usage, 130 if it was stopped."""
    _autotune.main(arguments, prog_name="autotune", standalone_mode=True)
