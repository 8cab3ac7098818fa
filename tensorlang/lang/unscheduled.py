"""What a Func answers when it is asked to schedule itself, as in Halide: that schedules are objects of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from tensorlang.errors import LanguageError, caller_location

DIRECTIVE_NAMES = frozenset(
    (
        "align_bounds align_storage allow_race_conditions atomic bound compute_at compute_at_init compute_inline "
        "compute_root compute_with fold_storage fuse hoist_storage hoist_storage_root in_ parallel partition prefetch "
        "rename reorder reorder_storage rfactor serial set_estimate specialize specialize_fail split split_storage "
        "store_at store_in store_root stream_stores tile unroll vectorize"
    ).split()
)
"""Names of the methods of ``s[f]``, and ``s.in_``. The language knows nothing more of schedules."""


class NoSuchMethodError(LanguageError, AttributeError):
    """A directive is given to a Func; an AttributeError too, so that `hasattr` answers."""


class Unscheduled:
    """Base of what a schedule has a stage for: refuses the names of directives with the call to write instead."""

    # Type checkers report every missing attribute by themselves.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            if name not in DIRECTIVE_NAMES:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            raise _no_such_method(self.as_written, name)

    @property
    def as_written(self) -> str:
        """The Func or the stage as the user would write it."""
        raise NotImplementedError


def _no_such_method(written: str, name: str) -> NoSuchMethodError:
    func = written.split(".")[0]
    call = f's.in_({func}, consumer, "{func}_copy")' if name == "in_" else f"s[{written}].{name}(...)"
    return NoSuchMethodError(
        f"{written} has no method {name}: a Func says what is computed, and a schedule says how.",
        asked=f"{written}.{name}",
        where=caller_location(),
        rule="directives are given to a stage of a Schedule",
        hint=f"s = tl.Schedule(output), then {call}",
    )
