"""What every writer does first: refuse a broken plan, guard the inputs, fix the date."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from liancun_geo.errors import DataError, Fault, Where, error
from liancun_geo.messages import Language, message
from liancun_geo.output.atomic import Stage, staged
from liancun_geo.reasons import violation_fault
from liancun_geo.villages import Source

if TYPE_CHECKING:
    import pandas as pd

    from liancun_geo.scenario import Scenario

_CHINA = timezone(timedelta(hours=8))
# A shapefile is several files under one name, and only the .shp is named as the source.
_SHAPEFILE_PARTS = (".shx", ".dbf", ".prj", ".cpg", ".cst", ".sbn", ".sbx", ".qix", ".shp.xml")


@contextmanager
def exporting(
    scenario: Scenario,
    folder: Path | str,
    names: Sequence[str],
    *,
    checked: bool = True,
    kept: Iterable[Path] = (),
) -> Iterator[Stage]:
    """Open a :class:`~liancun_geo.output.atomic.Stage` for the files of a scenario.

    Parameters
    ----------
    scenario
        Its input files are never overwritten.
    folder, names
        See :func:`~liancun_geo.output.atomic.staged`.
    checked
        Refuse a plan that breaks a rule. Only the plan file, which records what is broken, may
        be written of such a plan.
    kept
        Files that are never overwritten either.

    Raises
    ------
    DataError
        Listing the violations, or what stands in the way of writing.
    """
    if checked and scenario.violations:
        raise DataError(
            [
                error("output.plan_breaks_rules", count=len(scenario.violations)),
                *(violation_fault(one, scenario.villages) for one in scenario.violations),
            ]
        )
    inputs = (*input_files(scenario.villages.sources), *kept)
    with staged(Path(folder), names, inputs=inputs) as stage:
        yield stage


def input_files(sources: Iterable[Source]) -> tuple[Path, ...]:
    """Return the files behind the sources, with all parts of a shapefile."""
    paths = [Path(source.path) for source in sources]
    parts = [
        path.with_suffix(suffix)
        for path in paths
        if path.suffix.lower() == ".shp"
        for suffix in _SHAPEFILE_PARTS
    ]
    return (*paths, *parts)


def file_name(path: str) -> str:
    """Return the name of an input file, for papers that are passed on.

    Where it lies on the planner's machine is nobody's business; the path may be of another system.
    """
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def creation_time(created: datetime | None) -> datetime:
    """Return the given time, else ``SOURCE_DATE_EPOCH``, else now; in UTC, whole seconds.

    ``SOURCE_DATE_EPOCH`` is the variable of https://reproducible-builds.org/specs/.

    Raises
    ------
    DataError
        If ``SOURCE_DATE_EPOCH`` is set but is no number of seconds.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if created is None and epoch:
        try:
            created = datetime.fromtimestamp(int(epoch), UTC)
        except (ValueError, OverflowError, OSError) as cause:
            fault = error("output.bad_epoch", Where(field="SOURCE_DATE_EPOCH"), value=epoch)
            raise DataError([fault]) from cause
    return (created or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)


def office_time(created: datetime) -> datetime:
    """Return a time as offices in China read it: their own date, not that of Greenwich."""
    return created.astimezone(_CHINA)


def sentence(fault: Fault, language: Language) -> str:
    """Return what a fault says, without its place."""
    return message(fault.key, language, **fault.params)


def clean(text: str) -> str:
    """Return the text without characters that XML, UTF-8 or a database field cannot hold.

    Line breaks and tabs stay; control characters, lone surrogates and U+FFFE/U+FFFF go.
    """
    return "".join(
        char
        for char in text
        if char in "\n\t"
        or (unicodedata.category(char) not in ("Cc", "Cs") and char not in "\ufffe\uffff")
    )


def one_line(text: str) -> str:
    """Return a name on one line, without what :func:`clean` takes away."""
    return " ".join(clean(text).split())


def county_name(frame: pd.DataFrame) -> str:
    """Return the county of a village table, "" if its villages tell of none or of several."""
    names = {one_line(str(name)) for name in frame["county"].dropna()} - {""}
    return names.pop() if len(names) == 1 else ""


def guarded(text: str) -> bool:
    """Return whether a spreadsheet might take the text for a formula."""
    return text.lstrip(" \n\t")[:1] in ("=", "+", "-", "@", "＝", "＋", "－", "＠") or text[:1] in (
        "\t",
        "\n",
    )
