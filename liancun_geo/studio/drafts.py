"""Plans by name; one that lies on file is restored when somebody first looks at it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping

from liancun_geo.editing import Draft


class OnFile:
    """A plan of a project that nobody has looked at yet.

    Parameters
    ----------
    name
        Of the plan in the file; it follows when the plan is renamed there.
    restore
        Makes the draft of a name.
    steps, cursor
        How many steps its log has, and how many of them are in force.
    """

    def __init__(
        self, name: str, restore: Callable[[str], Draft], *, steps: int, cursor: int
    ) -> None:
        self.name, self.steps, self.cursor = name, steps, cursor
        self._restore = restore
        self._draft: Draft | None = None
        self._lock = threading.RLock()

    @property
    def draft(self) -> Draft:
        """The draft, restored once."""
        with self._lock:
            if self._draft is None:
                self._draft = self._restore(self.name)
            return self._draft


class Drafts(MutableMapping[str, Draft]):
    """Plans by name, in the order they were made.

    Parameters
    ----------
    given
        Drafts, and plans on file.
    """

    def __init__(self, given: Mapping[str, Draft | OnFile] | None = None) -> None:
        self._held: dict[str, Draft | OnFile] = dict(given or {})

    def __getitem__(self, name: str) -> Draft:
        """Return a plan, restored from file if need be.

        Raises
        ------
        FaultsError
            If it cannot be restored.
        """
        held = self._held[name]
        return held.draft if isinstance(held, OnFile) else held

    def __setitem__(self, name: str, draft: Draft) -> None:
        """Put a draft in the place of the one before."""
        self._held[name] = draft

    def __delitem__(self, name: str) -> None:
        """Forget a plan."""
        del self._held[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names; nothing is restored."""
        return iter(self._held)

    def __reversed__(self) -> Iterator[str]:
        """Go through the names, the plan made last first."""
        return reversed(self._held)

    def __len__(self) -> int:
        """Return how many plans there are."""
        return len(self._held)

    def __contains__(self, name: object) -> bool:
        """Say whether there is such a plan; it is not restored for that."""
        return name in self._held

    def held(self, name: str) -> Draft | OnFile | None:
        """Return what stands for a plan, the same thing as long as nobody changed it."""
        return self._held.get(name)

    def take(self, name: str, other: Drafts) -> None:
        """Hold a plan as another desk does."""
        self._held[name] = other._held[name]

    def copy(self) -> Drafts:
        """Return the same plans under the same names."""
        return Drafts(self._held)

    def renamed(self, name: str, new: str) -> Drafts:
        """Return the plans with one under another name, in its old place."""
        return Drafts({new if one == name else one: held for one, held in self._held.items()})

    def opened(self, name: str) -> bool:
        """Say whether a plan is at hand without reading it from file."""
        held = self._held.get(name)
        return isinstance(held, Draft) or (held is not None and held._draft is not None)

    def steps(self, name: str) -> int:
        """Return how many steps the log of a plan has, undone ones included."""
        held = self._held[name]
        return held.steps if isinstance(held, OnFile) else len(held.entries)

    def cursor(self, name: str) -> int:
        """Return how many steps of a plan are in force."""
        return self._held[name].cursor
