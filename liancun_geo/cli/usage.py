"""The group of commands in one language: its help, and wrong usage with what to write instead."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, Listing, catalogue, message

# Typer brings a copy of click along and names this class nowhere.
_UsageError: type[Any] = typer.BadParameter.__mro__[1]
_EXTRA = re.compile(r"unexpected extra arguments?(?:\(s\))? \((.*)\)$")


class Commands(TyperGroup):
    """Commands whose help is told in one language; built with keys of the catalogue for help."""

    language: ClassVar[Language] = DEFAULT_LANGUAGE

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        for command in (self, *self.commands.values()):
            command.help = self._told(command.help)
            for param in command.params:
                option: Any = param  # arguments have a help of their own kind
                option.help = self._told(option.help)
                if option.name == "language":
                    option.default = self.language

    def _told(self, key: str | None) -> str | None:
        # Typer's own --help is in words already.
        return message(key, self.language).strip() if key in catalogue() else key

    def invoke(self, ctx: Any) -> Any:
        """Run a command; wrong usage is told in its language."""
        try:
            return super().invoke(ctx)
        except _UsageError as cause:
            sentence = _sentence(cause, self.language)
            if sentence is not None:
                # Click asks the exception for its words: those of this one are the planner's.
                cause.format_message = lambda: sentence
            raise


def commands_in(language: Language) -> type[Commands]:
    """Return the group of commands in one language."""
    return type(f"Commands_{language}", (Commands,), {"language": language})


def known_language(ctx: typer.Context, value: str) -> str:
    """Return a language as it was asked for.

    Raises
    ------
    typer.BadParameter
        If there are no sentences in it.
    """
    if value not in ("zh", "en"):
        group: Any = ctx.find_root().command
        raise typer.BadParameter(message("cli.language_unknown", group.language, language=value))
    return value


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
        likely = Listing(cause.possibilities or ()) or "--help"
        return message("cli.usage_no_option", language, name=cause.option_name, likely=likely)
    return None
