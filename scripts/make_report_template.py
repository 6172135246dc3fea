"""Make the Word templates of the report. Run ``python -m scripts.make_report_template``.

A county may change its own copy in Word: ``liancun report --save-template FILE`` hands one out.
Every heading is plain text there; what stands in double braces is filled in (docs/report.md).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from docx import Document
from docx.document import Document as Paper
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from liancun_geo.messages import Language, message
from liancun_geo.output.paper.word import TEMPLATES

FOLDER = Path(__file__).resolve().parents[1] / "liancun_geo" / "output" / "paper"
INK, GREY, ACCENT = RGBColor(0x1B, 0x2A, 0x34), RGBColor(0x4A, 0x59, 0x63), "E6EFF7"
LINE = "B8C2C9"
LATIN, BODY, HEAD = "Calibri", "宋体", "黑体"


def main() -> None:
    for language in ("zh", "en"):
        make(cast("Language", language)).save(str(FOLDER / TEMPLATES[cast("Language", language)]))


def make(language: Language) -> Paper:
    """Return the template in one language."""
    return _Template(language).paper


class _Template:
    def __init__(self, language: Language) -> None:
        self.language = language
        self.paper = Document()
        self._page()
        self._styles()
        self._title_page()
        self._summary()
        self._method()
        self._overview()
        self._townships()
        self._comparison()
        self._lists()
        self._appendix()

    def say(self, key: str) -> str:
        return message(f"paper.{key}", self.language)

    # --- page and styles ---

    def _page(self) -> None:
        section = self.paper.sections[0]
        section.orientation = WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.left_margin = section.right_margin = Mm(22)
        section.top_margin, section.bottom_margin = Mm(24), Mm(20)
        section.different_first_page_header_footer = True
        head = section.header.paragraphs[0]
        head.text = "{{ title }}\t" + self.say("classification")
        foot = section.footer.paragraphs[0]
        foot.text = message("output.decision_support", self.language) + "\t"
        _page_number(foot)
        for one in (head, foot):
            for name in list(one.style.paragraph_format.tab_stops):
                one.paragraph_format.tab_stops.add_tab_stop(name.position, WD_TAB_ALIGNMENT.CLEAR)
            one.paragraph_format.tab_stops.add_tab_stop(Mm(166), WD_TAB_ALIGNMENT.RIGHT)
            for run in one.runs:
                run.font.size, run.font.color.rgb = Pt(9), GREY

    def _styles(self) -> None:
        styles = cast("Any", self.paper.styles)
        _font(styles["Normal"], BODY, 10.5)
        styles["Normal"].paragraph_format.space_after = Pt(4)
        styles["Normal"].paragraph_format.line_spacing = 1.25
        for name, size, before in (
            ("Heading 1", 16, 18),
            ("Heading 2", 13, 12),
            ("Heading 3", 12, 10),
        ):
            style = styles[name]
            _font(style, HEAD, size)
            style.font.bold, style.font.color.rgb = True, INK
            style.paragraph_format.space_before = Pt(before)
            style.paragraph_format.space_after = Pt(4)
            style.paragraph_format.keep_with_next = True
        _font(styles["Title"], HEAD, 26)
        styles["Title"].font.color.rgb = INK

    # --- parts ---

    def _title_page(self) -> None:
        note = self._line(self.say("classification"))
        note.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        for _ in range(6):
            self._line("")
        title = self.paper.add_paragraph("{{ title }}", style="Title")
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self._line("{%p if plan_name %}")
        self._centred("{{ plan_name }}", 15)
        self._line("{%p endif %}")
        for _ in range(8):
            self._line("")
        self._line("{%p if maker %}")
        self._centred("{{ maker }}", 14)
        self._line("{%p endif %}")
        self._centred("{{ date }}", 14)
        self._centred(message("output.decision_support", self.language), 10.5)
        self.paper.add_paragraph().add_run().add_break(WD_BREAK.PAGE)

    def _summary(self) -> None:
        self._heading("section_summary")
        table = self.paper.add_table(rows=2, cols=5)
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        for at in range(5):
            for row, field, size in ((0, "value", 16), (1, "label", 9)):
                cell = table.cell(row, at)
                _shade(cell, ACCENT)
                place = cell.paragraphs[0]
                place.alignment = WD_ALIGN_PARAGRAPH.CENTER
                run = place.add_run(f"{{{{ figures[{at}].{field} }}}}")
                run.font.size, run.font.bold = Pt(size), row == 0
        self._line("")
        self._each("one in summary", "{{ one }}", style="List Bullet")

    def _method(self) -> None:
        self._heading("section_method")
        self._each("one in method", "{{ one }}", style="List Number")
        self._title_of("label_proof")
        self._table("proofs", (38, 22, 26, 80))

    def _overview(self) -> None:
        self._heading("section_overview", page=True)
        self._centred("{{ overview_map }}", 10.5)
        self._centred("{{ overview_caption }}", 9)

    def _townships(self) -> None:
        self._heading("section_townships", page=True)
        self._line("{%p for township in townships %}")
        self._line("{%p if not loop.first %}")
        self.paper.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        self._line("{%p endif %}")
        self.paper.add_paragraph("{{ township.name }}", style="Heading 2")
        self._line("{{ township.summary }} {{ township.proof }}")
        self._centred("{{ township.map }}", 10.5)
        self._table("township.table", (22, 20, 43, 15, 18, 25, 23), size=8.5)
        self._line("{%p for alliance in township.alliances %}")
        self.paper.add_paragraph("{{ alliance.name }}", style="Heading 3")
        self._line("{{ alliance.totals }}").paragraph_format.keep_with_next = True
        self._labelled("label_type", "{{ alliance.kind }}　{{ alliance.kind_reason }}")
        self._labelled("label_party_body", "{{ alliance.party_body }}")
        self._labelled("label_lead", "★ {{ alliance.lead }}　{{ alliance.lead_facts }}")
        self._labelled("label_lead_why", "{{ alliance.lead_reasons|join(sentence_gap) }}")
        self._title_of("label_members", small=True)
        self._members()
        self._line("{%p endfor %}")
        self._each("one in township.unplaced", "{{ one }}", style="List Bullet")
        self._line("{%p endfor %}")

    def _members(self) -> None:
        names = ("village", "distance", "persons", "income", "points", "why")
        fields = ("name", "distance", "population", "income", "points", "reason")
        widths = (23, 19, 18, 24, 15, 67)
        table = self._grid([self.say(f"heading_{name}") for name in names], widths, 8.5)
        self._row(table, "{%tr for member in alliance.members %}")
        row = table.add_row()
        for cell, field, width in zip(row.cells, fields, widths, strict=True):
            cell.width = Mm(width)
            _write(cell, f"{{{{ member.{field} }}}}", 8.5)
        _whole(row)
        self._row(table, "{%tr endfor %}")
        self._line("")

    def _comparison(self) -> None:
        self._heading("section_comparison", page=True)
        self._line(self.say("comparison_note"))
        self._table("comparison", (46, 18, 25, 25, 25, 27))
        self._each("one in comparison_notes", "{{ one }}", style="List Bullet")
        self._line("{%p if others %}")
        self._line(self.say("others_note"))
        self._table("others", (50, 22, 22, 24, 26, 22))
        self._line("{%p endif %}")

    def _lists(self) -> None:
        self._heading("section_objections")
        self._line("{{ objections_note }}")
        self._line("{%p if objections %}")
        self._table("objections", (22, 24, 16, 44, 24, 36), size=8.5)
        self._line("{%p endif %}")
        self._heading("section_unplaced")
        self._line("{{ unplaced_note }}")
        self._line("{%p if unplaced %}")
        self._table("unplaced", (24, 26, 30, 86), size=8.5)
        self._line("{%p endif %}")
        self._heading("section_data")
        self._each("one in data_notes", "{{ one }}", style="List Bullet")

    def _appendix(self) -> None:
        self._heading("section_appendix", page=True)
        self._title_of("section_record")
        self._table("record", (50, 116), size=8.5)
        self._title_of("section_sources")
        self._table("sources", (50, 116), size=8.5)
        self._title_of("section_settings")
        self._table("settings", (70, 96), size=8.5)

    # --- pieces ---

    def _heading(self, key: str, *, page: bool = False) -> None:
        place = self.paper.add_heading(self.say(key), level=1)
        place.paragraph_format.page_break_before = page

    def _title_of(self, key: str, *, small: bool = False) -> None:
        if small:
            self._labelled(key, "")
        else:
            self.paper.add_heading(self.say(key), level=2)

    def _line(self, text: str) -> Any:
        return self.paper.add_paragraph(text)

    def _centred(self, text: str, size: float) -> None:
        place = self.paper.add_paragraph()
        place.alignment = WD_ALIGN_PARAGRAPH.CENTER
        place.add_run(text).font.size = Pt(size)

    def _labelled(self, key: str, text: str) -> None:
        place = self.paper.add_paragraph()
        place.paragraph_format.keep_with_next = True
        run = place.add_run(self.say(key) + ("　" if self.language == "zh" else "  "))
        run.font.bold = True
        place.add_run(text)

    def _each(self, loop: str, text: str, *, style: str) -> None:
        self._line(f"{{%p for {loop} %}}")
        self.paper.add_paragraph(text, style=style)
        self._line("{%p endfor %}")

    def _table(self, name: str, widths: tuple[float, ...], *, size: float = 9) -> None:
        """Add a table whose heading and rows come from the contents."""
        cells = [f"{{{{ {name}.heading[{at}] }}}}" for at in range(len(widths))]
        table = self._grid(cells, widths, size)
        self._row(table, f"{{%tr for row in {name}.rows %}}")
        row = table.add_row()
        for at, (cell, width) in enumerate(zip(row.cells, widths, strict=True)):
            cell.width = Mm(width)
            _write(cell, f"{{{{ row.cells[{at}] }}}}", size)
        _whole(row)
        self._row(table, "{%tr endfor %}")
        self._line("")

    def _grid(self, heading: list[str], widths: tuple[float, ...], size: float) -> Any:
        table = self.paper.add_table(rows=1, cols=len(widths), style="Table Grid")
        table.autofit = False
        _thin_lines(table)
        for column, cell, text, width in zip(
            table.columns, table.rows[0].cells, heading, widths, strict=True
        ):
            column.width = cell.width = Mm(width)
            _write(cell, text, size, bold=True)
            _shade(cell, ACCENT)
        repeated = OxmlElement("w:tblHeader")
        repeated.set(qn("w:val"), "true")
        table.rows[0]._tr.get_or_add_trPr().append(repeated)
        _whole(table.rows[0])
        return table

    @staticmethod
    def _row(table: Any, tag: str) -> None:
        table.add_row().cells[0].text = tag


def _font(style: Any, name: str, size: float) -> None:
    style.font.name, style.font.size = LATIN, Pt(size)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for kind in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(kind), None)
    fonts.set(qn("w:eastAsia"), name)


def _write(cell: Any, text: str, size: float, *, bold: bool = False) -> None:
    place = cell.paragraphs[0]
    place.paragraph_format.space_after = Pt(1)
    place.paragraph_format.space_before = Pt(1)
    place.paragraph_format.line_spacing = 1.0
    run = place.add_run(text)
    run.font.size, run.font.bold = Pt(size), bold


def _shade(cell: Any, colour: str) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _thin_lines(table: Any) -> None:
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", LINE)):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    table._tbl.tblPr.append(borders)


def _whole(row: Any) -> None:
    """Keep a row on one page."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _page_number(place: Any) -> None:
    run = place.add_run()
    for kind, text in (("begin", ""), ("", " PAGE "), ("end", "")):
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.text = text
        run._r.append(mark)


if __name__ == "__main__":
    main()
