"""How a command runs: its common parameters, its report, and the exit code it leaves with."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import Parameter
from pathlib import Path
from typing import Any, NoReturn, get_type_hints

import typer

from liancun_geo.cli import options
from liancun_geo.commands.inputs import BAD_DATA, FAILED, WRONG_USAGE, Inputs
from liancun_geo.errors import DataError, FaultsError, SettingsError, error
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.report import Report, print_json

INTERRUPTED = 130
"""Exit code after Ctrl+C, as shells have it."""


def _parameter(name: str, annotation: Any, default: Any = Parameter.empty) -> Parameter:
    # Keyword-only, so that the order of the help is free of which have defaults.
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


_BOUNDARIES = (_parameter("boundaries", options.Boundaries),)
_INPUTS = (
    _parameter("ledger", options.Ledger, None),
    _parameter("settings", options.SettingsFile, None),
    _parameter("decisions", options.DecisionsFile, None),
    _parameter("places", options.Places, None),
)
_AS_JSON = (_parameter("as_json", options.AsJson, False),)
_LANGUAGE = (_parameter("language", options.SpokenLanguage, DEFAULT_LANGUAGE),)


def command(*, as_json: bool = True) -> Callable[[Callable[..., int]], Callable[..., None]]:
    """Return a decorator that makes a command of a function ``(report, [inputs,] ...) -> int``.

    The command takes what the function takes, but ``--json`` and ``--language`` for ``report``
    and boundaries, ledger, settings, decisions and places for ``inputs``. Every exception on the
    way becomes words and an exit code.

    Parameters
    ----------
    as_json
        Whether the command has ``--json``.
    """

    def decorate(function: Callable[..., int]) -> Callable[..., None]:
        signature = inspect.signature(function)
        hints = get_type_hints(function, include_extras=True)
        takes_inputs = "inputs" in signature.parameters

        @functools.wraps(function)
        def run(**given: Any) -> None:
            with reporting(_language(given.pop("language")), given.pop("as_json", False)) as report:
                if takes_inputs:
                    given["inputs"] = Inputs(
                        given.pop("boundaries"),
                        given.pop("ledger"),
                        given.pop("settings"),
                        given.pop("decisions"),
                        given.pop("places") or (),
                    )
                leave(function(report, **given))

        own = [
            _parameter(name, hints[name], parameter.default)
            for name, parameter in signature.parameters.items()
            if name not in ("report", "inputs")
        ]
        shown = [
            *(_BOUNDARIES if takes_inputs else ()),
            # What must be given stands first.
            *(one for one in own if one.default is Parameter.empty),
            *(_INPUTS if takes_inputs else ()),
            *(one for one in own if one.default is not Parameter.empty),
            *(_AS_JSON if as_json else ()),
            *_LANGUAGE,
        ]
        # Typer looks at both.
        run.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]  # it may be set
        run.__annotations__ = {one.name: one.annotation for one in shown}
        return run

    return decorate


@contextmanager
def reporting(language: Language, as_json: bool) -> Iterator[Report]:
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
        raise typer.Exit(INTERRUPTED) from None
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        # Whoever read along, as head does, has seen enough.
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # open to the end
        raise typer.Exit(FAILED) from None
    except Exception as cause:
        # A planner can do nothing with a traceback; a developer asks for it.
        if os.environ.get("LIANCUN_TRACEBACK"):
            raise
        fault = error("cli.internal_error", cause=f"{type(cause).__name__}: {cause}")
        _stop(report, "cli.failed_heading", DataError([fault]), FAILED)


def leave(code: int) -> None:
    """Leave with an exit code, if it is not the good one."""
    if code:
        raise typer.Exit(code)


def flush() -> None:
    """Hand over what is still held back, and end quietly if nobody reads it any more."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes once more on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
