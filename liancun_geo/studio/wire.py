"""What passes between the server and its child: framed pickles over a private pair of pipes.

Both ends are this program, started one by the other; nothing that a browser sent is unpickled.
"""

from __future__ import annotations

import copyreg
import dataclasses
import io
import pickle
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import IO, Any

_LENGTH = struct.Struct(">Q")
_PLAIN = (type(None), str, bytes, bool, int, float, complex, tuple)

Landmarks = Mapping[tuple[int, str], object]
"""Objects that both ends hold: the arguments of a task and their parts."""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job is.

    Attributes
    ----------
    done, total
        Townships, or whatever the task counts.
    objective, bound
        Cost of the best plan so far and its lower bound; ``inf`` and ``-inf`` while unknown.
    seconds
        Since the task began, in the child.
    stage
        Key of what is being done, for tasks of several stages.
    detail
        What a task hands over early; its own affair.
    """

    done: int = 0
    total: int = 0
    objective: float = float("inf")
    bound: float = float("-inf")
    seconds: float = 0.0
    stage: str = ""
    detail: Any = None

    @property
    def share(self) -> float:
        """Between 0 and 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0


def landmarks(args: Sequence[object]) -> dict[tuple[int, str], object]:
    """Return the arguments that are dataclasses, and their parts, under names of their own.

    What a task returns holds mostly what it was given (a scenario its villages). Such objects
    are named and not sent back, so that the server keeps each of them once.
    """
    found: dict[tuple[int, str], object] = {}
    for number, arg in enumerate(args):
        if dataclasses.is_dataclass(arg) and not isinstance(arg, type):
            found[number, ""] = arg
            for field in dataclasses.fields(arg):
                part = getattr(arg, field.name)
                if not isinstance(part, _PLAIN):
                    found[number, field.name] = part
    return found


def packed(value: object, known: Landmarks | None = None) -> bytes:
    """Return a value as bytes; ``known`` objects are named only."""
    buffer = io.BytesIO()
    _Pickler(buffer, known or {}).dump(value)
    return buffer.getvalue()


def unpacked(content: bytes, known: Landmarks | None = None) -> Any:
    """Return the value of :func:`packed`."""
    return _Unpickler(io.BytesIO(content), known or {}).load()


def send(stream: IO[bytes], content: bytes) -> None:
    """Write one frame."""
    stream.write(_LENGTH.pack(len(content)))
    stream.write(content)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read one frame; None if the other end is gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    content = stream.read(length)
    return content if len(content) == length else None


def _proxy(content: dict[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(content)


def _reduce_proxy(
    proxy: MappingProxyType[Any, Any],
) -> tuple[Callable[[dict[Any, Any]], Mapping[Any, Any]], tuple[dict[Any, Any]]]:
    return _proxy, (dict(proxy),)


class _Pickler(pickle.Pickler):
    def __init__(self, buffer: io.BytesIO, known: Landmarks) -> None:
        super().__init__(buffer, protocol=pickle.HIGHEST_PROTOCOL)
        # Read-only mappings are all over the frozen values, and pickle does not know them.
        self.dispatch_table = {**copyreg.dispatch_table, MappingProxyType: _reduce_proxy}
        self._names = {id(one): name for name, one in known.items()}

    def persistent_id(self, obj: object) -> tuple[int, str] | None:
        """Name what the other end holds."""
        return self._names.get(id(obj))


class _Unpickler(pickle.Unpickler):
    def __init__(self, buffer: io.BytesIO, known: Landmarks) -> None:
        super().__init__(buffer)
        self._known = known

    def persistent_load(self, pid: Any) -> object:
        """Return the object of a name."""
        return self._known[pid]
