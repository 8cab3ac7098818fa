"""Schedules for any Func without a family: a space derived from the algorithm, and a default from reasoning alone."""

from __future__ import annotations

from schedules.generic.space import generic_space

__all__ = ["generic_space"]
