"""What all workloads share: data and JSON in both directions, and checks of sizes and element types."""

from __future__ import annotations

import json
from typing import ClassVar

from tensorlang.dtypes import DType, parse_dtype
from tensorlang.errors import LanguageError
from tensorlang.nn.codec import Json, encode


class Operation:
    """An operation on arrays of fixed shapes: a frozen dataclass, whose fields are its whole meaning."""

    op: ClassVar[str]
    optional: ClassVar[frozenset[str]] = frozenset()
    """Fields that came after the first records: their text, by which records and studies go, lacks the defaults."""
    dtype: str

    @property
    def epilogue(self) -> str:
        """What follows the operation in the same kernel."""
        return "none"

    def to_data(self) -> dict[str, Json]:
        """The workload as a JSON object: ``op``, then every field, but for `optional` ones that hold their default."""
        data = encode(self)
        assert isinstance(data, dict)
        plain = {name for name in self.optional if getattr(self, name) == getattr(type(self), name)}
        return {"op": self.op, **{name: item for name, item in data.items() if name not in plain}}

    def to_json(self) -> str:
        """The workload as one line of JSON; `workload_from_json` reads it back."""
        return json.dumps(self.to_data())


def check_sizes(workload: Operation, *names: str) -> None:
    """Raise LanguageError unless the fields `names` are integers of at least 1."""
    for name in names:
        value = getattr(workload, name)
        if type(value) is not int or value < 1:
            kind = type(workload).__name__
            raise LanguageError(f"{kind}: {name} must be an integer >= 1, but got {value!r}.")


def check_sums(workload: Operation) -> DType:
    """Return the element type; raise LanguageError if sums cannot be accumulated in it."""
    element = parse_dtype(workload.dtype)
    if element.is_bool or element.is_storage_only:
        kind = type(workload).__name__
        raise LanguageError(
            f"{kind}: sums cannot be accumulated in {element}.", hint="use float32, float64 or an integer type"
        )
    return element
