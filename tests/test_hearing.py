"""Consulting from the page: workbooks in a zip, answers read, applied as one step."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from test_consultation import AT, HEADING_ROW
from test_steps_compare import plans
from test_steps_export import NOW, desk_with, opened, shown

from liancun_geo.editing import Answer, Draft
from liancun_geo.errors import DataError
from liancun_geo.output.consultation_answers import Consultation
from liancun_geo.studio import hearing as module
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.hearing import (
    MOST_FILES,
    Hearing,
    consultation_zip,
    outcome,
    read_uploaded,
)
from liancun_geo.studio.solving import Solving
from liancun_geo.studio.words import Words

MARKUP = "<img src=x onerror=alert(1)>"


def answered(desk: Desk) -> Hearing:
    """Return the answers of everybody, the second village objecting, and the search at its end."""
    draft = desk.draft
    assert draft is not None
    codes = [str(code) for code in draft.proposal.villages.frame["code"]]
    said = [Answer(c, "disagree" if v == 1 else "agree", MARKUP) for v, c in enumerate(codes)]
    consultation = Consultation(tuple(said), (), ())
    solving = Solving(draft, lambda cancel: draft.consulted(said, at=NOW, cancel=cancel))
    assert solving.done(60.0)
    return Hearing(draft, consultation, solving)


def test_the_zip_holds_every_township_and_is_read_back() -> None:
    best = plans()[0]
    with zipfile.ZipFile(io.BytesIO(consultation_zip(best, "zh"))) as archive:
        files = [(name, archive.read(name)) for name in archive.namelist()]
    assert all(name.startswith("征求意见表_") for name, _ in files)
    filled = []
    for name, content in files:
        book = openpyxl.load_workbook(io.BytesIO(content))
        book.worksheets[0].cell(HEADING_ROW + 1, AT["answer"]).value = "同意"
        buffer = io.BytesIO()
        book.save(buffer)
        # Whatever a browser calls it, it stays in its folder.
        filled.append((f"../../{name}", buffer.getvalue()))
    assert [one.answer for one in read_uploaded(filled, best).answers] == ["agree"] * len(files)
    with pytest.raises(DataError, match=str(MOST_FILES)):
        read_uploaded([("a.xlsx", b"")] * (MOST_FILES + 1), best)
    with pytest.raises(DataError, match="不是本软件发出的征求意见表"):
        read_uploaded([("a.xlsx", b"<script>")], best)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_outcome_is_shown_and_applied_as_one_step(language: str) -> None:
    desk = desk_with(plans()[0])
    page = opened(desk, language)
    shown(page)
    page.session_state["hearing"] = hearing = answered(desk)
    page.run()
    text = shown(page)
    assert {"zh": "照意见调整了", "en": "villages moved"}[language] in text
    page.button(key="consult apply").click().run()
    draft = desk.draft
    assert draft is hearing.solving.result
    assert draft is not None and draft.cursor == 1
    assert len(draft.objections) == len(hearing.said.answers)
    assert draft.undo().state.lead_of.tolist() == hearing.start.state.lead_of.tolist()
    assert {"zh": "已读回", "en": "are part of this plan"}[language] in shown(page)


def test_an_outcome_of_an_older_draft_cannot_be_applied() -> None:
    desk = desk_with(plans()[0])
    page = opened(desk)
    page.session_state["hearing"] = answered(desk)
    desk.replace(Draft(plans()[0]))
    page.run()
    assert "这个结果不能再用" in shown(page)
    assert "consult apply" not in [one.key for one in page.button]
    page.button(key="consult drop").click().run()
    assert "照意见调整了" not in shown(page)


def test_faults_of_the_files_are_listed_and_change_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = desk_with(plans()[0])
    state: dict[str, object] = {}
    monkeypatch.setattr(module.st, "session_state", state)

    class Upload:
        name = f"{MARKUP}.xlsx"

        def getvalue(self) -> bytes:
            return b"no workbook"

    before = desk.draft
    module._take(desk, [Upload()])
    (fault,) = state["hearing faults"]  # type: ignore[misc]
    assert fault.key == "consultation.not_a_workbook"
    assert desk.draft is before and "hearing" not in state


def test_what_villages_write_is_shown_as_text() -> None:
    desk = desk_with(plans()[0])
    hearing = answered(desk)
    found = hearing.solving.result
    assert isinstance(found, Draft)
    told = outcome(hearing, found, Words("zh"))
    assert "<img" not in told
