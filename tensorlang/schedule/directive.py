"""The base of all directives: a recorded call that knows how to rewrite a Plan."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from tensorlang.errors import ScheduleError
from tensorlang.schedule.call import Call, field_kinds
from tensorlang.schedule.knobs import Choice, Knob, holes_error
from tensorlang.schedule.plan import Plan


@dataclass(frozen=True, slots=True)
class Directive(Call, ABC):
    """One step from plan to plan. Each directive is one frozen dataclass, listed in `tensorlang.schedule.table`."""

    is_for_cases: ClassVar[bool] = False
    """Whether a case may be given it: it changes the loops of one nest, or how they run, and nothing else."""

    def filled(self, choices: Mapping[str, Choice]) -> Directive:
        """The directive with those of its knobs that `choices` names replaced by the choice."""
        fields = {name: getattr(self, name) for name in field_kinds(type(self))}
        changed: dict[str, Any] = {
            name: choices[value.name]
            for name, value in fields.items()
            if isinstance(value, Knob) and value.name in choices
        }
        return replace(self, **changed)

    @abstractmethod
    def apply(self, plan: Plan) -> Plan:
        """Return `plan` with this directive carried out.

        Raises
        ------
        ScheduleError
            If the directive is not legal there, as far as names tell.
        """

    def holes_error(self, knobs: Sequence[Knob]) -> ScheduleError:
        """The error of a schedule that has the holes `knobs`, of which the first is in this directive."""
        return holes_error(knobs, self.asked, self.where)

    def check_knobs_agree(self, before: Iterable[Knob]) -> None:
        """Raise ScheduleError if one of its knobs has other choices than one of the same name, here or `before`."""
        known = {knob.name: knob for knob in before}
        for knob in self.knobs:
            if known.setdefault(knob.name, knob) != knob:
                raise self.error(
                    f"the knob {knob.name} has other choices where it stands first.",
                    rule="knobs of one name are one knob, with the same choices in the same order",
                    legal=f"{known[knob.name].shown} | a knob of another name",
                )
