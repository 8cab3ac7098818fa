"""What a prefetch does where a later iteration reads past the end."""

from __future__ import annotations

from enum import StrEnum


class PrefetchStrategy(StrEnum):
    """Either way no address outside the buffer is asked for."""

    GUARD = "guard"
    """Nothing is prefetched unless all that is read then is in the buffer."""

    CLAMP = "clamp"
    """What is nearest in the buffer is prefetched."""
