"""The command line: arguments in, the same functions as everywhere else, words and files out."""

# Annotations stay objects here: typer reads them, and they name variables of build_app.
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from liancun_geo import commands
from liancun_geo.commands import BAD_DATA, FAILED, GOOD, WRONG_USAGE
from liancun_geo.errors import DataError, FaultsError, SettingsError, error
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.report import Report, print_json
from liancun_geo.usage import commands_in


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
        help=text("app"),
        cls=commands_in(language),
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    boundaries_type = Annotated[Path, typer.Argument(help=text("help_boundaries"))]
    ledger_type = Annotated[
        list[Path] | None, typer.Option("--ledger", metavar="PATH", help=text("help_ledger"))
    ]
    settings_type = Annotated[Path | None, typer.Option("--settings", help=text("help_settings"))]
    out_type = Annotated[Path, typer.Option("--out", help=text("help_out"))]
    decisions_type = Annotated[
        Path | None, typer.Option("--decisions", help=text("help_decisions"))
    ]
    places_type = Annotated[
        list[Path] | None,
        typer.Option("--places", metavar="PATH", help=message("places.help", language)),
    ]
    json_type = Annotated[bool, typer.Option("--json", help=text("help_json"))]
    workers_type = Annotated[
        int | None, typer.Option("--workers", min=1, help=text("help_workers"))
    ]
    time_type = Annotated[
        float | None, typer.Option("--time-limit", min=0.0, help=text("help_time_limit"))
    ]
    assignment_type = Annotated[
        Path | None,
        typer.Option("--assignment", help=message("benefit.help_assignment", language)),
    ]
    xlsx_type = Annotated[
        Path | None, typer.Option("--xlsx", help=message("benefit.help_xlsx", language))
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
        decisions: decisions_type = None,
        places: places_type = None,
        as_json: json_type = False,
        workers: workers_type = None,
        time_limit: time_type = None,
        certify: Annotated[bool, typer.Option("--certify", help=text("help_certify"))] = False,
        language: language_type = language,
    ) -> None:
        with _reporting(_language(language), as_json) as report:
            inputs = commands.Inputs(boundaries, ledger, settings, decisions, places or ())
            _leave(commands.plan(report, inputs, out, workers, time_limit, certify=certify))

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
            inputs = commands.Inputs(sample.boundaries, [sample.ledger], sample.settings)
            _leave(commands.plan(report, inputs, out, workers, None))

    @app.command(help=text("check"))
    def check(
        boundaries: boundaries_type,
        ledger: ledger_type = None,
        settings: settings_type = None,
        decisions: decisions_type = None,
        places: places_type = None,
        assignment: Annotated[
            Path | None, typer.Option("--assignment", help=text("help_assignment"))
        ] = None,
        as_json: json_type = False,
        language: language_type = language,
    ) -> None:
        with _reporting(_language(language), as_json) as report:
            inputs = commands.Inputs(boundaries, ledger, settings, decisions, places or ())
            _leave(commands.check(report, inputs, assignment))

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
            _leave(commands.verify(report, plan_file, boundaries, ledger))

    @app.command(help=text("doctor"))
    def doctor(
        boundaries: boundaries_type,
        ledger: ledger_type = None,
        settings: settings_type = None,
        reference: Annotated[
            Path | None, typer.Option("--reference", help=text("help_reference"))
        ] = None,
        townships: Annotated[
            Path | None, typer.Option("--townships", help=text("help_townships"))
        ] = None,
        decisions: decisions_type = None,
        propose: Annotated[bool, typer.Option("--propose", help=text("help_propose"))] = False,
        confirm: Annotated[
            list[str] | None, typer.Option("--confirm", metavar="ID", help=text("help_confirm"))
        ] = None,
        by: Annotated[str | None, typer.Option("--by", help=text("help_by"))] = None,
        out: Annotated[Path | None, typer.Option("--out", help=text("help_doctor_out"))] = None,
        as_json: json_type = False,
        language: language_type = language,
    ) -> None:
        from liancun_geo import doctoring

        with _reporting(_language(language), as_json) as report:
            patient = doctoring.Patient(
                boundaries, ledger, settings, decisions, reference, townships
            )
            healthy = doctoring.doctor(
                report, patient, proposing=propose, confirming=confirm or [], by=by, out=out
            )
            _leave(GOOD if healthy else BAD_DATA)

    @app.command(help=text("replan"))
    def replan(
        boundaries: boundaries_type,
        out: out_type,
        before: Annotated[Path, typer.Option("--from", help=text("help_from"))],
        ledger: ledger_type = None,
        settings: settings_type = None,
        decisions: decisions_type = None,
        places: places_type = None,
        max_moves: Annotated[
            int | None, typer.Option("--max-moves", min=0, help=text("help_max_moves"))
        ] = None,
        move_cost: Annotated[
            float, typer.Option("--move-cost", min=0.0, help=text("help_move_cost"))
        ] = 0.0,
        lock: Annotated[list[str] | None, typer.Option("--lock", help=text("help_lock"))] = None,
        as_json: json_type = False,
        language: language_type = language,
    ) -> None:
        with _reporting(_language(language), as_json) as report:
            inputs = commands.Inputs(boundaries, ledger, settings, decisions, places or ())
            _leave(commands.replan(report, inputs, before, out, max_moves, move_cost, lock or []))

    @app.command(help=text("alternatives"))
    def alternatives(
        boundaries: boundaries_type,
        ledger: ledger_type = None,
        settings: settings_type = None,
        decisions: decisions_type = None,
        places: places_type = None,
        within: Annotated[
            float, typer.Option("--within", min=0.0, max=1.0, help=text("help_within"))
        ] = 0.02,
        limit: Annotated[int, typer.Option("--limit", min=1, help=text("help_limit"))] = 10_000,
        out: Annotated[
            Path | None, typer.Option("--out", help=text("help_alternatives_out"))
        ] = None,
        as_json: json_type = False,
        language: language_type = language,
    ) -> None:
        with _reporting(_language(language), as_json) as report:
            inputs = commands.Inputs(boundaries, ledger, settings, decisions, places or ())
            _leave(commands.alternatives(report, inputs, within, limit, out))

    @app.command(help=text("explain"))
    def explain(
        boundaries: boundaries_type,
        ledger: ledger_type = None,
        settings: settings_type = None,
        decisions: decisions_type = None,
        places: places_type = None,
        most: Annotated[int, typer.Option("--most", min=1, help=text("help_most"))] = 10,
        apply: Annotated[
            list[int] | None,
            typer.Option("--apply", min=1, help=message("relax.help_apply", language)),
        ] = None,
        settings_out: Annotated[
            Path | None,
            typer.Option("--settings-out", help=message("relax.help_settings_out", language)),
        ] = None,
        as_json: json_type = False,
        language: language_type = language,
    ) -> None:
        from liancun_geo import conflict_command

        with _reporting(_language(language), as_json) as report:
            inputs = commands.Inputs(boundaries, ledger, settings, decisions, places or ())
            _leave(conflict_command.explain(report, inputs, most, apply or [], settings_out))

    @app.command(help=text("why"))
    def why(
        boundaries: boundaries_type,
        village: Annotated[str | None, typer.Option("--village", help=text("help_village"))] = None,
        other: Annotated[str | None, typer.Option("--with", help=text("help_with"))] = None,
        rules: Annotated[bool, typer.Option("--rules", help=text("help_rules"))] = False,
        plan_file: Annotated[
            Path | None, typer.Option("--plan", help=text("help_plan_asked"))
        ] = None,
        lock: Annotated[list[str] | None, typer.Option("--lock", help=text("help_lock"))] = None,
        ledger: ledger_type = None,
        settings: settings_type = None,
        decisions: decisions_type = None,
        as_json: json_type = False,
        language: language_type = language,
    ) -> None:
        from liancun_geo import explaining

        with _reporting(_language(language), as_json) as report:
            inputs = commands.Inputs(boundaries, ledger, settings, decisions)
            explaining.why(
                report, inputs, explaining.Question(village, other, rules, plan_file, lock or [])
            )

    @app.command(help=text("template"))
    def template(
        out: Annotated[Path, typer.Option("--out", help=text("help_template_out"))],
        boundaries: Annotated[
            Path | None, typer.Argument(help=text("help_template_boundaries"))
        ] = None,
        settings: settings_type = None,
        by_township: Annotated[
            bool, typer.Option("--by-township", help=text("help_by_township"))
        ] = False,
        force: Annotated[bool, typer.Option("--force", help=text("help_force"))] = False,
        language: language_type = language,
    ) -> None:
        with _reporting(_language(language), False) as report:
            _leave(commands.template(report, boundaries, settings, out, by_township, force))

    @app.command(help=message("repair.command", language))
    def repair(
        boundaries: boundaries_type,
        out: out_type,
        gap_tolerance: Annotated[
            float | None,
            typer.Option(
                "--gap-tolerance",
                min=0.0,
                max=50.0,
                help=message("repair.help_gap_tolerance", language),
            ),
        ] = None,
        settings: settings_type = None,
        decisions: decisions_type = None,
        as_json: json_type = False,
        language: language_type = language,
    ) -> None:
        with _reporting(_language(language), as_json) as report:
            from liancun_geo import repairing

            inputs = commands.Inputs(boundaries, None, settings, decisions)
            _leave(repairing.repair(report, boundaries, inputs.settings(), out, gap_tolerance))

    @app.command(help=message("quality.command", language))
    def quality(
        boundaries: boundaries_type,
        ledger: ledger_type = None,
        settings: settings_type = None,
        decisions: decisions_type = None,
        places: places_type = None,
        assignment: assignment_type = None,
        xlsx: xlsx_type = None,
        as_json: json_type = False,
        workers: workers_type = None,
        language: language_type = language,
    ) -> None:
        with _reporting(_language(language), as_json) as report:
            from liancun_geo import appraising

            inputs = commands.Inputs(boundaries, ledger, settings, decisions, places or ())
            _leave(appraising.quality(report, inputs, assignment, xlsx, workers))

    @app.command(help=message("benefit.command", language))
    def benefit(
        boundaries: boundaries_type,
        ledger: ledger_type = None,
        settings: settings_type = None,
        decisions: decisions_type = None,
        places: places_type = None,
        assignment: assignment_type = None,
        alliance: Annotated[
            list[str] | None,
            typer.Option("--alliance", help=message("benefit.help_alliance", language)),
        ] = None,
        pot: Annotated[
            list[str] | None, typer.Option("--pot", help=message("benefit.help_pot", language))
        ] = None,
        by: Annotated[
            list[str] | None, typer.Option("--by", help=message("benefit.help_by", language))
        ] = None,
        land: Annotated[
            float | None,
            typer.Option("--land", min=0.01, help=message("benefit.help_land", language)),
        ] = None,
        xlsx: xlsx_type = None,
        as_json: json_type = False,
        workers: workers_type = None,
        language: language_type = language,
    ) -> None:
        with _reporting(_language(language), as_json) as report:
            from liancun_geo import appraising

            inputs = commands.Inputs(boundaries, ledger, settings, decisions, places or ())
            code = appraising.benefit(
                report,
                inputs,
                assignment,
                alliances=alliance or [],
                pots=pot or [],
                by=by or [],
                land_mu=land,
                xlsx=xlsx,
                workers=workers,
            )
            _leave(code)

    @app.command(name="warm-up", help=text("warm_up"))
    def warm_up(language: language_type = language) -> None:
        with _reporting(_language(language), False) as report:
            _leave(commands.warm_up(report))

    @app.command(name="app", help=text("app_command"))
    def studio(
        port: Annotated[int | None, typer.Option("--port", help=text("help_port"))] = None,
        headless: Annotated[bool, typer.Option("--headless", help=text("help_headless"))] = False,
        language: language_type = language,
    ) -> None:
        from liancun_geo.studio import launch

        with _reporting(_language(language), False) as report:
            # Nobody should wait for the compiler on a first click.
            commands.warm_up(report)
        _leave(launch(port, headless, language=_language(language)))

    return app


def main() -> None:
    """Run the command line."""
    language = language_of(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        # A Chinese Windows console is GBK and must not fail on a rare village name.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        build_app(language)()
    finally:
        _flush()


def _flush() -> None:
    """Hand over what is still held back, and end quietly if nobody reads it any more."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes once more on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        # Whoever read along, as head does, has seen enough.
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
        raise typer.Exit(FAILED) from None
    except Exception as cause:
        # A planner can do nothing with a traceback; a developer asks for it.
        if os.environ.get("LIANCUN_TRACEBACK"):
            raise
        fault = error("cli.internal_error", cause=f"{type(cause).__name__}: {cause}")
        _stop(report, "cli.failed_heading", DataError([fault]), FAILED)


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
