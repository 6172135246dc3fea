"""A project: data, settings, decisions, scenarios and every edit, in one GeoPackage."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from liancun_geo.editing import Draft, EditError, Entry
from liancun_geo.errors import Where, error, warning
from liancun_geo.project import database, scenarios
from liancun_geo.project.faults import ProjectError, fault_of
from liancun_geo.project.keeping import Kept
from liancun_geo.project.layers import rename_layer
from liancun_geo.project.reading import CHOICES
from liancun_geo.project.records import Action
from liancun_geo.project.saved import saved_result
from liancun_geo.project.scenarios import Signed
from liancun_geo.reasons import violation_fault
from liancun_geo.scenario import Scenario


class Project(Kept):
    """A project file.

    It may be used from several threads, tabs and programs at once: every write is one
    transaction, and is refused with a :class:`~liancun_geo.project.ProjectConflict` where the
    caller expected another revision. All that writes says who (``by``) and when (``at``, with
    its time zone), and returns the new revision unless it says otherwise.
    """

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
            proposal = self._ways.restore(self.county(own, until=row.data_revision), own, document)
            return Draft(proposal)
        update = {name: getattr(own, name) for name in CHOICES}
        settings = self.settings.model_copy(update=update)
        county = self.county()
        proposal = self._ways.restore(county, settings, document)
        try:
            log = [Entry.from_dict(step) for step in steps]
            return Draft.restored(proposal, log, row.info.cursor)
        except EditError:
            # The steps speak of villages that are no more: the plan stays, the steps do not.
            flattened = self._ways.restore(county, settings, {**document, "lead_of": plan})
            # Without the file: warnings go into papers, and on a server its name opens it.
            note = warning("project.log_unusable", scenario=name)
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
            key = scenarios.free(connection, self.path, new, but=row.id)
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
            # Its name is free again.
            connection.execute(
                "UPDATE liancun_scenarios SET removed = 1, folded = ? WHERE id = ?",
                (f"\0{row.id}", row.id),
            )
            return scenarios.touch(connection, row, "remove", Signed(by, at))

    def restore(self, name: str, *, by: str, at: datetime, new: str | None = None) -> int:
        """Bring a removed scenario back as it was, the last one removed under this name.

        ``new`` is the name it comes back under, if another one has taken its own meanwhile.
        """
        with database.transaction(self.path) as connection:
            row = scenarios.find(connection, self.path, name, removed=True)
            chosen = new or name
            key = scenarios.free(connection, self.path, chosen)
            connection.execute(
                "UPDATE liancun_scenarios SET removed = 0, name = ?, folded = ? WHERE id = ?",
                (chosen, key, row.id),
            )
            back = scenarios.find(connection, self.path, chosen)
            scenarios.show(connection, self.path, back, at)
            return scenarios.touch(connection, back, "restore", Signed(by, at), value=chosen)

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
        scenario = self.draft(name).scenario
        self._must_keep_rules(name, scenario)
        result = database.dumped(saved_result(scenario))
        with self._changing(name, expected) as (connection, row):
            if row.info.revision > seen:
                # It was changed while it was judged.
                raise scenarios.conflict(
                    connection, self.path, row.info.revision, "project.conflict", scenario=name
                )
            version = new or scenarios.next_approved_name(connection, self.path, name)
            detail = {"name": version, "fingerprint": scenario.fingerprint}
            revision = database.logged(
                connection, "approve", by=by, at=at, scenario=row.id, detail=detail
            )
            approval: dict[str, Any] = {
                "frozen": 1,
                "approved_by": by,
                "approved_at": database.stamp(at),
            }
            approval |= {"data_revision": seen, "note": note, "base": name}
            signed = Signed(by, at)
            scenarios.insert(connection, self.path, version, result, signed, revision, **approval)
        return version

    def _must_keep_rules(self, name: str, scenario: Scenario) -> None:
        """Raise a ProjectError that lists each rule that the plan breaks."""
        if not scenario.violations:
            return
        heading = error(
            "project.approve_breaks_rules",
            Where(file=str(self.path)),
            scenario=name,
            count=len(scenario.violations),
        )
        broken = (violation_fault(one, scenario.villages) for one in scenario.violations)
        raise ProjectError([heading, *broken])
