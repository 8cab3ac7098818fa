"""The group of commands: renders every error that a user can meet."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click

from autotune.cli.commands import COMMANDS

_DEBUG = "TENSORLANG_DEBUG"


class _Commands(click.Group):
    """A group that lists commands as they are used, and turns tensorlang's errors into messages."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except Exception as reason:
            if _is_for_the_user(reason):
                raise click.ClickException(str(reason)) from reason
            # A defect of ours: users get a message, developers ask for more.
            if os.environ.get(_DEBUG):
                raise
            raise click.ClickException(
                f"internal error, {type(reason).__name__}: {reason}\n"
                f"  hint        this is a defect of tensorlang; {_DEBUG}=1 shows where"
            ) from reason


def _is_for_the_user(reason: Exception) -> bool:
    """True for tensorlang's own errors; where its module was never imported, none of them was raised."""
    errors = sys.modules.get("tensorlang.errors")
    return errors is not None and isinstance(reason, errors.TensorlangError)


def _version() -> str:
    try:
        return version("tensorlang")
    except PackageNotFoundError:
        return "not installed"


@click.group(cls=_Commands, commands={command.name or "": command for command in COMMANDS})
@click.version_option(_version())
def _autotune() -> None:
    """Tuned schedules for the layers of neural networks on this machine's CPU."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 if all went well, 1 for an error, 2 for wrong usage, 130 if it was stopped."""
    _autotune.main(arguments, prog_name="autotune", standalone_mode=True)
