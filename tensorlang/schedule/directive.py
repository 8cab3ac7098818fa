"""The base of all directives: a recorded call that knows how to rewrite a Plan."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from tensorlang.schedule.call import Call
from tensorlang.schedule.plan import Plan


@dataclass(frozen=True, slots=True)
class Directive(Call, ABC):
    """One step from plan to plan. Each directive is one frozen dataclass, listed in `tensorlang.schedule.table`."""

    is_for_cases: ClassVar[bool] = False
    """Whether a case may be given it: it changes the loops of one nest, or how they run, and nothing else."""

    @abstractmethod
    def apply(self, plan: Plan) -> Plan:
        """Return `plan` with this directive carried out.

        Raises
        ------
        ScheduleError
            If the directive is not legal there, as far as names tell.
        """
