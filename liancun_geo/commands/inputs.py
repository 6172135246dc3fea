"""What every command has in common: its input files, its exit codes, codes into positions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from liancun_geo.errors import DataError, Where, error
from liancun_geo.plan import UNASSIGNED
from liancun_geo.villages import positions_by_code

if TYPE_CHECKING:
    from liancun_geo.output import PlanFile
    from liancun_geo.scenario import County
    from liancun_geo.settings import Settings
    from liancun_geo.villages import VillageTable

GOOD, FAILED, WRONG_USAGE, BAD_DATA, NO_PLAN = 0, 1, 2, 3, 4
"""Exit codes: good, the program itself failed, wrong usage or settings, bad data, no plan."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files a command works on."""

    boundaries: Path
    ledger: Sequence[Path] | None = None
    settings_file: Path | None = None
    decisions: Path | None = None
    places: Sequence[Path] = ()

    @property
    def folder(self) -> Path:
        """Where the paths in the settings start."""
        return Path() if self.settings_file is None else self.settings_file.parent

    def settings(self, time_limit: float | None = None) -> Settings:
        """Read the settings; the option for the time keeps to the same bounds as the file."""
        from liancun_geo.settings import Settings, parse_settings, read_settings

        settings = Settings() if self.settings_file is None else read_settings(self.settings_file)
        settings = self.added_to(settings, self.folder)
        if time_limit is None:
            return settings
        tables = settings.model_dump(mode="json")
        tables["solver"]["time_limit_s"] = time_limit
        return parse_settings(tables)

    def added_to(self, settings: Settings, folder: Path) -> Settings:
        """Return settings with the decisions and the places that were named beside them.

        Parameters
        ----------
        settings
            From a file, whichever; what they have already is not added again.
        folder
            Where the paths in them start.
        """
        from liancun_geo.decision_conflicts import essence
        from liancun_geo.decisions import in_force
        from liancun_geo.output.findings_answers import decisions_of

        if self.decisions is not None:
            known = {essence(decision) for decision in in_force(settings.decisions)}
            more = in_force(decisions_of(self.decisions))
            settings = settings.deciding(d for d in more if essence(d) not in known)
        if self.places:
            named = (_path_from(folder, path) for path in self.places)
            listed = tuple(dict.fromkeys((*settings.data.places, *named)))
            data = settings.data.model_copy(update={"places": listed})
            settings = settings.model_copy(update={"data": data})
        return settings

    def county(self, settings: Settings, folder: Path | None = None) -> County:
        """Read villages, ledger, and the layers and lists that the settings name.

        ``folder`` is where the paths in the settings start, if not where their file lies.
        """
        from liancun_geo.scenario import read_county

        folder = self.folder if folder is None else folder
        return read_county(self.boundaries, self.ledger, settings=settings, folder=folder)


def positions(
    villages: VillageTable, codes: Iterable[str], where: Where | None = None
) -> list[int]:
    """Return the positions of villages named by code.

    Parameters
    ----------
    villages
        The villages of the county.
    codes
        One or several times each.
    where
        Where the codes stand; an unknown code is its own place if not given.

    Raises
    ------
    DataError
        With every unknown code, once.
    """
    asked = list(codes)
    known = positions_by_code(villages.frame["code"])
    unknown = [code for code in dict.fromkeys(asked) if code not in known]
    if unknown:
        raise DataError(
            error("cli.assignment_unknown", where or Where(code=code), code=code)
            for code in unknown
        )
    return [known[code] for code in asked]


def _path_from(folder: Path, path: Path) -> str:
    """Return a path as the settings name it: from their folder, wherever that is."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return str(path.resolve())


def handed_plan(path: Path, villages: VillageTable) -> Sequence[int]:
    """Return the plan of a file, whatever of the files this program writes it is.

    Parameters
    ----------
    path
        ``plan.json``, or as for :func:`~liancun_geo.assignment.read_assignment`.
    villages
        The villages its codes refer to.

    Returns
    -------
    sequence of int
        (n,) position of the lead of each village, -1 if left out.

    Raises
    ------
    DataError
        If the file cannot be used, with every code that the data do not have.
    """
    from liancun_geo.assignment import read_assignment
    from liancun_geo.output import read_plan_file

    if path.suffix.lower() == ".json":
        return leads_of(read_plan_file(path), villages)
    leads: list[int] = read_assignment(path, villages).tolist()
    return leads


def leads_of(handed: PlanFile, villages: VillageTable) -> list[int]:
    """Return the plan of a plan file by position, -1 for a village that is left out.

    Raises
    ------
    DataError
        With every code that the data do not have.
    """
    leads = {code: a.lead for a in handed.alliances for code in (a.lead, *a.members)}
    where = Where(file=handed.path.name)
    position = dict(zip(leads, positions(villages, leads, where), strict=True))
    lead_of = [UNASSIGNED] * len(villages)
    for code, lead in leads.items():
        lead_of[position[code]] = position[lead]
    return lead_of
