"""The group of commands in one language: its help, and wrong usage with what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup

from liancun_geo.cli.wording import Context, in_words
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, Listing, catalogue, message

# Typer brings a copy of click along and names this class nowhere.
_UsageError: type[Any] = typer.BadParameter.__mro__[1]
_VALUES = {
    "not_whole": re.compile("valid integer"),
    "not_a_number": re.compile("valid (number|float)"),
    "below_least": re.compile(r"greater than or equal to (?P<limit>[\d.]+)"),
    "above_most": re.compile(r"less than or equal to (?P<limit>[\d.]+)"),
}
_NO_COMMAND = re.compile(r"^No such command '(.*)'\.")
_EXTRA = re.compile(r"unexpected extra arguments?(?:\(s\))? \((.*)\)$")


class Commands(TyperGroup):
    """Commands whose help is told in one language; built with keys of the catalogue for help."""

    language: ClassVar[Language] = DEFAULT_LANGUAGE

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self.subcommand_metavar = message("cli.metavar_command", self.language)
        for command in (self, *self.commands.values()):
            command.context_class = Context
            command.options_metavar = message("cli.metavar_options", self.language)
            command.help = self._told(command.help)
            for param in command.params:
                option: Any = param  # arguments have a help of their own kind
                option.help = self._told(option.help)
                if option.name == "language":
                    option.default = self.language

    def _told(self, key: str | None) -> str | None:
        # Typer's own --help is in words already.
        return message(key, self.language).strip() if key in catalogue() else key

    def make_context(self, *told: Any, **more: Any) -> Any:
        """Read what is written before the command; wrong usage is told in its language."""
        with self._in_words():
            return super().make_context(*told, **more)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; wrong usage is told in its language."""
        with self._in_words():
            return super().invoke(ctx)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except _UsageError as cause:
            # What shows the whole help has nothing wrong to tell.
            if type(cause).__name__ != "NoArgsIsHelpError":
                sentence = _sentence(cause, self.language)
                if sentence is not None:
                    # Click asks the exception for its words: those of this one are the planner's.
                    cause.format_message = lambda: sentence
                in_words(cause, self.language)
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
    if kind == "BadOptionUsage":
        return message("cli.usage_no_value", language, name=cause.option_name)
    if kind == "BadParameter" and cause.param is not None:
        return _bad_value(cause, language)
    return _about_command(cause, language)


def _bad_value(cause: Any, language: Language) -> str:
    """Return what is wrong with a value; what typer says in English, as far as it is usual."""
    told = str(cause.message)
    for key, pattern in _VALUES.items():
        found = pattern.search(told)
        if found is not None:
            told = message(f"cli.usage_{key}", language, **found.groupdict())
            break
    name = cause.param.opts[0]
    return message("cli.usage_bad_value", language, name=name, cause=told)


def _about_command(cause: Any, language: Language) -> str | None:
    unknown = _NO_COMMAND.search(str(cause.message))
    if unknown is not None:
        group: Any = cause.ctx.command
        known = Listing(group.commands)
        return message("cli.usage_no_command", language, name=unknown.group(1), known=known)
    if str(cause.message) == "Missing command.":
        return message("cli.usage_command_missing", language)
    return None
