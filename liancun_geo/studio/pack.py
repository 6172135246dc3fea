"""The pack to download: the files of a plan in one zip, made where nobody waits for the page."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from liancun_geo.errors import Fault
from liancun_geo.messages import Language
from liancun_geo.output import PackOptions, PackProgress, write_pack, write_plan_file
from liancun_geo.scenario import Scenario
from liancun_geo.studio.wire import JobProgress

_STEPS = 100


@dataclass(frozen=True, slots=True)
class Packed:
    """What is handed out.

    Attributes
    ----------
    name
        Of the file.
    content
        Its bytes.
    count
        How many files it holds.
    whole
        Whether it is a zip of several, and not a single product as it is.
    remarks
        What the formats could not hold, such as characters that GBK lacks.
    """

    name: str
    content: bytes
    count: int
    whole: bool
    remarks: tuple[Fault, ...] = ()


def packed_files(
    tell: Callable[[JobProgress], None],
    scenario: Scenario,
    what: Sequence[str],
    options: PackOptions,
    more: Mapping[str, str],
) -> Packed:
    """Return products of a plan: one file as it is, several as a zip. For a child process.

    Parameters
    ----------
    tell
        Told how far it is; its ``stage`` is the product being written.
    scenario, what, options
        As for :func:`~liancun_geo.output.write_pack`.
    more
        Texts to put beside the files, by name.

    Raises
    ------
    DataError, SettingsError
        As :func:`~liancun_geo.output.write_pack`.
    """

    def told(state: PackProgress) -> None:
        tell(JobProgress(round(_STEPS * state.share), _STEPS, stage=state.product))

    with tempfile.TemporaryDirectory(prefix="liancun-") as folder:
        remarks: list[Fault] = []
        files = write_pack(scenario, folder, what, options, told, remarks)
        if len(files) == 1 and not more:
            return Packed(files[0].name, files[0].read_bytes(), 1, False, tuple(remarks))
        content = _zip(files, Path(folder), more)
    return Packed("alliances.zip", content, len(files) + len(more), True, tuple(remarks))


def zipped(scenario: Scenario, language: Language, more: Mapping[str, str] | None = None) -> bytes:
    """Return a zip of the plan file alone: all that is handed out of a plan that breaks rules.

    Parameters
    ----------
    scenario, language
        As for :func:`~liancun_geo.output.write_plan_file`.
    more
        Texts to put beside it, by name.
    """
    with tempfile.TemporaryDirectory(prefix="liancun-") as folder:
        file = write_plan_file(scenario, Path(folder) / "plan.json", language=language)
        return _zip([file], Path(folder), more or {})


def _zip(files: Sequence[Path], folder: Path, more: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.relative_to(folder).as_posix())
        for name, text in more.items():
            archive.writestr(name, text)
    return buffer.getvalue()
