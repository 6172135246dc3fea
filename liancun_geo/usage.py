"""Wrong usage of the command line, told in the planner's words with what to write instead."""

from __future__ import annotations

import re
from typing import Any

import typer
from typer.core import TyperGroup

from liancun_geo.messages import Language, message

# Typer brings a copy of click along and names this class nowhere.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
_EXTRA = re.compile(r"unexpected extra arguments?(?:\(s\))? \((.*)\)$")


def commands_in(language: Language) -> type[TyperGroup]:
    """Return a group of commands that tells wrong usage in one language."""

    class Commands(TyperGroup):
        def invoke(self, ctx: Any) -> Any:
            try:
                return super().invoke(ctx)
            except _UsageError as cause:
                sentence = _sentence(cause, language)
                if sentence is not None:
                    cause.format_message = lambda: sentence  # type: ignore[attr-defined]
                raise

    return Commands


def _sentence(cause: Any, language: Language) -> str | None:
    """Return what is wrong and what to write instead; None if the original says enough."""
    kind = type(cause).__name__
    options = {} if cause.ctx is None else {p.name: p for p in cause.ctx.command.params}
    extra = _EXTRA.search(str(cause.message))
    if extra is not None:
        words = extra.group(1)
        tables = ("xlsx", "xls", "csv")
        files = [word for word in words.split() if word.lower().endswith(tables)]
        if "ledger" in options and files:
            ledgers = " ".join(f"--ledger {file}" for file in files)
            return message("cli.usage_ledger", language, words=words, ledgers=ledgers)
        takes = options.get("boundaries")
        named = takes is not None and takes.param_type_name == "argument"
        key = "cli.usage_extra" if named else "cli.usage_surplus"
        return message(key, language, words=words)
    if kind == "MissingParameter":
        param = cause.param
        if param.name == "boundaries":
            return message("cli.usage_no_boundaries", language)
        name = param.metavar or param.opts[0]
        return message("cli.usage_missing", language, name=name)
    if kind == "NoSuchOption":
        likely = "、".join(cause.possibilities or ()) or "--help"
        return message("cli.usage_no_option", language, name=cause.option_name, likely=likely)
    return None
