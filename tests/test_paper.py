"""The report: both files say the same, names are only names, templates are no way in."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docx
import pytest
from office import converted
from scenarios import scenario, table

from liancun_geo.check import Violation
from liancun_geo.commands.exporting import save_template
from liancun_geo.commands.exporting import write_report as write_report_command
from liancun_geo.editing.answers import Objection
from liancun_geo.errors import DataError, SettingsError, warning
from liancun_geo.messages import catalogue
from liancun_geo.output.export import clean, sentence
from liancun_geo.output.paper import Report, gather, template, write_report
from liancun_geo.output.paper.word import fill_word
from liancun_geo.report import Report as Report_
from scripts.make_report_template import make

DAY = datetime(2026, 11, 22, tzinfo=UTC)
HOSTILE = (
    '=HYPERLINK("http://x")',
    "<img src=x onerror=alert(1)>",
    "{{ 7*7 }}",
    '#panic("x")',
    "上\n下",
    "*粗* _斜_ $x$",
    "]]><w:br/>",
    "{% for a in b %}",
    "a&b",
)


def text_of(file: Path) -> str:
    """Return everything a Word file says, cell by cell."""
    paper = docx.Document(str(file))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(place.text for place in paper.paragraphs), *cells])


def pdf_text(file: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not here: the PDF is not read back")
    command = ["pdftotext", "-layout", str(file), "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode()


def squeezed(text: str) -> str:
    """Return a text without blanks: lines of a PDF are broken anywhere."""
    return "".join(text.split())


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return both files of a county whose names attack."""
    villages = table(name=list(HOSTILE), township=["{{ 镇 }}"] * 9)
    folder = tmp_path_factory.mktemp("hostile")
    plan = scenario(villages=villages)
    files = (folder / "report.docx", folder / "report.pdf")
    for file in files:
        write_report(plan, file, created=DAY, maker='<w:p/> & "单位"')
    return files


def test_what_the_report_says_is_what_the_plan_is() -> None:
    plan = scenario()
    report = gather(plan, "zh", DAY)
    told = [one for township in report.townships for one in township.alliances]
    names = [clean(str(name)) for name in plan.villages.frame["name"]]
    assert [one.lead for one in told] == [names[a.lead] for a in plan.alliances]
    members = [{member.name for member in one.members} for one in told]
    assert members == [{names[m] for m in a.members} for a in plan.alliances]
    assert all(member.reason for one in told for member in one.members)
    assert report.unplaced is not None
    assert [row.cells[1] for row in report.unplaced.rows] == [
        clean(one.name) for one in plan.unassigned
    ]
    assert all(row.cells[3] for row in report.unplaced.rows)
    # What is not known is said, never taken for zero.
    assert "1 村不详" in told[1].totals
    placed = sum(len(alliance.villages) for alliance in plan.alliances)
    assert report.figures[1].value == str(placed)
    assert report.proofs.rows[0].cells[0] == "示例镇"


def test_tables_are_as_wide_as_their_headings() -> None:
    answers = [Objection("037040610001", "disagree", "路远", outcome="noted")]
    report = gather(scenario(), "en", DAY, others={"另案": scenario()}, objections=answers)
    tables: list[Any] = [report.proofs, report.comparison, report.others, report.objections,
                         report.unplaced, report.sources, report.settings, report.record,
                         *(township.table for township in report.townships)]  # fmt: skip
    for one in tables:
        assert one is not None
        assert {len(row.cells) for row in one.rows} <= {len(one.heading)}


def test_only_answers_that_matter_are_listed() -> None:
    answers = [
        Objection("037040610000", "agree", outcome="kept"),
        Objection("037040610001", "disagree", "离得远", "037040610003", outcome="granted"),
        Objection("999", "abstain", outcome="noted"),
    ]
    report = gather(scenario(), "zh", DAY, objections=answers)
    assert report.objections is not None
    assert [row.cells[1:5] for row in report.objections.rows] == [
        ("𠮷沟", "不同意", "离得远", "上\n下"),
        ("999", "弃权", "", ""),
    ]
    assert "3 个村" in report.objections_note
    assert "1 个村同意" in report.objections_note
    assert "没有读入" in gather(scenario(), "zh", DAY).objections_note


def test_names_are_only_names(hostile: tuple[Path, Path]) -> None:
    word, portable = hostile
    shown = text_of(word)
    for name in HOSTILE:
        assert " ".join(name.split("\n")) in shown
    assert "49" not in text_of(word).split("{{ 7*7 }}")[0][-3:]
    with zipfile.ZipFile(word) as archive:
        relations = archive.read("word/_rels/document.xml.rels").decode()
    assert "http://x" not in relations
    printed = squeezed(pdf_text(portable))
    for name in HOSTILE:
        assert squeezed(name) in printed


def test_chinese_in_the_pdf_is_text(tmp_path: Path) -> None:
    file = write_report(scenario(), tmp_path / "报告.pdf", created=DAY, maker="示例县专班")
    printed = squeezed(pdf_text(file))
    for told in ("一、摘要", "示例县专班", "2026年11月22日", "辅助研判，不替代集体决策"):
        assert told in printed
    # A rare character that the first font lacks comes from another, or is told: no empty box.
    assert "𠮷沟" in printed


def test_libreoffice_prints_the_word_file(hostile: tuple[Path, Path], tmp_path: Path) -> None:
    printed = squeezed(pdf_text(converted(hostile[0], "pdf", tmp_path / "printed")))
    assert "一、摘要" in printed
    for name in HOSTILE:
        assert squeezed(name) in printed


def test_the_plan_is_named_and_laid_beside_others(tmp_path: Path) -> None:
    file = tmp_path / "report.docx"
    write_report(scenario(), file, created=DAY, plan_name="契合优先", others={"另案": scenario()})
    shown = text_of(file)
    assert "契合优先" in shown
    assert "另案" in shown


@pytest.mark.parametrize("suffix", ["docx", "pdf"])
def test_equal_plans_give_equal_bytes(tmp_path: Path, suffix: str) -> None:
    files = [tmp_path / f"{name}.{suffix}" for name in ("a", "b")]
    made = [write_report(scenario(), file, created=DAY).read_bytes() for file in files]
    assert made[0] == made[1]


def test_english_has_no_chinese_sentence(tmp_path: Path) -> None:
    file = write_report(scenario(), tmp_path / "report.docx", language="en", created=DAY)
    shown = text_of(file)
    assert "1 Summary" in shown
    chinese = {key: texts["zh"] for key, texts in catalogue().items() if key.startswith("paper.")}
    for key, text in chinese.items():
        if "{" not in text and len(text) > 3:
            assert text not in shown, key


def test_a_plan_that_breaks_rules_is_not_reported(tmp_path: Path) -> None:
    broken = replace(scenario(), violations=(Violation("size", 3, (3, 4), "2 villages"),))
    with pytest.raises(DataError):
        write_report(broken, tmp_path / "report.docx", created=DAY)
    assert list(tmp_path.iterdir()) == []


def test_no_setting_and_no_command_is_named_to_a_meeting() -> None:
    plan = scenario()
    told = sentence(plan.unassigned[0].reason, "zh")
    report = gather(plan, "zh", DAY)
    assert report.unplaced is not None
    (row,) = report.unplaced.rows
    for word in ("[contiguity]", "min_size", "liancun "):
        assert word not in row.cells[3]
    # The command line still names what can be set.
    assert sentence(plan.unassigned[0].reason, "zh") == told


def test_notes_on_the_data_stop_somewhere() -> None:
    notes = tuple(warning("paper.data_clean") for _ in range(60))
    report = gather(scenario(warnings=notes), "zh", DAY)
    assert len(report.data_notes) < 50
    assert "20" in report.data_notes[-1]


# --- templates ---------------------------------------------------------------------------------


def with_text(text: str) -> bytes:
    """Return the shipped template with a paragraph more."""
    paper = docx.Document(io.BytesIO(template("zh")))
    paper.add_paragraph(text)
    made = io.BytesIO()
    paper.save(made)
    return made.getvalue()


@pytest.fixture
def report() -> Report:
    return gather(scenario(), "zh", DAY)


def test_a_template_of_the_county_is_used(tmp_path: Path, report: Report) -> None:
    own = tmp_path / "own.docx"
    own.write_bytes(with_text("县委组织部 {{ date }}"))
    fill_word(report, tmp_path / "made.docx", DAY, "zh", {}, template_file=own)
    assert "县委组织部 2026年11月22日" in text_of(tmp_path / "made.docx")


@pytest.mark.parametrize(
    "text",
    [
        "{{ nothing_of_the_kind }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{% for one in %}",
        "{{ title.__init__.__globals__ }}",
        "{{ 1 / 0 }}",
        "{% include '/etc/passwd' %}",
    ],
)
def test_a_template_that_cannot_be_filled_is_told(
    tmp_path: Path, report: Report, text: str
) -> None:
    own = tmp_path / "own.docx"
    own.write_bytes(with_text(text))
    with pytest.raises(DataError) as told:
        fill_word(report, tmp_path / "made.docx", DAY, "zh", {}, template_file=own)
    assert told.value.faults[0].key == "paper.bad_template_field"
    assert not (tmp_path / "made.docx").exists()


def test_a_file_that_is_no_template_is_told(tmp_path: Path, report: Report) -> None:
    wrong = {"text.docx": b"hello", "empty.docx": b""}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "a")
    wrong["zip.docx"] = packed.getvalue()
    for name, content in wrong.items():
        (tmp_path / name).write_bytes(content)
    for name in (*wrong, "missing.docx"):
        with pytest.raises(DataError) as told:
            fill_word(report, tmp_path / "x", DAY, "zh", {}, template_file=tmp_path / name)
        assert told.value.faults[0].key == "paper.bad_template"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_shipped_templates_are_what_the_script_makes(language: Any) -> None:
    made = io.BytesIO()
    make(language).save(made)
    with (
        zipfile.ZipFile(made) as now,
        zipfile.ZipFile(io.BytesIO(template(language))) as shipped,
    ):
        part = "word/document.xml"
        assert now.read(part) == shipped.read(part), "run scripts.make_report_template"


def test_the_template_is_handed_out_and_replaces_nothing(tmp_path: Path) -> None:
    own = tmp_path / "样板.docx"
    told = Report_("zh", as_json=False)
    assert save_template(told, own) == 0
    assert own.read_bytes() == template("zh")
    own.write_bytes(b"mine")
    with pytest.raises(SettingsError):
        save_template(told, own)
    assert own.read_bytes() == b"mine"


def test_report_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as told:
        write_report_command(Report_("zh", as_json=False), None, None, {})
    assert len(told.value.faults) == 2
