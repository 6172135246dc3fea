"""Tables that commands for researchers write: CSV, all of it or nothing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from liancun_geo.commands.inputs import Inputs


def write_table(table: pd.DataFrame, path: Path, inputs: Inputs | None = None) -> None:
    """Write a table as CSV (UTF-8 with a mark, so that Excel reads it); text is never a formula.

    Parameters
    ----------
    table
        Columns as they are named; the index is not written.
    path
        Replaced as a whole.
    inputs
        Whose files are never overwritten.

    Raises
    ------
    DataError
        If the file is an input or cannot be written.
    """
    from liancun_geo.output.atomic import staged
    from liancun_geo.output.export import clean, guarded

    def plain(value: object) -> object:
        if not isinstance(value, str):
            return value
        text = clean(value)
        return f"'{text}" if guarded(text) else text

    given = [] if inputs is None else [inputs.boundaries, *(inputs.ledger or ())]
    with staged(path.parent, [path.name], inputs=given) as stage:
        shown = table.map(plain)
        shown.to_csv(stage.path(path.name), index=False, encoding="utf-8-sig", lineterminator="\n")
