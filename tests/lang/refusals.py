"""The text of the error that a call ends in, its place replaced by HERE."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tensorlang.errors import TensorlangError

_WHERE = re.compile(r"\S*tests/lang/test_\w+\.py:\d+$", re.MULTILINE)


def refusal(call: Callable[[], object], kind: type[TensorlangError]) -> str:
    """The text of the error of type `kind`, and no other, that `call` raises."""
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    return _WHERE.sub("HERE", str(caught.value))
