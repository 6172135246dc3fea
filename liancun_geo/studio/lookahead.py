"""What is computed beside the page, before anybody asks: the best move of every village in view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from liancun_geo.editing import Draft
from liancun_geo.why.wording import signed

__all__ = ["MOST_VILLAGES", "BestMoves"]

MOST_VILLAGES = 120
"""A township in view; a whole county would take seconds and nobody points at all of it."""

# One for all planners: what nobody asked for must not slow down what somebody did.
_WORKER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lookahead")


class BestMoves:
    """The best moves of one planner's plan as it is now; an edit ends what is under way."""

    def __init__(self) -> None:
        self._draft: Draft | None = None
        self._found: dict[int, str] = {}
        self._asked: set[int] = set()
        self._last: Future[None] | None = None

    @property
    def pending(self) -> bool:
        """Whether some of what was asked for is not known yet."""
        return self._last is not None and not self._last.done()

    def of(
        self, draft: Draft, villages: Sequence[int], *, wait_s: float = 0.0
    ) -> Mapping[int, str]:
        """Return what is known by now: change of points with its sign, by village.

        Parameters
        ----------
        draft
            The plan on show.
        villages
            Those in view; of more than :data:`MOST_VILLAGES` none is looked at.
        wait_s
            How long to wait for those not known yet.
        """
        if draft is not self._draft:
            self._draft, self._found, self._asked = draft, {}, set()
        new = [village for village in villages if village not in self._asked]
        if new and len(villages) <= MOST_VILLAGES:
            self._asked.update(new)
            self._last = _WORKER.submit(self._look, draft, self._found, new)
        if self._last is not None and wait_s > 0.0:
            wait([self._last], wait_s)
        return {village: self._found[village] for village in sorted(self._found)}

    def _look(self, draft: Draft, found: dict[int, str], villages: Sequence[int]) -> None:
        for village in villages:
            if self._draft is not draft:
                return
            legal = draft.options(village).legal
            best = next((one for one in legal if one.kind in ("move", "swap")), None)
            if best is not None and best.change is not None:
                found[village] = signed(best.change)
