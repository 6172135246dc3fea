"""What is written to a project one by one: settings, decisions, corrections, steps."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from liancun_geo.decisions import Decision
from liancun_geo.editing import Entry
from liancun_geo.output.export import one_line
from liancun_geo.output.options import PackOptions, remembered
from liancun_geo.project import corrections as values
from liancun_geo.project import database, scenarios
from liancun_geo.project.inputs import flat
from liancun_geo.project.layers import correct_village
from liancun_geo.project.reading import Told
from liancun_geo.project.records import LONGEST_TITLE, Action, Limits
from liancun_geo.project.scenarios import Row, Signed
from liancun_geo.settings import Settings


class Kept(Told):
    """A project file whose data, settings and steps can be written."""

    def save_settings(
        self, settings: Settings, *, by: str, at: datetime, expected: int | None = None
    ) -> int:
        """Save the settings of the project; decisions not confirmed yet stay.

        Parameters
        ----------
        settings
            As changed; its decisions replace those in force.
        by, at
            Who and when.
        expected
            :attr:`settings_revision` they were read at; None to save whatever happened since.

        Raises
        ------
        ProjectConflict
            If somebody changed settings or decisions since.
        """
        open_ones = tuple(one for one in self.decisions if not one.confirmed)
        whole = settings.model_copy(update={"decisions": (*settings.decisions, *open_ones)})
        return self._save(flat(whole), "settings", Signed(by, at), expected)

    def save_decisions(
        self, decisions: Iterable[Decision], *, by: str, at: datetime, expected: int | None = None
    ) -> int:
        """Save all decisions of the project, confirmed or not; see :meth:`save_settings`."""
        whole = self._settings().model_copy(update={"decisions": tuple(decisions)})
        return self._save(whole, "decisions", Signed(by, at), expected)

    def _save(
        self, settings: Settings, action: Action, signed: Signed, expected: int | None
    ) -> int:
        with database.transaction(self.path) as connection:
            found = connection.execute("SELECT max(revision) FROM liancun_settings").fetchone()[0]
            if expected is not None and found != expected:
                raise scenarios.conflict(connection, self.path, found, "project.conflict_settings")
            revision = database.logged(connection, action, by=signed.by, at=signed.at)
            connection.execute(
                "INSERT INTO liancun_settings (revision, settings) VALUES (?, ?)",
                (revision, database.dumped(settings.model_dump(mode="json"))),
            )
        return revision

    def save_limits(self, limits: Limits, *, by: str, at: datetime) -> int:
        """Save limits of the planner's own, with their sources."""
        told = {
            "weak_below_wan_yuan": limits.weak_below_wan_yuan,
            "sources": dict(sorted(limits.sources.items())),
        }
        with database.transaction(self.path) as connection:
            revision = database.logged(connection, "limits", by=by, at=at, detail=told)
            connection.execute(
                "INSERT INTO liancun_project (key, value) VALUES ('limits', ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (database.dumped(told),),
            )
        return revision

    def save_handing(self, options: PackOptions, *, by: str, at: datetime) -> int:
        """Save in which form files are handed over, as far as it is worth remembering."""
        told = remembered(options)
        with database.transaction(self.path) as connection:
            revision = database.logged(connection, "handing", by=by, at=at, detail=told)
            connection.execute(
                "INSERT INTO liancun_project (key, value) VALUES ('handing', ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (database.dumped(told),),
            )
        return revision

    def save_colours(self, colours: Mapping[str, Any], *, by: str, at: datetime) -> int:
        """Save which colour each alliance has on the map, so that it has it again when opened."""
        with database.transaction(self.path) as connection:
            revision = database.logged(connection, "colours", by=by, at=at, detail={})
            connection.execute(
                "INSERT INTO liancun_project (key, value) VALUES ('colours', ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (database.dumped(dict(colours)),),
            )
        return revision

    def save_title(self, title: str, *, by: str, at: datetime, expected: str | None = None) -> int:
        """Save what the planner calls the project.

        Parameters
        ----------
        title
            One line, cut to :data:`~liancun_geo.project.records.LONGEST_TITLE`; "" for none.
        by, at
            Who and when.
        expected
            :attr:`title` it was read as; None to save whatever happened since.

        Raises
        ------
        ProjectConflict
            If somebody gave it another one since.
        """
        told = one_line(title)[:LONGEST_TITLE]
        with database.transaction(self.path) as connection:
            found = connection.execute(
                "SELECT value FROM liancun_project WHERE key = 'title'"
            ).fetchone()
            now = "" if found is None else str(found[0])
            if expected is not None and now != expected:
                last = connection.execute(
                    "SELECT max(revision) FROM liancun_log WHERE action = 'title'"
                ).fetchone()[0]
                raise scenarios.conflict(connection, self.path, last, "project.conflict_title")
            detail = {"before": now, "value": told}
            revision = database.logged(connection, "title", by=by, at=at, detail=detail)
            connection.execute(
                "INSERT INTO liancun_project (key, value) VALUES ('title', ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (told,),
            )
        return revision

    def edit_village(
        self, code: str, field: str, value: Any, *, by: str, at: datetime, reason: str
    ) -> int:
        """Correct one value of one village; the ledger itself stays as it is.

        Parameters
        ----------
        code, field
            The village, and one of :data:`~liancun_geo.project.EDITABLE`.
        value
            In the unit of the field; None if it is not known after all.
        by, at, reason
            Who, when and why, for the record.

        Returns
        -------
        int
            The new revision; the present one if the value is what stands there already.

        Raises
        ------
        ProjectError
            If there is no such village, or the field does not take the value.
        DataError
            If the county cannot be read.
        """
        usable = values.usable(field, value, code=code)
        before = values.value_of(self.county().villages, code, field)
        if usable == before:
            return self.revision
        with database.transaction(self.path) as connection:
            detail = {"code": code, "field": field, "before": before, "value": usable}
            revision = database.logged(connection, "correct", by=by, at=at, detail=detail)
            connection.execute(
                "INSERT INTO liancun_corrections (revision, code, field, before, value,"
                ' "by", at, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
                (
                    *(revision, code, field, database.dumped(before), database.dumped(usable)),
                    *(by, database.stamp(at), reason),
                ),
            )
            correct_village(connection, code, field, usable)
        return revision

    def append(self, name: str, entry: Entry, *, expected: int) -> int:
        """Add a step to a scenario; steps taken back before are dropped, but stay on record.

        Parameters
        ----------
        name
            Of the scenario.
        entry
            The last one of the draft after the edit; it says who and when.
        expected
            Revision of the scenario the draft was made from.

        Raises
        ------
        ProjectConflict
            If somebody changed the scenario since; nothing is saved.
        ProjectError
            If it is an approved version, or the step does not come next.
        """
        with self._changing(name, expected) as (connection, row):
            if entry.number != row.info.cursor + 1:
                raise scenarios.out_of_place(self.path, row, entry.number)
            signed = Signed(entry.by, entry.at)
            revision = scenarios.touch(
                connection, row, "edit", signed, number=entry.number, kind=entry.edit.kind
            )
            connection.execute(
                "UPDATE liancun_entries SET discarded = ? WHERE scenario = ? AND number >= ?"
                " AND discarded IS NULL",
                (revision, row.id, entry.number),
            )
            scenarios.add_entry(connection, row.id, entry, revision)
            self._moved(connection, row, entry.number, signed.at)
        return revision

    def set_cursor(self, name: str, cursor: int, *, expected: int, by: str, at: datetime) -> int:
        """Go to a step of the log, 0 for the proposal: undo, redo, jump.

        Raises
        ------
        ProjectConflict, ProjectError
            As :meth:`append`, and if there is no such step.
        """
        with self._changing(name, expected) as (connection, row):
            scenarios.step_exists(row, self.path, cursor)
            revision = scenarios.touch(
                connection, row, "cursor", Signed(by, at), before=row.info.cursor, value=cursor
            )
            self._moved(connection, row, cursor, at)
        return revision

    def note_step(
        self, name: str, number: int, text: str, *, expected: int, by: str, at: datetime
    ) -> int:
        """Write another note at a step; see :meth:`set_cursor`."""
        with self._changing(name, expected) as (connection, row):
            scenarios.step_exists(row, self.path, number, least=1)
            connection.execute(
                "UPDATE liancun_entries SET note = ? WHERE scenario = ? AND number = ?"
                " AND discarded IS NULL",
                (text, row.id, number),
            )
            return scenarios.touch(
                connection, row, "note", Signed(by, at), number=number, value=text
            )

    @contextmanager
    def _changing(
        self, name: str, expected: int | None
    ) -> Iterator[tuple[sqlite3.Connection, Row]]:
        with database.transaction(self.path) as connection:
            yield connection, scenarios.changeable(connection, self.path, name, expected)

    def _moved(self, connection: sqlite3.Connection, row: Row, cursor: int, at: datetime) -> None:
        connection.execute(
            'UPDATE liancun_scenarios SET "cursor" = ? WHERE id = ?', (cursor, row.id)
        )
        scenarios.show(connection, self.path, row, at)
