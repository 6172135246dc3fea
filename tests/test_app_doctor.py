"""The data check on the page: faults are shown with proposals, and settled there."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from app_steps import use_fit
from findings_cases import findings
from intake_helpers import NAMES, gpkg, villages, workbook
from streamlit.testing.v1 import AppTest

from liancun_geo.decisions import (
    DropRowDecision,
    ExcludeDecision,
    MatchDecision,
    UnitDecision,
    parse_decisions,
    read_decisions,
)
from liancun_geo.errors import Fault, SettingsError
from liancun_geo.messages import message
from liancun_geo.sample import sample_county
from liancun_geo.studio import shared
from liancun_geo.studio.deciding import (
    choices_of,
    decisions_file,
    findings_file,
    first_proposals,
    read_uploaded,
    taken,
)
from liancun_geo.studio.desk import Desk

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = sample_county()
TODAY = dt.date(2026, 3, 1)


def part(path: Path) -> tuple[str, bytes, str]:
    return path.name, path.read_bytes(), "application/octet-stream"


def ledger(folder: Path, second: str) -> Path:
    """Return a ledger of four villages, the second under another name."""
    names = (NAMES[0], second, *NAMES[2:])
    rows = [("城头镇", name, 500 + 100 * number) for number, name in enumerate(names)]
    return workbook(folder, [("乡镇", "村名", "户籍人口"), *rows])


@pytest.fixture
def page() -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params["step"] = "data"
    return page.run()


def upload(page: AppTest, *files: tuple[str, bytes, str]) -> AppTest:
    page.button_group(key="source").set_value("upload").run()
    return page.file_uploader(key="files").set_value(list(files)).run()


def shown(page: AppTest) -> str:
    assert not page.exception
    return "\n".join(one.value for one in page.get("html"))


def choices(page: AppTest) -> dict[str, Any]:
    return {one.key.removeprefix("choice "): one for one in page.radio}


def desk_of(page: AppTest) -> Desk:
    desk: Desk = page.session_state["desk"]
    return desk


def staged(page: AppTest) -> Desk:
    desk: Desk = page.session_state["staged"]
    return desk


def population(desk: Desk) -> list[float]:
    assert desk.county is not None
    return list(desk.county.villages.frame["population_registered_persons"])


@pytest.fixture
def mistyped(page: AppTest, tmp_path: Path) -> AppTest:
    """Return the page with a county whose ledger has a mistyped village."""
    return upload(page, part(gpkg(tmp_path)), part(ledger(tmp_path, "李佳村")))


def test_faults_are_shown_with_proposals_and_settled(mistyped: AppTest) -> None:
    page = mistyped
    text = shown(page)
    assert "要先解决，才能排方案" in text
    assert "台账中的该行没有对应的村边界" in text
    assert "没有台账的村没有指标" in text  # why
    assert desk_of(page).is_sample
    assert page.button(key="use").disabled
    row = next(name for name in choices(page) if name in text and "李佳村" in text)
    first = next(one for name, one in choices(page).items() if name == row)
    assert first.options[:2] == ["先不定", "按建议 1"]

    first.set_value(0).run()
    page.button(key="confirm chosen").click().run()  # nobody has signed
    assert page.toast[0].value == "确认要署名：请先填“确认人”。"
    assert staged(page).county is None  # chosen, not confirmed
    # The click that leaves the box of the name brings the name along: one click is enough.
    page.text_input(key="decided by").set_value("赵会计")
    page.button(key="confirm chosen").click().run()

    assert population(staged(page)) == [500, 600, 700, 800]
    assert not choices(page)
    (decision,) = staged(page).decisions
    assert isinstance(decision, MatchDecision)
    assert (decision.confirmed, decision.by) == (True, "赵会计")
    assert decision.on is not None
    assert "赵会计" in shown(page)

    page.button(key="take back 0").click().run()
    assert choices(page)
    page.radio[0].set_value(0).run()
    page.button(key="confirm chosen").click().run()
    page.button(key="use").click().run()
    assert page.query_params["step"] == "villages"
    assert population(desk_of(page)) == [500, 600, 700, 800]
    assert not desk_of(page).drafts
    assert desk_of(page).settings.decisions == desk_of(page).decisions == (decision,)


def test_leaving_open_changes_nothing(mistyped: AppTest) -> None:
    before = set(choices(mistyped))
    mistyped.text_input(key="decided by").set_value("赵会计").run()
    assert mistyped.button(key="confirm chosen").disabled
    assert set(choices(mistyped)) == before
    assert staged(mistyped).county is None
    assert desk_of(mistyped).is_sample


def test_first_proposals_are_chosen_at_once_but_not_confirmed(mistyped: AppTest) -> None:
    mistyped.button(key="choose first").click().run()
    # The row found for the village leaves nothing to decide about a village without a row.
    assert sorted(one.value for one in choices(mistyped).values()) == [-1, 0]
    assert staged(mistyped).decisions == ()


def test_going_on_takes_new_files_along_or_stays_with_their_errors(
    page: AppTest, mistyped: AppTest, tmp_path: Path
) -> None:
    mistyped.button(key="next").click().run()
    assert desk_of(mistyped).is_sample
    assert "villages" not in mistyped.query_params["step"]
    assert [one.value for one in mistyped.toast] == [message("studio.files_not_ready", "zh")]
    upload(page, part(gpkg(tmp_path)), part(ledger(tmp_path, "李家村")))
    page.button(key="next").click().run()
    assert population(desk_of(page)) == [500, 600, 700, 800]
    assert page.query_params["step"] in ("villages", ["villages"])


def test_the_bar_speaks_of_the_files_that_are_looked_at(page: AppTest, tmp_path: Path) -> None:
    use = message("studio.use_files", "zh")
    assert page.button(key="next").label == message("studio.to_villages", "zh")
    upload(page, part(gpkg(tmp_path)), part(ledger(tmp_path, "李家村")))
    assert page.button(key="next").label == use
    title = re.search(r"<h1[^>]*>([^<]*)</h1>", shown(page))
    assert title is not None
    assert "还没用" in title[1]
    assert "示例" not in title[1]
    # Only one button of a page stands out.
    assert page.button(key="use").proto.type == "secondary"
    page.button_group(key="source").set_value("sample").run()
    assert page.button(key="next").label == message("studio.to_villages", "zh")
    assert "还没用" not in shown(page)


def test_earlier_decisions_come_with_the_upload(page: AppTest, tmp_path: Path) -> None:
    files = part(gpkg(tmp_path)), part(ledger(tmp_path, "李佳村"))
    upload(page, *files)
    found = staged(page).findings()
    question = next(one for one in found.questions if one.fault.where.village == "李佳村")
    ours = taken(found, {question.id: 0}, by="钱主任", on=TODAY)
    upload(page, *files, ("decisions.toml", decisions_file(ours, "zh"), ""))
    assert population(staged(page)) == [500, 600, 700, 800]
    assert "钱主任" in shown(page)


def test_a_broken_file_of_decisions_is_told(page: AppTest, tmp_path: Path) -> None:
    upload(page, part(gpkg(tmp_path)), ("d.toml", b"[[decision]]\nkind = 'guess'\n", ""))
    text = shown(page)
    assert "这些文件还不能用" in text and "d.toml" in text
    assert desk_of(page).is_sample


def test_names_from_files_are_never_markup(page: AppTest, tmp_path: Path) -> None:
    evil = "![](http://evil.example/x.png)<img src=x onerror=alert(1)>"
    frame = villages(村名=[NAMES[0], evil, *NAMES[2:]])
    rows = part(ledger(tmp_path, f"{evil}村民"))
    upload(page, part(gpkg(tmp_path, frame)), (f"{evil}.xlsx", rows[1], ""))
    assert "evil.example" in shown(page)
    assert "img" not in tags(shown(page))
    assert not unescaped(page)
    assert any(r"\<img src" in one.label for one in page.selectbox)


def tags(text: str) -> set[str]:
    """Return the elements that a browser makes of markup."""
    found: set[str] = set()
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, _: found.add(tag)  # type: ignore[method-assign]
    parser.feed(text)
    return found


def unescaped(page: AppTest) -> list[str]:
    """Return the texts that Streamlit reads as Markdown and that hold a picture of another."""
    said = [*(one.value for one in page.markdown), *(one.value for one in page.caption)]
    said += [option for one in page.radio for option in one.options]
    widgets = (*page.radio, *page.button, *page.expander, *page.selectbox, *page.text_input)
    said += [one.label for one in widgets]
    said += [one.help for one in widgets if getattr(one, "help", "")]
    return [text for text in said if re.search(r"(?<!\\)(!\[|<img)", text)]


def test_the_sample_uploaded_raises_no_question_and_gives_its_plan(page: AppTest) -> None:
    before = desk_of(page).scenario
    assert before is not None
    ours = [*SAMPLE.folder.glob("villages.*"), *SAMPLE.folder.glob("rivers.*")]
    files = [part(path) for path in (*sorted(ours), SAMPLE.ledger, SAMPLE.settings)]
    upload(page, *files)
    assert "没有阻断规划的错误" in shown(page)
    assert not choices(page)
    page.button(key="use").click().run()
    assert "示例数据" not in shown(page)
    page.button(key="rail-plans").click().run()
    use_fit(page)
    after = desk_of(page).scenario
    assert after is not None and after is not before
    assert after.alliances == before.alliances
    assert after.fingerprint == before.fingerprint
    assert not re.search("liancun-|/tmp", shown(page))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("villages.gpkg", b"not a map", "villages.gpkg"),
        ("villages.zip", b"PK\x03\x04 damaged", "villages.zip"),
        ("../../etc/villages.geojson", b"{}", "villages.geojson"),
        ("villages.geojson", b"", "文件是空的"),
        ("ledger.xlsx", b"PK", "没有找到村界"),
        ("settings.toml", b"= 3", "settings.toml"),
    ],
)
def test_hostile_uploads_are_told_and_change_nothing(
    page: AppTest, name: str, content: bytes, told: str
) -> None:
    before = desk_of(page).scenario
    text = shown(upload(page, (name, content, "")))
    assert 'class="box error"' in text
    assert told in text
    assert "Traceback" not in text and "/tmp" not in text
    assert desk_of(page).scenario is before
    assert not [one for one in page.button if one.key == "use" and not one.disabled]


def test_nothing_is_examined_twice(mistyped: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def again(*_: object) -> None:
        raise AssertionError("examined again")

    before = shown(mistyped)
    monkeypatch.setattr(shared, "examine_inputs", again)
    mistyped.text_input(key="decided by").set_value("孙").run()
    assert shown(mistyped) == before


def test_a_fault_of_the_program_shows_no_traceback(
    page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(shared, "examine_inputs", broken)
    upload(page, part(gpkg(tmp_path)), part(ledger(tmp_path, "李加村")))
    assert 'class="box error"' in shown(page)
    assert "程序出错（RuntimeError）" in shown(page)
    assert "secret detail" not in shown(page)


# --- without a page --------------------------------------------------------------------------


def test_taken_decisions_are_signed_and_others_left_alone() -> None:
    found = findings()
    error, question = found.questions
    assert choices_of(error) == [-1, 0, 1]
    chosen = {error.id: 1, question.id: -1, "unknown": 0}
    (decision,) = taken(found, chosen, by="赵会计", on=TODAY)
    assert decision.kind == "drop_row"
    assert (decision.confirmed, decision.by, decision.on) == (True, "赵会计", TODAY)
    assert taken(found, {error.id: 7}, by="", on=TODAY) == ()


def test_choosing_all_first_proposals_leaves_what_drops_or_contradicts_open() -> None:
    place = {"file": "t.xlsx", "header": "收入"}
    unit, other = (UnitDecision(**place, unit=unit) for unit in ("元", "万元"))
    drop = DropRowDecision(file="t.xlsx", row=3)
    exclude = ExcludeDecision(file="v.shp", village="1")
    fixes = {"a": unit, "b": other, "c": drop, "d": exclude, "e": unit}
    page = [
        replace(findings().questions[0], id=name, fault=Fault("x.y", fixes=(fix, drop)))
        for name, fix in fixes.items()
    ]
    assert first_proposals(page) == {"a": 0, "b": -1, "c": -1, "d": -1, "e": 0}
    in_force = other.model_copy(update={"confirmed": True})
    assert first_proposals(page, [in_force])["a"] == -1


def test_the_file_of_decisions_says_the_same_when_read(tmp_path: Path) -> None:
    found = findings()
    ours = taken(found, {one.id: 0 for one in found.questions}, by="赵\n会计", on=TODAY)
    content = decisions_file(ours, "zh")
    assert read_uploaded("d.toml", content) == ours
    (tmp_path / "d.toml").write_bytes(content)
    assert read_decisions(tmp_path / "d.toml") == ours
    assert read_uploaded("d.toml", decisions_file((), "en")) == parse_decisions({})


@pytest.mark.parametrize("content", [b"\xff\xfe", b"= 3", b"[[decision]]\nkind = 'x'\n"])
def test_a_file_that_is_none_is_a_fault_with_its_name(content: bytes) -> None:
    with pytest.raises(SettingsError, match=r"决定\.toml"):
        read_uploaded("决定.toml", content)


def test_findings_are_handed_out_as_files() -> None:
    assert findings_file(findings(), "xlsx", "zh").startswith(b"PK")
    assert findings_file(findings(), "html", "en").startswith(b"<!doctype html>")
