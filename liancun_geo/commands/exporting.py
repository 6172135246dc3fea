"""What ``liancun export`` does: open a plan again, write what is asked for of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liancun_geo.commands.inputs import GOOD, NO_PLAN
from liancun_geo.errors import Fault, SettingsError, Where, error
from liancun_geo.report import Report, print_json

if TYPE_CHECKING:
    from liancun_geo.editing import Draft, Objection
    from liancun_geo.output import PackProgress
    from liancun_geo.scenario import Scenario

_SQLITE = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class PlanSource:
    """Where a plan is: a plan file and what it was made from, or a plan of a project."""

    file: Path
    name: str | None = None
    boundaries: Path | None = None
    ledger: Sequence[Path] | None = None

    def open(self) -> Scenario:
        """Return the plan as it was left, verified and not solved again; see :meth:`answered`."""
        return self.answered()[0]

    def answered(self) -> tuple[Scenario, tuple[Objection, ...]]:
        """Return the plan, and of a project what villages said of it when they were consulted.

        Raises
        ------
        SettingsError
            If an option does not go with the kind of file.
        DataError
            With everything that does not hold.
        """
        where = Where(file=str(self.file))
        if is_project(self.file):
            if self.boundaries is not None or self.ledger:
                raise SettingsError([error("export.sources_with_project", where)])
            from liancun_geo.commands.project import draft_of

            draft = draft_of(self.file, self.name)
            return shown(draft), draft.objections
        if self.name is not None:
            raise SettingsError([error("export.name_without_project", where)])
        from liancun_geo.project import reopen_plan

        return reopen_plan(self.file, boundaries=self.boundaries, ledger=self.ledger), ()

    def kept(self) -> tuple[Path, ...]:
        """Return the project, which holds more than the plan and is never written over."""
        return (self.file,) if is_project(self.file) else ()


def shown(draft: Draft) -> Scenario:
    """Return the plan as it stands: with the proof it came with, if no edit is in force."""
    return draft.scenario if draft.cursor else draft.proposal


def is_project(file: Path) -> bool:
    """Say whether a file is a project; one that cannot be read is none."""
    try:
        with file.open("rb") as opened:
            return opened.read(len(_SQLITE)) == _SQLITE
    except OSError:
        # Told by whoever reads it.
        return False


def export(
    report: Report,
    source: PlanSource,
    what: Sequence[str] | None,
    out: Path,
    given: Mapping[str, Any],
) -> int:
    """Write products of a plan and tell the files.

    Parameters
    ----------
    what
        Names of products, None for all.
    given
        Options by name, None where nothing was said.
    """
    from liancun_geo.output import PRODUCTS, options_from, write_pack
    from liancun_geo.output.pack import products_named
    from liancun_geo.reasons import violation_fault

    # What is asked for in vain is told before the county is read, all of it at once.
    faults: list[Fault] = []
    with _collecting(faults):
        products = products_named(PRODUCTS if what is None else what)
    with _collecting(faults):
        options = options_from({"language": report.language, **given})
    if faults:
        raise SettingsError(faults)
    scenario, said = source.answered()
    name = options.plan_name or source.name or ""
    options = replace(options, objections=options.objections or said or None, plan_name=name)
    broken = [violation_fault(one, scenario.villages) for one in scenario.violations]
    files: tuple[Path, ...] = ()
    remarks: list[Fault] = []
    if broken:
        report.faults("export.breaks_rules", broken)
    else:
        names = [product.name for product in products]
        with _bar(report) as progress:
            files = write_pack(scenario, out, names, options, progress, remarks, kept=source.kept())
        report.warnings(remarks)
        report.line("export.written", count=len(files), folder=out)
        for file in files:
            report.say(f"  {file.relative_to(out).as_posix()}")
        report.line("cli.disclaimer")
    if report.as_json:
        print_json(
            {
                "status": "broken" if broken else "written",
                "folder": str(out),
                "products": [] if broken else [product.name for product in products],
                "files": [file.relative_to(out).as_posix() for file in files],
                "violations": [fault.as_dict(report.language) for fault in broken],
                "warnings": [fault.as_dict(report.language) for fault in remarks],
            }
        )
    return NO_PLAN if broken else GOOD


def write_report(
    report: Report, source: PlanSource | None, out: Path | None, given: Mapping[str, Any]
) -> int:
    """Write the report of a plan alone, as a Word file and as PDF."""
    missing = [name for name, value in (("PLAN", source), ("--out", out)) if value is None]
    if source is None or out is None:
        raise SettingsError([error("paper.argument_missing", name=name) for name in missing])
    return export(report, source, ("docx", "pdf"), out, given)


def save_template(report: Report, file: Path) -> int:
    """Hand out the shipped Word template of the report; no file is replaced."""
    from liancun_geo.output.atomic import staged
    from liancun_geo.output.paper import template

    if file.exists():
        raise SettingsError([error("paper.template_exists", Where(file=str(file)))])
    with staged(file.parent, [file.name]) as stage:
        stage.path(file.name).write_bytes(template(report.language))
    report.line("paper.template_saved", file=file)
    return GOOD


@contextmanager
def _collecting(faults: list[Fault]) -> Iterator[None]:
    try:
        yield
    except SettingsError as cause:
        faults += cause.faults


@contextmanager
def _bar(report: Report) -> Iterator[Callable[[PackProgress], None] | None]:
    """Show a bar of the products if somebody is watching."""
    if report.as_json or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("", total=1.0)

        def show(state: PackProgress) -> None:
            product = report.text(f"export.product_{state.product}") if state.product else ""
            told = report.text("export.writing", product=product)
            bar.update(task, completed=state.share, description=told)

        yield show
