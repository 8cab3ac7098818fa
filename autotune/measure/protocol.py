"""Messages between the tuning parent and its measuring child: length-prefixed JSON objects over a socket pair.

A conversation, each line one message; the parent speaks on the left::

                                <- {"ready": true, "pid": n, "pool": n}    once, when imports are done
    {"do": job, ...}            ->
                                <- {"phase": p, "about": text}         whenever a phase begins; its limit starts anew
                                <- {"reply": {...}}

The socket is no stream that a candidate knows of, so nothing it prints gets in the way. JSON and not pickle: the child
may have run a broken kernel, and what it sends must not be able to execute anything in the parent.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable
from select import select
from time import monotonic
from typing import Any, TypeAlias

Message: TypeAlias = dict[str, Any]

_PREFIX = struct.Struct(">I")
_MAX_MESSAGE_BYTES = 64 << 20
_POLL_S = 0.1


class ChannelClosed(Exception):
    """The other side has gone."""


class ChannelTimeout(Exception):
    """Nothing came before the deadline."""


class ChannelInterrupted(Exception):
    """The user asked to stop while this side was waiting."""


class ChannelGarbage(Exception):
    """What came is no message."""


class Channel:
    """One end of the conversation."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._pending = b""

    def send(self, message: Message) -> None:
        """Send one message.

        Raises
        ------
        ChannelClosed
            If the other side has gone.
        """
        body = json.dumps(message).encode()
        try:
            self._socket.sendall(_PREFIX.pack(len(body)) + body)
        except OSError as reason:
            raise ChannelClosed(str(reason)) from reason

    def receive(self, timeout_s: float | None = None, interrupted: Callable[[], bool] = lambda: False) -> Message:
        """Wait for one message, at most `timeout_s` [s]; without it, for ever.

        Raises
        ------
        ChannelTimeout, ChannelInterrupted, ChannelClosed, ChannelGarbage
        """
        deadline = None if timeout_s is None else monotonic() + timeout_s
        while (message := self._take()) is None:
            self._fill(deadline, interrupted)
        return message

    def close(self) -> None:
        """Close this end; the other side's `receive` then raises ChannelClosed."""
        self._socket.close()

    def _take(self) -> Message | None:
        if len(self._pending) < _PREFIX.size:
            return None
        (size,) = _PREFIX.unpack_from(self._pending)
        if size > _MAX_MESSAGE_BYTES:
            raise ChannelGarbage(f"a message of {size} B")
        end = _PREFIX.size + size
        if len(self._pending) < end:
            return None
        body, self._pending = self._pending[_PREFIX.size : end], self._pending[end:]
        try:
            message = json.loads(body)
        except ValueError as reason:
            raise ChannelGarbage(str(reason)) from reason
        if not isinstance(message, dict):
            raise ChannelGarbage(f"a message that is a {type(message).__name__}")
        return message

    def _fill(self, deadline: float | None, interrupted: Callable[[], bool]) -> None:
        while True:
            if interrupted():
                raise ChannelInterrupted
            left = _POLL_S if deadline is None else min(_POLL_S, deadline - monotonic())
            if left <= 0:
                raise ChannelTimeout
            if select([self._socket], [], [], left)[0]:
                break
        try:
            data = self._socket.recv(1 << 16)
        except OSError as reason:
            raise ChannelClosed(str(reason)) from reason
        if not data:
            raise ChannelClosed("end of stream")
        self._pending += data
