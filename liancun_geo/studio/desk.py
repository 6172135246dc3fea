"""What one planner has on the desk: data, settings, decisions, plans. No Streamlit in here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from liancun_geo.decision_conflicts import without_contradicted
from liancun_geo.decisions import Decision
from liancun_geo.doctor import Findings
from liancun_geo.editing import Draft, EditError
from liancun_geo.errors import Fault, FaultsError, error
from liancun_geo.messages import DEFAULT_LANGUAGE, Language
from liancun_geo.output.options import PackOptions
from liancun_geo.output.picture.scene import Scene, build_scene
from liancun_geo.project.corrections import usable, value_of
from liancun_geo.project.inputs import Inputs, base_settings
from liancun_geo.scenario import County, Scenario
from liancun_geo.settings import Settings, parse_settings
from liancun_geo.studio.colouring import Colouring
from liancun_geo.studio.drafts import Drafts
from liancun_geo.studio.kept import Kept
from liancun_geo.studio.shared import (
    corrected_once,
    county_of,
    findings_of,
    named_in,
    planned,
    sample_plan,
)
from liancun_geo.villages import Correction

_log = logging.getLogger(__name__)

WHOLE_COUNTY = -1
"""The township in view if it is none."""

# A county may take 100 MB: few are kept.
_plans: Kept[Scenario] = Kept(8)
_scenes: Kept[Scene] = Kept(8)


@dataclass
class Desk:
    """The state of one planner's work; every step of the app works on this one.

    Attributes
    ----------
    inputs
        The files in use; none means the sample county.
    settings
        In force, decisions included.
    decisions
        Taken in the app on faults of the data.
    county
        Read from the files; None before the first.
    drafts
        Plans by name, each with its edits, in the order they were made.
    current
        Name of the plan on show.
    township
        Place in :attr:`townships` of the one in view, :data:`WHOLE_COUNTY` for all.
    language, faults
        Of everything said; of the last attempt at anything, shown on every step.
    visited
        Steps that were opened.
    weak_below_wan_yuan
        Collective income below which a village is marked weak, beside those the ledger marks;
        None to go by the ledger alone.
    sources
        Where a limit of the planner's own comes from: ``small``, ``weak``, ``strong``.
    corrections, of_sample
        Of single values of the ledger, in the order they were made; whether the files in use are
        those of the sample county, kept in a project.
    notes, approved
        The planner's words beside a plan; by whom and when one was approved, not to be changed
        any more. Both by its name.
    title, by
        What the planner calls the work, "" to call it after the county; who is at work, as they
        sign decisions and edits, "" while unknown.
    colouring, handing
        The colour of every alliance, in all plans; in which form files were handed over last.
    """

    inputs: Inputs = field(default_factory=Inputs)
    settings: Settings = field(default_factory=Settings)
    decisions: tuple[Decision, ...] = ()
    county: County | None = None
    drafts: Drafts = field(default_factory=Drafts)
    current: str | None = None
    township: int = WHOLE_COUNTY
    language: Language = DEFAULT_LANGUAGE
    faults: tuple[Fault, ...] = ()
    visited: set[str] = field(default_factory=set)
    by: str = ""
    of_sample: bool = False
    weak_below_wan_yuan: float | None = None
    sources: dict[str, str] = field(default_factory=dict)
    corrections: tuple[Correction, ...] = ()
    notes: dict[str, str] = field(default_factory=dict)
    approved: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    title: str = ""
    colouring: Colouring = field(default_factory=Colouring)
    handing: PackOptions = field(default_factory=PackOptions)

    # --- data --------------------------------------------------------------------------------

    @property
    def is_sample(self) -> bool:
        """Whether this is the fictional county."""
        return self.inputs.is_sample or self.of_sample

    @classmethod
    def of(
        cls,
        inputs: Inputs,
        settings: Settings | None = None,
        decisions: Iterable[Decision] = (),
    ) -> Desk:
        """Return a desk with files on it, under the settings that come with them if none given.

        :attr:`county` is None and :attr:`faults` say why if they cannot be read as they are.
        """
        desk = cls(inputs, decisions=tuple(decisions))
        with desk._attempt():
            base = base_settings(inputs) if settings is None else settings
            desk.settings = base.deciding(desk.decisions)
            desk.county = county_of(inputs, desk.settings)
        return desk

    def take(self, other: Desk) -> None:
        """Put the data of another desk on this one; plans of the old data go."""
        self.inputs, self.settings = other.inputs, other.settings
        self.decisions, self.county = other.decisions, other.county
        self.drafts, self.current = other.drafts.copy(), other.current
        self.township, self.faults = WHOLE_COUNTY, other.faults
        self.by = other.by or self.by
        self.corrections, self.of_sample = other.corrections, other.of_sample
        self.notes, self.approved = dict(other.notes), dict(other.approved)
        self.title = other.title
        self.colouring = other.colouring

    @property
    def county_name(self) -> str | None:
        """Name of the county, None if the data name none or several."""
        return None if self.county is None else named_in(self.county)[0]

    def findings(self) -> Findings:
        """Return what the doctor finds in the files in use.

        Raises
        ------
        DataError
            If the files do not make a county.
        """
        return findings_of(self.inputs, self.settings)

    def change(self, settings: Settings) -> bool:
        """Put other settings in force; the plans made so far stay as they are.

        The county is read again if the settings read it in another way.
        """
        with self._attempt() as went:
            self.county = self._county(settings)
            self.settings = settings
        return went[0]

    def decide(self, decisions: Iterable[Decision]) -> None:
        """Take decisions on faults of the data; a new answer replaces an old one.

        The files are read again at once. If that fails, :attr:`faults` say why and the county
        read before stays.
        """
        self._decided(without_contradicted(self.decisions, tuple(decisions)))

    def take_back(self, decision: Decision) -> None:
        """Take one decision back; the files are read again at once."""
        self._decided(tuple(one for one in self.decisions if one != decision))

    def _decided(self, decisions: tuple[Decision, ...]) -> None:
        of_files = [one for one in self.settings.decisions if one not in self.decisions]
        bare = self.settings.model_copy(update={"decisions": tuple(of_files)})
        self.decisions, self.settings = decisions, bare.deciding(decisions)
        self._read()

    def correct(
        self,
        values: Iterable[tuple[str, str, Any]],
        *,
        by: str,
        at: datetime,
        reason: str,
    ) -> None:
        """Correct single values of the ledger, on record; the ledger itself stays as it is.

        Parameters
        ----------
        values
            Code of the village, field, and what it should say.
        by, at, reason
            Who, when and why.

        Raises
        ------
        DataError
            If a field does not take its value; nothing is corrected then.
        """
        if self.county is None:
            raise ValueError("no county is on the desk")
        made = list(self.corrections)
        for code, name, value in values:
            before = value_of(self.county.villages, code, name)
            right = usable(name, value, code=code)
            if right != before:
                made.append(Correction(code, name, before, right, by, at, reason, len(made) + 1))
        self.corrections = tuple(made)
        self._read()

    def _read(self) -> None:
        """Read the files under the settings in force, with the corrections laid over them."""
        with self._attempt():
            self.county = self._county(self.settings)

    def _county(self, settings: Settings) -> County:
        return corrected_once(county_of(self.inputs, settings), self.corrections)

    def set_limit(self, mark: str, limit: float | None, source: str) -> None:
        """Set from where a village is ``small``, ``weak`` or ``strong``, and whose limit it is."""
        if source:
            self.sources[mark] = source
        else:
            self.sources.pop(mark, None)
        if mark == "weak":
            self.weak_below_wan_yuan = limit
            return
        tables = self.settings.model_dump(mode="json", exclude={"decisions"})
        if mark == "small":
            tables["rules"]["small_village_persons"] = limit
        else:
            tables["types"]["strong_income_wan_yuan"] = limit
        self.change(parse_settings(tables).deciding(self.settings.decisions))

    # --- townships ---------------------------------------------------------------------------

    @property
    def townships(self) -> tuple[str, ...]:
        """Names of the townships in the order of their codes, as on the map."""
        return () if self.county is None else named_in(self.county)[1]

    def view(self, township: int) -> None:
        """Look at one township, or at the whole county."""
        known = WHOLE_COUNTY <= township < len(self.townships)
        self.township = township if known else WHOLE_COUNTY

    # --- plans -------------------------------------------------------------------------------

    @property
    def draft(self) -> Draft | None:
        """The plan on show with its edits; an immutable value, see :meth:`replace`."""
        return None if self.current is None else self.drafts[self.current]

    @property
    def scenario(self) -> Scenario | None:
        """The plan on show as it is now, edits included."""
        return None if self.draft is None else scenario_of(self.draft)

    @property
    def scene(self) -> Scene | None:
        """The plan on show, ready to draw."""
        scenario = self.scenario
        if scenario is None:
            return None
        barriers = None if self.county is None else self.county.barriers
        # A scene keeps its scenario alive, so no other one can have its identity.
        return _scenes.get(id(scenario), lambda: build_scene(scenario, barriers))

    def put(self, name: str, plan: Scenario | Draft) -> None:
        """Keep a plan under a name and show it; one of the same name is replaced."""
        self.drafts[name] = plan if isinstance(plan, Draft) else Draft(plan)
        self.current = name

    def replace(self, draft: Draft) -> None:
        """Put the draft after an edit, undo or redo in the place of the plan on show.

        Raises
        ------
        EditError
            If it is an approved version.
        """
        if self.current is None:
            raise ValueError("no plan is on show")
        if self.current in self.approved:
            raise EditError([error("studio.approved_stays", scenario=self.current)])
        self.drafts[self.current] = draft

    def rename(self, name: str, new: str) -> bool:
        """Give a plan another name; return False if it is approved or the name is taken."""
        if name not in self.drafts or name in self.approved or new in self.drafts:
            return False
        self.drafts = self.drafts.renamed(name, new)
        if name in self.notes:
            self.notes[new] = self.notes.pop(name)
        self.current = new if self.current == name else self.current
        return True

    def free_name(self, name: str) -> str:
        """Return a name that no plan has yet, numbered if need be."""
        names = (name if n < 2 else f"{name} {n}" for n in count(1))
        return next(one for one in names if one not in self.drafts)

    def show(self, name: str) -> None:
        """Show another plan; :attr:`faults` say why one on file cannot be shown."""
        if name not in self.drafts:
            return
        with self._attempt() as went:
            _ = self.drafts[name]
        if went[0]:
            self.current = name

    def remove(self, name: str) -> None:
        """Take a plan off the desk, no approved one; the one made last is shown then."""
        if name in self.approved:
            return
        self.drafts.pop(name, None)
        self.notes.pop(name, None)
        if self.current == name:
            self.current = next(reversed(self.drafts), None)

    def solve(self, name: str, tell: Callable[[float], object]) -> bool:
        """Plan under the settings in force and show the plan.

        Parameters
        ----------
        name
            Of the plan; one of the same name is replaced.
        tell
            Called several times a second with the share of zones done. Whatever it raises ends
            the attempt and changes nothing.
        """
        with self._attempt() as went:
            county = self._county(self.settings)
            key = self.inputs.key, self.settings.model_dump_json(), repr(self.corrections)
            self.put(name, _plans.get(key, lambda: planned(county, self.settings, tell)))
            self.county = county
        return went[0]

    def show_sample_plan(self, name: str) -> bool:
        """Show the plan that ships with the sample county; nothing is solved.

        Returns
        -------
        bool
            False if it is none of the data and settings on the desk: it is to be solved then.
        """
        plan = None
        with self._attempt():
            if self.county is not None and self.inputs.is_sample and not self.corrections:
                plan = sample_plan(self.county, self.settings)
            if plan is not None:
                self.put(name, plan)
        return plan is not None

    @contextmanager
    def _attempt(self) -> Iterator[list[bool]]:
        """Turn whatever goes wrong into faults; a planner never meets a traceback."""
        went = [False]
        try:
            yield went
        except FaultsError as cause:
            self.faults = cause.faults
        except Exception as cause:
            _log.exception("an attempt failed")
            self.faults = (error("studio.internal_error", cause=type(cause).__name__),)
        else:
            self.faults = ()
            went[0] = True


def done(desk: Desk) -> Mapping[str, bool]:
    """Return which steps are done."""
    planned = bool(desk.drafts)
    return {
        "data": desk.county is not None,
        "villages": planned or "villages" in desk.visited,
        "rules": planned or "rules" in desk.visited,
        "plans": planned,
        "adjust": any(desk.drafts.steps(name) for name in desk.drafts),
        "compare": len(desk.drafts) > 1 and "compare" in desk.visited,
        "export": bool(desk.approved),
    }


def scenario_of(draft: Draft) -> Scenario:
    """Return the plan of a draft as it is now; the proposal itself while nothing is edited."""
    return draft.scenario if draft.cursor else draft.proposal
