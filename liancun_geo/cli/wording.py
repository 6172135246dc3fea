"""Typer's own English in the language of the call: headings of the help, lines about wrong usage.

Typer takes some of its words from ``gettext`` and others from nowhere; all of them pass through
the formatter of a help text, or are shown by an exception, and both may be replaced.
"""

from __future__ import annotations

import re
from typing import Any

import typer

from liancun_geo.messages import Language, message

_HEADINGS = {"Options": "options", "Arguments": "arguments", "Commands": "commands"}
_EXTRA = re.compile(r"\[(?P<extra>(?:default: [^\]]*|required|x[<>]=?[^\]]*)(?:; [^\]]*)?)\]$")
_HELP = "Show this message and exit."


class Context(typer.Context):
    """What a command is called with; its help is told in the language of the group."""

    def make_formatter(self) -> Any:
        """Return a formatter that knows the planner's words."""
        formatter: Any = super().make_formatter()
        group: Any = self.find_root().command
        language: Language = group.language
        usage, heading, table = formatter.write_usage, formatter.write_heading, formatter.write_dl

        def write_usage(prog: str, args: str = "", prefix: str | None = None) -> None:
            usage(prog, args, prefix or message("cli.usage_line", language))

        def write_heading(told: str) -> None:
            if told not in _HEADINGS:
                heading(told)
                return
            words = message(f"cli.heading_{_HEADINGS[told]}", language)
            formatter.write(f"{'':>{formatter.current_indent}}{words}\n")

        def write_dl(rows: Any, *how: Any, **more: Any) -> None:
            table([(name, _help(text, language)) for name, text in rows], *how, **more)

        formatter.write_usage, formatter.write_heading = write_usage, write_heading
        formatter.write_dl = write_dl
        return formatter


def in_words(cause: Any, language: Language) -> None:
    """Let wrong usage be shown in one language: how it is written, where to look, what is wrong."""

    def show(file: Any = None) -> None:
        lines = []
        if cause.ctx is not None:
            command = cause.ctx.command_path
            lines = [cause.ctx.get_usage(), message("cli.usage_try", language, command=command), ""]
        sentence = cause.format_message()
        lines.append(message("cli.usage_error", language, sentence=sentence))
        typer.echo("\n".join(lines), file=file, err=file is None)

    cause.show = show


def _help(text: str, language: Language) -> str:
    if text == _HELP:
        return message("cli.help_help", language)
    found = _EXTRA.search(text)
    if found is None:
        return text
    told = (_extra(one, language) for one in found["extra"].split("; "))
    return f"{text[: found.start()]}[{message('cli.extra_separator', language).join(told)}]"


def _extra(told: str, language: Language) -> str:
    if told == "required":
        return message("cli.extra_required", language)
    if told.startswith("default: "):
        value = told.removeprefix("default: ")
        return message("cli.extra_default", language, value=value)
    return told
