"""What a project says: read from its file each time it is asked."""

from __future__ import annotations

import hashlib
import math
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from liancun_geo.decisions import Decision, in_force
from liancun_geo.doctor import Findings
from liancun_geo.errors import SettingsError
from liancun_geo.output.export import clean
from liancun_geo.output.options import REMEMBERED, PackOptions, options_from
from liancun_geo.project import corrections as values
from liancun_geo.project import database, scenarios
from liancun_geo.project.corrections import corrected
from liancun_geo.project.faults import ProjectError, fault_of
from liancun_geo.project.inputs import Inputs, examine_inputs, read_inputs
from liancun_geo.project.layers import VILLAGES, has_layer, put_villages
from liancun_geo.project.records import LONGEST_TITLE, Limits, Logged, ScenarioInfo, StoredFile
from liancun_geo.project.saved import restored
from liancun_geo.scenario import County, Scenario
from liancun_geo.settings import Settings, parse_settings
from liancun_geo.villages import Correction

CHOICES = ("criteria", "rules", "solver")
"""Tables of the settings that each scenario has of its own; the others say how the county is."""
Reader = Callable[[Inputs, Settings], County]


@dataclass(frozen=True)
class Ways:
    """How what a project holds becomes a county and plans; a server keeps what it has made.

    Attributes
    ----------
    read
        Reads a county from the stored files.
    correct
        Lays corrections over a county; as :func:`~liancun_geo.project.corrections.corrected`.
    restore
        Makes a scenario of a saved plan; as :func:`~liancun_geo.project.saved.restored`.
    """

    read: Reader = read_inputs
    correct: Callable[[County, tuple[Correction, ...]], County] = corrected
    restore: Callable[[County, Settings, Mapping[str, Any]], Scenario] = restored


_NOT_READ_BY = {*CHOICES, "types", "benefit", "quality"}


class Told:
    """A project file as it is read. Nothing is kept in memory but the county.

    Parameters
    ----------
    path
        From :func:`~liancun_geo.project.open_project`, which looks at the file first.
    ways
        Of reading its county and its plans.
    """

    def __init__(self, path: Path, ways: Ways = Ways()) -> None:
        self.path = path
        self._ways = ways
        self._counties: dict[tuple[str, str], County] = {}

    # --- what it says ------------------------------------------------------------------------

    def _said(self, key: str) -> str:
        with database.reading(self.path) as connection:
            found = connection.execute(
                "SELECT value FROM liancun_project WHERE key = ?", (key,)
            ).fetchone()
        if found is None:
            raise fault_of("project.damaged", self.path, cause=f"liancun_project: {key}")
        return str(found[0])

    @property
    def name(self) -> str:
        """As the planner calls it."""
        return self._said("name")

    @property
    def title(self) -> str:
        """What the planner calls it; "" if nobody has given it a name of its own."""
        with database.reading(self.path) as connection:
            found = connection.execute(
                "SELECT value FROM liancun_project WHERE key = 'title'"
            ).fetchone()
        return "" if found is None else clean(str(found[0]))[:LONGEST_TITLE]

    @cached_property
    def token(self) -> str:
        """Random text that names the project where its path must not be told."""
        return self._said("token")

    @cached_property
    def is_sample(self) -> bool:
        """Whether its data are the fictional county."""
        return self._said("sample") == "1"

    @property
    def revision(self) -> int:
        """Number of the last write."""
        with database.reading(self.path) as connection:
            found = connection.execute("SELECT max(revision) FROM liancun_log").fetchone()[0]
        return int(found or 0)

    @cached_property
    def files(self) -> tuple[StoredFile, ...]:
        """The input files, as they were handed in."""
        with database.reading(self.path) as connection:
            found = connection.execute(
                "SELECT name, role, sha256, bytes FROM liancun_files ORDER BY id"
            ).fetchall()
        return tuple(StoredFile(*row) for row in found)

    def content(self, name: str) -> bytes:
        """Return an input file, byte by byte.

        Raises
        ------
        ProjectError
            If there is none of this name.
        """
        with database.reading(self.path) as connection:
            found = connection.execute(
                "SELECT content FROM liancun_files WHERE name = ?", (name,)
            ).fetchone()
        if found is None:
            raise fault_of("project.input_unreadable", self.path, cause=name)
        return bytes(found[0])

    def snapshot(self) -> bytes:
        """Return the project file as it is, whole also while another window is writing.

        Raises
        ------
        ProjectError
            If the file cannot be read.
        """
        with database.reading(self.path) as connection:
            return connection.serialize()

    @property
    def inputs(self) -> Inputs:
        """The input files with their contents, as the doctor and the reader take them."""
        maps: list[tuple[str, bytes]] = []
        ledgers: list[tuple[str, bytes]] = []
        sides: dict[str, tuple[str, bytes]] = {}
        for file in self.files:
            one = file.name, self.content(file.name)
            if file.role in ("settings", "decisions"):
                sides[file.role] = one
            else:
                (ledgers if file.role == "ledger" else maps).append(one)
        return Inputs(tuple(maps), tuple(ledgers), sides.get("settings"), sides.get("decisions"))

    @property
    def settings(self) -> Settings:
        """The settings of the project, with the decisions in force."""
        whole = self._settings()
        return whole.model_copy(update={"decisions": in_force(whole.decisions)})

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """All decisions, confirmed or not."""
        return self._settings().decisions

    @property
    def settings_revision(self) -> int:
        """Of the last change of settings or decisions."""
        with database.reading(self.path) as connection:
            found = connection.execute("SELECT max(revision) FROM liancun_settings").fetchone()[0]
        return int(found or 0)

    @property
    def limits(self) -> Limits:
        """Limits of the planner's own, with their sources."""
        with database.reading(self.path) as connection:
            found = connection.execute(
                "SELECT value FROM liancun_project WHERE key = 'limits'"
            ).fetchone()
        said = {} if found is None else database.loaded(found[0], self.path)
        weak = said.get("weak_below_wan_yuan") if isinstance(said, dict) else said
        sources = said.get("sources", {}) if isinstance(said, dict) else said
        number = isinstance(weak, int | float) and not isinstance(weak, bool)
        named = isinstance(sources, dict) and all(isinstance(s, str) for s in sources.values())
        if not named or not (weak is None or (number and 0 <= weak < math.inf)):
            raise fault_of("project.damaged", self.path, cause="liancun_project: limits")
        return Limits(None if weak is None else float(weak), sources)

    @property
    def handing(self) -> PackOptions:
        """In which form files were handed over last; the usual one if that is not known."""
        with database.reading(self.path) as connection:
            found = connection.execute(
                "SELECT value FROM liancun_project WHERE key = 'handing'"
            ).fetchone()
        said = {} if found is None else database.loaded(found[0], self.path)
        try:
            return options_from({name: said.get(name) for name in REMEMBERED})
        except (SettingsError, AttributeError):
            # A matter of taste: no reason to keep anybody out of the project.
            return PackOptions()

    @property
    def colours(self) -> Mapping[str, Any]:
        """What the app wrote of the colours of alliances; empty if it did not, never checked."""
        with database.reading(self.path) as connection:
            found = connection.execute(
                "SELECT value FROM liancun_project WHERE key = 'colours'"
            ).fetchone()
        said = {} if found is None else database.loaded(found[0], self.path)
        return said if isinstance(said, dict) else {}

    @property
    def corrections(self) -> tuple[Correction, ...]:
        """Every correction of the ledger, in the order they were made."""
        with database.reading(self.path) as connection:
            return self._corrections(connection)

    @property
    def scenarios(self) -> Mapping[str, ScenarioInfo]:
        """Name -> what is known of it, in the order they were made, without removed ones."""
        return {info.name: info for info in self._infos() if not info.removed}

    @property
    def removed(self) -> Mapping[str, ScenarioInfo]:
        """The scenarios that were taken away and can be restored."""
        return {info.name: info for info in self._infos() if info.removed}

    @property
    def history(self) -> tuple[Logged, ...]:
        """Every write to the project, the first one first."""
        with database.reading(self.path) as connection:
            names = {row.id: row.info.name for row in scenarios.rows(connection, self.path)}
            found = connection.execute(
                'SELECT revision, at, "by", action, scenario, detail FROM liancun_log'
                " ORDER BY revision"
            ).fetchall()
        return tuple(
            Logged(
                revision,
                database.time_of(at, self.path),
                by,
                action,
                names.get(scenario),
                database.loaded(detail, self.path),
            )
            for revision, at, by, action, scenario, detail in found
        )

    def _infos(self) -> tuple[ScenarioInfo, ...]:
        with database.reading(self.path) as connection:
            return tuple(row.info for row in scenarios.rows(connection, self.path))

    def _settings(self) -> Settings:
        with database.reading(self.path) as connection:
            found = connection.execute(
                "SELECT settings FROM liancun_settings ORDER BY revision DESC LIMIT 1"
            ).fetchone()
        if found is None:
            raise fault_of("project.damaged", self.path, cause="liancun_settings")
        return self._parsed(database.loaded(found[0], self.path))

    def _parsed(self, tables: Any) -> Settings:
        if not isinstance(tables, dict):
            raise fault_of("project.damaged", self.path, cause="settings")
        return parse_settings(tables, file=str(self.path))

    def _corrections(self, connection: sqlite3.Connection) -> tuple[Correction, ...]:
        found = connection.execute(
            'SELECT code, field, before, value, "by", at, reason, revision'
            " FROM liancun_corrections ORDER BY id"
        ).fetchall()
        read = []
        for code, field, before, value, by, at, reason, revision in found:
            # Whoever edits the file by hand does not get a value past the checks.
            usable = values.usable(field, database.loaded(value, self.path), code=code)
            old = database.loaded(before, self.path)
            time = database.time_of(at, self.path)
            read.append(Correction(code, field, old, usable, by, time, reason, revision))
        return tuple(read)

    # --- the county --------------------------------------------------------------------------

    def county(self, settings: Settings | None = None, *, until: int | None = None) -> County:
        """Read the county from the stored files, with the corrections laid over it.

        Parameters
        ----------
        settings
            How to read it; default those of the project.
        until
            Revision of the last correction to apply, for data as they were; default all.

        Raises
        ------
        DataError
            With the faults of all files.
        """
        own = settings is None and until is None
        given = self.settings if settings is None else settings
        laid = tuple(one for one in self.corrections if until is None or one.revision <= until)
        reading = given.model_dump_json(exclude=_NOT_READ_BY)
        key = reading, repr(laid)
        if key not in self._counties:
            plain = self._counties.get((reading, "()"))
            read = plain or self._ways.read(self.inputs, given)
            # Few are kept: a county may take 100 MB.
            kept = list(self._counties.items())[-2:]
            self._counties = {**dict(kept), key: self._ways.correct(read, laid)}
        county = self._counties[key]
        if own:
            self._show(county, hashlib.sha256(reading.encode()).hexdigest())
        return county

    def _show(self, county: County, reading: str) -> None:
        """Let the layer of villages follow the county; single corrections follow by themselves."""
        with database.reading(self.path) as connection:
            if self._shown(connection) == reading:
                return
        try:
            with database.transaction(self.path) as connection:
                last = connection.execute(
                    "SELECT at FROM liancun_log ORDER BY revision DESC LIMIT 1"
                ).fetchone()
                at = database.time_of(last[0], self.path)
                put_villages(connection, county.villages.frame, at)
                scenarios.show_all(connection, self.path, at)
                connection.execute(
                    "INSERT INTO liancun_project (key, value) VALUES ('shown', ?)"
                    " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    (reading,),
                )
        except ProjectError:
            # A project that cannot be written to can still be read.
            return

    def _shown(self, connection: sqlite3.Connection) -> str | None:
        found = connection.execute(
            "SELECT value FROM liancun_project WHERE key = 'shown'"
        ).fetchone()
        return found[0] if found and has_layer(connection, VILLAGES) else None

    def examine(self) -> Findings:
        """Examine the stored files as the doctor does.

        Raises
        ------
        DataError
            If they do not make a county.
        """
        return examine_inputs(self.inputs, self.settings)
