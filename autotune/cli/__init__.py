"""The `autotune` command; `main` is its entry point."""

from autotune.cli.root import main

__all__ = ["main"]
