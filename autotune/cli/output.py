"""Where output goes: people's text to stderr, JSON to stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import click
from rich.console import Console

_WIDTH_OF_A_FILE = 160


def people_console() -> Console:
    """Console on stderr; as wide as the terminal, or wide enough for every table if stderr is none."""
    return Console(stderr=True, width=None if sys.stderr.isatty() else _WIDTH_OF_A_FILE)


def print_warnings(people: Console, warnings: Iterable[object]) -> None:
    """Print what the user should know of, a line each."""
    for warning in warnings:
        people.print(f"warning: {warning}", style="yellow", markup=False, highlight=False)


def print_json(data: Mapping[str, Any]) -> None:
    """Print one JSON object to stdout."""
    click.echo(json.dumps(data, indent=1))
