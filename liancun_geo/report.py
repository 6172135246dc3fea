"""What the command line says on the terminal: words on the error stream, JSON on the output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liancun_geo.errors import Fault
from liancun_geo.messages import Language, message

if TYPE_CHECKING:
    from rich.console import Console

    from liancun_geo.scenario import Scenario
    from liancun_geo.solve import Progress

_MOST_NOTICES = 10  # lines on the data before a plan; the doctor tells the rest
_MOST_ALIKE = 5  # the same fault in more rows than this is told once, with its rows


def print_json(document: dict[str, Any]) -> None:
    """Print one object, readable on any console whatever its encoding."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    text = json.dumps(document, ensure_ascii=encoding != "utf8", allow_nan=False, indent=1)
    sys.stdout.write(text + "\n")


class Report:
    """Sentences of the catalogue on the terminal; silent but for errors when JSON is wanted.

    Parameters
    ----------
    language
        Of the sentences.
    as_json
        Whether the output stream belongs to one JSON object.
    """

    def __init__(self, language: Language, as_json: bool) -> None:
        self.language = language
        self.as_json = as_json

    def line(self, key: str, **params: Any) -> None:
        """Print one sentence."""
        if not self.as_json:
            self._print(message(key, self.language, **params))

    def say(self, text: str) -> None:
        """Print a sentence that is in this report's language already."""
        if not self.as_json:
            self._print(text)

    def text(self, key: str, **params: Any) -> str:
        """Return one sentence in this report's language."""
        return message(key, self.language, **params)

    def error(self, text: str) -> None:
        """Print on the error stream, whatever is wanted."""
        sys.stderr.write(text + "\n")

    def warnings(self, warnings: Iterable[Fault]) -> None:
        """Print what a planner should know."""
        found = list(warnings)
        if not found or self.as_json:
            return
        questions = [fault for fault in found if fault.fixes]
        if questions:
            self.line("decisions.open_questions", count=len(questions))
            self._kinds(questions, "?")
        from liancun_geo.doctor.kinds import severity_of

        # What was done without loss says less than what is to be looked at.
        ranks = {id(fault): severity_of(fault) == "note" for fault in found}
        notices = sorted((f for f in found if not f.fixes), key=lambda f: ranks[id(f)])
        if notices:
            self.line("cli.warnings_heading", count=len(notices))
            self._kinds(notices, "·")

    def _kinds(self, faults: Sequence[Fault], mark: str) -> None:
        """Print the first fault of each kind with the number of its like."""
        kinds: dict[str, list[Fault]] = {}
        for fault in faults:
            kinds.setdefault(fault.key, []).append(fault)
        for alike in list(kinds.values())[:_MOST_NOTICES]:
            text = alike[0].text(self.language)
            if alike[0].key == "decisions.applied" and len(alike) > _MOST_ALIKE:
                text = self.text("decisions.many_applied", count=len(alike))
            elif len(alike) > 1:
                text = self.text("cli.first_of_kind", told=text, count=len(alike))
            self._print(f"  {mark} {text}")
        left = sum(map(len, list(kinds.values())[_MOST_NOTICES:]))
        if left:
            self._print(f"  {mark} {self.text('cli.more_notices', count=left)}")

    def faults(self, heading: str, faults: Iterable[Fault]) -> None:
        """Print what is wrong, every fault a line."""
        found = list(faults)
        if self.as_json:
            return
        self.error(message(heading, self.language, count=len(found)))
        for told in _told(found, self.language):
            self.error(f"  ✗ {told}")

    @contextmanager
    def progress(self) -> Iterator[Callable[[Progress], None] | None]:
        """Show a bar while zones are solved; nothing if nobody is watching."""
        if self.as_json or not sys.stderr.isatty():
            yield None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        console = Console(stderr=True)
        with Bar(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
            task = bar.add_task(message("cli.solving", self.language), total=None)

            def show(state: Progress) -> None:
                bar.update(task, completed=state.zones_done, total=state.zones)

            yield show

    def scenario(self, scenario: Scenario, files: Iterable[Path], folder: Path) -> None:
        """Print status, zones, notes, villages left out and files."""
        from liancun_geo.typology import type_notices

        self.warnings((*scenario.warnings, *type_notices(scenario)))
        self._alliances(scenario)
        self._zones(scenario)
        if scenario.unassigned:
            self.line("cli.unassigned_heading", count=len(scenario.unassigned))
            for village in scenario.unassigned:
                self._print(f"  · {village.reason.text(self.language)}")
        if scenario.violations:
            from liancun_geo.reasons import violation_fault

            broken = [violation_fault(v, scenario.villages) for v in scenario.violations]
            self.faults("cli.violations_heading", broken)
        self._status(scenario)
        self.line("cli.files_heading", folder=folder)
        for file in files:
            self._print(f"  {file.name}")
        self.line("cli.disclaimer")

    def _alliances(self, scenario: Scenario) -> None:
        from liancun_geo.typology import classify

        names = scenario.villages.frame["name"].tolist()
        township = None
        for typed in classify(scenario):
            alliance, core = typed.alliance, typed.core_enterprise
            if alliance.township != township:
                township = alliance.township
                self._print(f"{township}")
            separator = message("reason.separator", self.language)
            self._print(
                message(
                    "cli.alliance",
                    self.language,
                    id=alliance.id,
                    name=alliance.name,
                    size=len(alliance.villages),
                    lead=names[alliance.lead],
                    members=separator.join(names[member] for member in alliance.members) or "—",
                )
            )
            self._print(
                message(
                    "types.report_line" if core is None else "types.report_line_core",
                    self.language,
                    type=typed.name(self.language),
                    party_body=typed.party_body.name(self.language),
                    core="" if core is None else core.name,
                )
            )

    def _status(self, scenario: Scenario) -> None:
        result = scenario.result
        of_zones = [zone.status for zone in result.zones]
        self.line(
            f"cli.status_{result.status}",
            zones=len(of_zones),
            gap=_percent(result.gap),
            infeasible=of_zones.count("infeasible"),
            unknown=of_zones.count("unknown"),
        )
        if not scenario.alliances:
            self.line("cli.no_plan_totals", unassigned=len(scenario.unassigned))
            return
        # A gap over some of the zones would read like a proof for all of them.
        whole = result.status in ("optimal", "feasible")
        self.line(
            "cli.totals" if whole else "cli.totals_in_part",
            alliances=len(scenario.alliances),
            placed=sum(len(alliance.villages) for alliance in scenario.alliances),
            unassigned=len(scenario.unassigned),
            objective=f"{result.objective:.4f}",
            bound=f"{result.bound:.4f}",
            gap=_percent(result.gap),
            seconds=f"{result.seconds:.2f}",
        )

    def _zones(self, scenario: Scenario) -> None:
        from rich.table import Table

        from liancun_geo.reasons import zone_name

        table = Table(box=None, pad_edge=False)
        for name in ("zone", "villages", "alliances", "status", "cost", "bound", "gap"):
            right = name not in ("zone", "status")
            table.add_column(
                message(f"cli.column_{name}", self.language), justify="right" if right else "left"
            )
        count: dict[int, int] = {}
        for alliance in scenario.alliances:
            of_lead = int(scenario.problem.zone_of[alliance.lead])
            count[of_lead] = count.get(of_lead, 0) + 1
        for number, zone_result in enumerate(scenario.result.zones):
            zone = zone_name(zone_result.label, scenario.villages, scenario.settings)
            planned = zone_result.status in ("optimal", "feasible")
            table.add_row(
                zone.text(self.language),
                str(zone_result.n),
                str(count.get(number, 0)),
                message(f"cli.zone_{zone_result.status}", self.language),
                f"{zone_result.objective:.4f}" if planned else "—",
                f"{zone_result.bound:.4f}" if planned else "—",
                _percent(zone_result.gap) if planned else "—",
            )
        self._console().print(table, markup=False)

    def _print(self, text: str) -> None:
        sys.stdout.write(text + "\n")

    def _console(self) -> Console:
        from rich.console import Console

        # Into a file or a pipe a table must not be cut to a terminal's width.
        return Console(width=None if sys.stdout.isatty() else 160, markup=False, emoji=False)


def _told(faults: Sequence[Fault], language: Language) -> Iterator[str]:
    """Tell every fault, but one that fills a column only once, with all its rows."""
    alike: dict[tuple[object, ...], list[Fault]] = {}
    for number, fault in enumerate(faults):
        where = fault.where
        # Without a row, nothing short would say where the others are.
        own = number if where.row is None else None
        params = tuple((name, str(value)) for name, value in sorted(fault.params.items()))
        key = (fault.key, params, where.file, where.sheet, where.field, own)
        alike.setdefault(key, []).append(fault)
    for found in alike.values():
        shown = found if len(found) <= _MOST_ALIKE else found[:1]
        for fault in shown:
            yield fault.text(language)
        if len(found) > len(shown):
            rows = sorted({f.where.row for f in found[1:] if f.where.row is not None})
            yield message("cli.more_alike", language, count=len(found) - 1, rows=_ranges(rows))


def _ranges(rows: Sequence[int]) -> str:
    """Return whole numbers in rising order as ``4-9, 12``."""
    ranges: list[list[int]] = []
    for row in rows:
        if ranges and row == ranges[-1][1] + 1:
            ranges[-1][1] = row
        else:
            ranges.append([row, row])
    told = [f"{first}" if first == last else f"{first}-{last}" for first, last in ranges]
    return ", ".join(told)


def _percent(gap: float) -> str:
    return f"{gap:.2%}" if gap < float("inf") else "—"
