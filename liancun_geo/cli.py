"""The command line: arguments in, the same functions as everywhere else, words and files out."""

# Annotations stay objects here: typer reads them, and they name variables of build_app.
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from liancun_geo.errors import DataError, Fault, FaultsError, LiancunError, SettingsError
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.report import Report, print_json

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario
    from liancun_geo.settings import Settings

GOOD, WRONG_USAGE, BAD_DATA, NO_PLAN = 0, 2, 3, 4


def language_of(arguments: list[str]) -> Language:
    """Return the language asked for on the command line or in the environment.

    It must be known before the commands are built, since their help is in that language.
    """
    asked = os.environ.get("LIANCUN_LANGUAGE", "")
    for option, value in zip(arguments, [*arguments[1:], ""], strict=False):
        if option == "--language":
            asked = value
        elif option.startswith("--language="):
            asked = option.removeprefix("--language=")
    return "en" if asked.lower().startswith("en") else DEFAULT_LANGUAGE


def build_app(language: Language = DEFAULT_LANGUAGE) -> typer.Typer:
    """Return the commands with their help in one language."""

    def text(name: str) -> str:
        return message(f"cli.{name}", language)

    app = typer.Typer(
        help=text("app"), add_completion=False, no_args_is_help=True, rich_markup_mode=None
    )
    boundaries_type = Annotated[Path, typer.Argument(help=text("help_boundaries"))]
    ledger_type = Annotated[list[Path] | None, typer.Option("--ledger", help=text("help_ledger"))]
    settings_type = Annotated[Path | None, typer.Option("--settings", help=text("help_settings"))]
    out_type = Annotated[Path, typer.Option("--out", help=text("help_out"))]
    json_type = Annotated[bool, typer.Option("--json", help=text("help_json"))]
    workers_type = Annotated[
        int | None, typer.Option("--workers", min=1, help=text("help_workers"))
    ]
    time_type = Annotated[
        float | None, typer.Option("--time-limit", min=0.0, help=text("help_time_limit"))
    ]
    language_type = Annotated[
        str,
        typer.Option("--language", help=text("help_language"), callback=_known_language(language)),
    ]

    @app.callback()
    def root(
        version: Annotated[
            bool, typer.Option("--version", help=text("help_version"), callback=_show_version)
        ] = False,
    ) -> None:
        pass

    @app.command(help=text("plan"))
    def plan(
        boundaries: boundaries_type,
        out: out_type,
        ledger: ledger_type = None,
        settings: settings_type = None,
        as_json: json_type = False,
        workers: workers_type = None,
        time_limit: time_type = None,
        language: language_type = language,
    ) -> None:
        with _reporting(_language(language), as_json) as report:
            _plan(report, boundaries, ledger, settings, out, workers, time_limit)

    @app.command(help=text("demo"))
    def demo(
        out: out_type = Path("demo"),
        as_json: json_type = False,
        workers: workers_type = None,
        language: language_type = language,
    ) -> None:
        from liancun_geo.sample import sample_county

        with _reporting(_language(language), as_json) as report:
            sample = sample_county()
            report.line("cli.sample_note")
            _plan(report, sample.boundaries, [sample.ledger], sample.settings, out, workers, None)

    @app.command(help=text("check"))
    def check(
        boundaries: boundaries_type,
        ledger: ledger_type = None,
        settings: settings_type = None,
        assignment: Annotated[
            Path | None, typer.Option("--assignment", help=text("help_assignment"))
        ] = None,
        as_json: json_type = False,
        language: language_type = language,
    ) -> None:
        with _reporting(_language(language), as_json) as report:
            _check(report, boundaries, ledger, settings, assignment)

    @app.command(help=text("verify"))
    def verify(
        plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help=text("help_plan_file"))],
        boundaries: Annotated[
            Path | None, typer.Option("--boundaries", help=text("help_boundaries"))
        ] = None,
        ledger: ledger_type = None,
        as_json: json_type = False,
        language: language_type = language,
    ) -> None:
        with _reporting(_language(language), as_json) as report:
            _verify(report, plan_file, boundaries, ledger)

    @app.command(name="app", help=text("app_command"))
    def studio(
        port: Annotated[int | None, typer.Option("--port", help=text("help_port"))] = None,
        headless: Annotated[bool, typer.Option("--headless", help=text("help_headless"))] = False,
        language: language_type = language,
    ) -> None:
        from liancun_geo.studio import launch

        _leave(launch(port, headless, language=_language(language)))

    return app


def main() -> None:
    """Run the command line."""
    language = language_of(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        # A Chinese Windows console is GBK and must not fail on a rare village name.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    build_app(language)()


def _plan(
    report: Report,
    boundaries: Path,
    ledger: list[Path] | None,
    settings_file: Path | None,
    out: Path,
    workers: int | None,
    time_limit: float | None,
) -> None:
    from liancun_geo.output import plan_document, write_plan, write_plan_file
    from liancun_geo.scenario import plan_alliances, read_county

    settings = _settings(settings_file, time_limit)
    county = read_county(boundaries, ledger, settings=settings, folder=_folder_of(settings_file))
    with report.progress() as progress:
        scenario = plan_alliances(
            county, settings, workers=workers or os.cpu_count() or 1, progress=progress
        )
    if scenario.violations:
        # A fault of the program: the record is kept, nothing else is handed out.
        files: tuple[Path, ...] = (write_plan_file(scenario, out / "plan.json"),)
    else:
        files = write_plan(scenario, out, language=report.language)
    if report.as_json:
        print_json(plan_document(scenario, report.language))
    else:
        report.scenario(scenario, files, out)
    _leave(NO_PLAN if _has_no_plan(scenario) else GOOD)


def _check(
    report: Report,
    boundaries: Path,
    ledger: list[Path] | None,
    settings_file: Path | None,
    assignment: Path | None,
) -> None:
    from liancun_geo.assignment import read_assignment
    from liancun_geo.check import check, plan_cost
    from liancun_geo.reasons import violation_fault
    from liancun_geo.scenario import lay_groundwork, read_county

    settings = _settings(settings_file, None)
    county = read_county(boundaries, ledger, settings=settings, folder=_folder_of(settings_file))
    groundwork = lay_groundwork(county, settings)
    villages, problem = county.villages, groundwork.problem
    warnings = [
        *villages.warnings,
        *groundwork.contiguity.warnings,
        *groundwork.leads.warnings,
        *groundwork.pairs.warnings,
    ]
    report.warnings(warnings)
    report.line(
        "cli.check_data_good",
        villages=len(villages),
        zones=len(problem.zones),
        edges=len(groundwork.contiguity.edges),
    )
    broken: list[Fault] = []
    objective: float | None = None
    if assignment is not None:
        lead_of = read_assignment(assignment, villages)
        broken = [violation_fault(v, villages) for v in check(problem, lead_of)]
        if broken:
            report.faults("cli.violations_heading", broken)
        else:
            objective = plan_cost(problem, lead_of)
            report.line("cli.check_plan_good", objective=f"{objective:.4f}")
    if report.as_json:
        print_json(
            {
                "status": "broken" if broken else "good",
                "objective": objective,
                "villages": len(villages),
                "zones": len(problem.zones),
                "contiguities": len(groundwork.contiguity.edges),
                "violations": [fault.as_dict(report.language) for fault in broken],
                "warnings": [fault.as_dict(report.language) for fault in warnings],
            }
        )
    _leave(NO_PLAN if broken else GOOD)


def _verify(
    report: Report, plan_file: Path, boundaries: Path | None, ledger: list[Path] | None
) -> None:
    from liancun_geo.output import verify_plan
    from liancun_geo.reasons import violation_fault
    from liancun_geo.scenario import County, lay_groundwork, read_county

    def build(found: Path, ledgers: tuple[Path, ...], settings: "Settings") -> Any:
        county: County = read_county(found, ledgers or None, settings=settings)
        return county.villages, lay_groundwork(county, settings).problem

    outcome = verify_plan(plan_file, build=build, boundaries=boundaries, ledger=ledger)
    broken = (
        [violation_fault(violation, outcome.villages) for violation in outcome.violations]
        if outcome.villages is not None
        else []
    )
    found = [*outcome.faults, *broken]
    if outcome.ok:
        report.line("cli.verify_good")
    else:
        report.faults("cli.verify_bad", found)
    if report.as_json:
        print_json(
            {
                "status": "verified" if outcome.ok else "not verified",
                "objective": outcome.objective,
                "violations": [fault.as_dict(report.language) for fault in broken],
                "faults": [fault.as_dict(report.language) for fault in outcome.faults],
            }
        )
    _leave(GOOD if outcome.ok else NO_PLAN if broken and not outcome.faults else BAD_DATA)


def _settings(path: Path | None, time_limit: float | None) -> "Settings":
    from liancun_geo.settings import Settings, read_settings

    settings = Settings() if path is None else read_settings(path)
    if time_limit is None:
        return settings
    # Parsed again, so that the option keeps to the same bounds as the file.
    tables = settings.model_dump(mode="json")
    tables["solver"]["time_limit_s"] = time_limit
    from liancun_geo.settings import parse_settings

    return parse_settings(tables)


def _folder_of(settings_file: Path | None) -> Path:
    return Path() if settings_file is None else settings_file.parent


def _has_no_plan(scenario: "Scenario") -> bool:
    return scenario.result.status in ("infeasible", "unknown") or bool(scenario.violations)


def _leave(code: int) -> None:
    if code:
        raise typer.Exit(code)


@contextmanager
def _reporting(language: Language, as_json: bool) -> Iterator[Report]:
    """Turn every exception on the way into words and an exit code."""
    report = Report(language, as_json)
    try:
        yield report
    except SettingsError as cause:
        _stop(report, "cli.settings_heading", cause, WRONG_USAGE)
    except DataError as cause:
        _stop(report, "cli.faults_heading", cause, BAD_DATA)
    except KeyboardInterrupt:
        report.error(message("cli.interrupted", language))
        raise typer.Exit(130) from None
    except (LiancunError, OSError, MemoryError) as cause:
        told = f"{type(cause).__name__}: {cause}"
        report.error(message("cli.internal_error", language, cause=told))
        raise typer.Exit(BAD_DATA) from cause


def _stop(report: Report, heading: str, cause: FaultsError, code: int) -> NoReturn:
    errors = [fault for fault in cause.faults if fault.severity == "error"]
    warnings = [fault for fault in cause.faults if fault.severity == "warning"]
    if report.as_json:
        print_json(
            {
                "status": "error",
                "objective": None,
                "bound": None,
                "gap": None,
                "alliances": [],
                "unassigned": [],
                "violations": [],
                "errors": [fault.as_dict(report.language) for fault in errors],
                "warnings": [fault.as_dict(report.language) for fault in warnings],
            }
        )
    else:
        report.warnings(warnings)
        report.faults(heading, errors)
    raise typer.Exit(code)


def _language(asked: str) -> Language:
    return "en" if asked == "en" else "zh"


def _known_language(language: Language) -> Callable[[str], str]:
    def known(value: str) -> str:
        if value not in ("zh", "en"):
            raise typer.BadParameter(message("cli.language_unknown", language, language=value))
        return value

    return known


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(metadata.version("liancun-geo"))
        raise typer.Exit
