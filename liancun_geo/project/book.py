"""A project: data, settings, decisions, scenarios and every edit, in one GeoPackage."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from liancun_geo.decisions import Decision
from liancun_geo.editing import Draft, EditError, Entry
from liancun_geo.errors import Where, error, warning
from liancun_geo.project import corrections as values
from liancun_geo.project import database, scenarios
from liancun_geo.project.faults import ProjectError, fault_of
from liancun_geo.project.inputs import flat
from liancun_geo.project.layers import correct_village, rename_layer
from liancun_geo.project.reading import CHOICES, Told
from liancun_geo.project.records import Action
from liancun_geo.project.saved import restored, saved_result
from liancun_geo.project.scenarios import Row, Signed
from liancun_geo.reasons import violation_fault
from liancun_geo.scenario import Scenario, take_over
from liancun_geo.settings import Settings


class Project(Told):
    """A project file.

    It may be used from several threads, tabs and programs at once: every write is one
    transaction, and is refused with a :class:`~liancun_geo.project.ProjectConflict` where the
    caller expected another revision. All that writes says who (``by``) and when (``at``, with
    its time zone), and returns the new revision unless it says otherwise.
    """

    # --- data and settings -------------------------------------------------------------------

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

    # --- scenarios ---------------------------------------------------------------------------

    def draft(self, name: str) -> Draft:
        """Return a scenario as it was left, with all its steps, without solving.

        Its criteria and rules are its own; the data and what the settings say of them are those
        of the project now. Where these have changed, the plan is judged anew and a warning of
        the proposal says so. An approved version is judged by the data it was approved with.

        Raises
        ------
        ProjectError
            If there is no such scenario, or it was changed into something unusable.
        DataError, SettingsError
            If the data cannot be read or do not fit the rules.
        """
        with database.reading(self.path) as connection:
            row = scenarios.find(connection, self.path, name)
            document = scenarios.result_of(connection, self.path, row.id)
            steps = scenarios.entries(connection, self.path, row.id)
            plan = scenarios.assignment(connection, self.path, row.id)
        own = self._parsed(document.get("settings"))
        if row.info.frozen:
            proposal = restored(self.county(own, until=row.data_revision), own, document)
            return Draft(proposal)
        update = {name: getattr(own, name) for name in CHOICES}
        settings = self.settings.model_copy(update=update)
        county = self.county()
        proposal = restored(county, settings, document)
        try:
            log = [Entry.from_dict(step) for step in steps]
            return Draft.restored(proposal, log, row.info.cursor)
        except EditError:
            # The steps speak of villages that are no more: the plan stays, the steps do not.
            flattened = restored(county, settings, {**document, "lead_of": plan})
            note = warning("project.log_unusable", Where(file=str(self.path)), scenario=name)
            return Draft(replace(flattened, warnings=(*flattened.warnings, note)))

    def add_scenario(
        self,
        name: str,
        scenario: Scenario | Draft,
        note: str = "",
        *,
        by: str,
        at: datetime,
        base: str | None = None,
    ) -> int:
        """Add a plan under a new name, of a draft with all its steps.

        Raises
        ------
        ProjectError
            If the name is taken or no name.
        """
        draft = scenario if isinstance(scenario, Draft) else Draft(scenario)
        result = database.dumped(saved_result(draft.proposal))
        signed = Signed(by, at)
        with self._adding("add", signed, name, base) as (connection, revision):
            scenarios.insert(
                connection,
                self.path,
                name,
                result,
                signed,
                revision,
                entries=draft.entries,
                cursor=draft.cursor,
                note=note,
                base=base,
            )
        return revision

    def copy(self, name: str, new: str, *, by: str, at: datetime, note: str = "") -> int:
        """Copy a scenario, or an approved version to go on from it, with all its steps."""
        signed = Signed(by, at)
        with self._adding("copy", signed, new, name) as (connection, revision):
            row = scenarios.find(connection, self.path, name)
            result = scenarios.result_of(connection, self.path, row.id)
            steps = scenarios.entries(connection, self.path, row.id)
            scenarios.insert(
                connection,
                self.path,
                new,
                database.dumped(result),
                signed,
                revision,
                entries=[Entry.from_dict(step) for step in steps],
                cursor=row.info.cursor,
                note=note,
                base=name,
            )
        return revision

    @contextmanager
    def _adding(
        self, action: Action, signed: Signed, name: str, base: str | None
    ) -> Iterator[tuple[sqlite3.Connection, int]]:
        with database.transaction(self.path) as connection:
            detail = {"name": name, "base": base}
            revision = database.logged(
                connection, action, by=signed.by, at=signed.at, detail=detail
            )
            yield connection, revision

    def rename(
        self, name: str, new: str, *, by: str, at: datetime, expected: int | None = None
    ) -> int:
        """Give a scenario another name."""
        with self._changing(name, expected) as (connection, row):
            key = scenarios.folded(self.path, new)
            taken = connection.execute(
                "SELECT 1 FROM liancun_scenarios WHERE folded = ? AND id <> ?", (key, row.id)
            ).fetchone()
            if taken:
                raise fault_of("project.scenario_exists", self.path, scenario=new)
            connection.execute(
                "UPDATE liancun_scenarios SET name = ?, folded = ? WHERE id = ?",
                (new, key, row.id),
            )
            rename_layer(connection, name, new)
            return scenarios.touch(
                connection, row, "rename", Signed(by, at), before=name, value=new
            )

    def annotate(
        self, name: str, note: str, *, by: str, at: datetime, expected: int | None = None
    ) -> int:
        """Write a note beside a scenario, in place of the one before."""
        with self._changing(name, expected) as (connection, row):
            connection.execute("UPDATE liancun_scenarios SET note = ? WHERE id = ?", (note, row.id))
            return scenarios.touch(
                connection, row, "annotate", Signed(by, at), before=row.info.note, value=note
            )

    def remove(self, name: str, *, by: str, at: datetime, expected: int | None = None) -> int:
        """Take a scenario away; it and its steps stay in the file and can be restored."""
        with self._changing(name, expected) as (connection, row):
            scenarios.hide(connection, row)
            connection.execute("UPDATE liancun_scenarios SET removed = 1 WHERE id = ?", (row.id,))
            return scenarios.touch(connection, row, "remove", Signed(by, at))

    def restore(self, name: str, *, by: str, at: datetime) -> int:
        """Bring a removed scenario back as it was."""
        with database.transaction(self.path) as connection:
            row = scenarios.find(connection, self.path, name, removed=True)
            connection.execute("UPDATE liancun_scenarios SET removed = 0 WHERE id = ?", (row.id,))
            scenarios.show(connection, self.path, row, at)
            return scenarios.touch(connection, row, "restore", Signed(by, at))

    def freeze(
        self,
        name: str,
        *,
        by: str,
        at: datetime,
        new: str | None = None,
        note: str = "",
        expected: int | None = None,
    ) -> str:
        """Approve a scenario as it is: an immutable copy with its settings and data.

        Parameters
        ----------
        name
            Of the scenario, which stays and may be edited further.
        by, at
            Who approved it, and when.
        new, note
            Name of the version, made from ``name`` if not given; a note beside it.
        expected
            As for :meth:`append`.

        Returns
        -------
        str
            Name of the approved version.

        Raises
        ------
        ProjectError
            If the plan breaks a rule, listing each, or nobody is named.
        """
        if not by.strip():
            raise fault_of("project.approved_by_missing", self.path)
        seen = self.revision
        scenario = self._as_it_is(name)
        if scenario.violations:
            raise ProjectError(
                [
                    error(
                        "project.approve_breaks_rules",
                        Where(file=str(self.path)),
                        scenario=name,
                        count=len(scenario.violations),
                    ),
                    *(violation_fault(one, scenario.villages) for one in scenario.violations),
                ]
            )
        result = database.dumped(saved_result(scenario))
        with self._changing(name, expected) as (connection, row):
            if row.info.revision > seen:
                # It was changed while it was judged.
                raise scenarios.conflict(
                    connection, self.path, row.info.revision, "project.conflict", scenario=name
                )
            version = new or scenarios.next_approved_name(connection, self.path, name)
            detail = {"name": version, "fingerprint": scenario.fingerprint}
            signed = Signed(by, at)
            revision = database.logged(
                connection, "approve", by=by, at=at, scenario=row.id, detail=detail
            )
            scenarios.insert(
                connection,
                self.path,
                version,
                result,
                signed,
                revision,
                note=note,
                base=name,
                frozen=1,
                approved_by=by,
                approved_at=database.stamp(at),
                data_revision=seen,
            )
        return version

    def _as_it_is(self, name: str) -> Scenario:
        draft = self.draft(name)
        proposal = draft.proposal
        if (draft.state.lead_of == proposal.plan.lead_of).all():
            return proposal
        return take_over(self.county(), proposal.settings, draft.state.lead_of)

    # --- steps -------------------------------------------------------------------------------

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
