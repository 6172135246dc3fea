"""What was typed into the table of villages and is not signed yet, kept through every view of it.

A table that shows other rows is another widget to Streamlit, which forgets what was typed into
the one before: a planner who looks for the next village would lose the figure of the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

Cell = tuple[int, str]
"""Position of a village, and a column."""


@dataclass(eq=False)
class TypedCells:
    """Cells typed by the planner of one session.

    Attributes
    ----------
    number
        Of the view on show; another view is another table on the page.
    now
        Cell -> what was typed, in the order of typing; what is back at its old value is gone.
    """

    number: int = 0
    now: dict[Cell, Any] = field(default_factory=dict)
    _of: object = None
    _view: object = None
    _begun: dict[Cell, Any] = field(default_factory=dict)

    def open(self, of: object, view: object) -> int:
        """Open a view of the data ``of``, and return its number.

        What was typed is forgotten with other data. The view begins with what was typed before.
        """
        if of != self._of:
            self.forget()
            self._of = of
        if view != self._view:
            self.number += 1
            self._view, self._begun = view, dict(self.now)
        return self.number

    def laid_over(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the table as this view began, with what had been typed until then."""
        over = table.copy()
        for (village, name), value in self._begun.items():
            if village in over.index and name in over.columns:
                if over[name].dtype != "float64":
                    over[name] = over[name].astype(object)
                over.loc[village, name] = value
        return over

    def take(
        self, edited: Mapping[int, Mapping[str, Any]], table: pd.DataFrame, may: Iterable[str]
    ) -> None:
        """Take in what was typed into this view.

        Parameters
        ----------
        edited
            Row of the view -> column -> value, as ``st.data_editor`` tells it.
        table
            The view without what was typed; its index are the positions of the villages.
        may
            Columns that may be changed.
        """
        allowed = frozenset(may)
        self.now = dict(self._begun)
        for row, values in edited.items():
            for name, value in values.items():
                if name in allowed and 0 <= row < len(table):
                    self.now[int(table.index[row]), name] = value
        for village, name in list(self.now):
            if village in table.index and name in table.columns:
                before: Any = table.loc[village, name]
                value = self.now[village, name]
                if before == value or (value is None and pd.isna(before)):
                    del self.now[village, name]

    def forget(self) -> None:
        """Forget what was typed; the next view is a new one."""
        self.now, self._begun, self._view = {}, {}, None
