import datetime as dt
import zipfile

import openpyxl
import pytest
from intake_helpers import CODES, NAMES, faults_of, gpkg, keys, ledger_rows, villages, workbook

from liancun_geo.errors import DataError
from liancun_geo.intake import read_villages
from liancun_geo.intake.ledgers.ledger import read_ledger
from liancun_geo.intake.reading import read_all
from liancun_geo.settings import Settings


def _read(folder, rows=None, *, frame=None, sheets=None, ledger=None, **tables):
    path = ledger or workbook(folder, rows, sheets=sheets)
    return read_villages(gpkg(folder, frame), path, settings=Settings.model_validate(tables))


def _faults(folder, rows=None, *, frame=None, sheets=None, ledger=None, **tables):
    path = ledger or workbook(folder, rows, sheets=sheets)
    return faults_of(gpkg(folder, frame), path, **tables)


def _population(table):
    return table.frame["population_registered_persons"].tolist()


POPULATION = [1200.0, 480.0, 900.0, 760.0]


# Finding the table


def test_titles_totals_notes_and_blank_rows_are_no_villages(tmp_path):
    head, *body = ledger_rows()
    rows = [
        ["城头镇村情台账"],
        ["单位：人、亩"],
        head,
        *body[:2],
        [],
        *body[2:],
        ["合 计", None, 3340],
        ["注：数据截至2023年底"],
    ]
    table = _read(tmp_path, rows)
    assert _population(table) == POPULATION
    skipped = {f.key: f.where.row for f in table.warnings if f.key.endswith("_row")}
    assert skipped == {"intake.total_row": 9, "intake.note_row": 10}


def test_row_numbers_are_those_of_the_sheet(tmp_path):
    rows = [["台账"], [], *ledger_rows(values=(1200, "约480", 900, 760))]
    (fault,) = _faults(tmp_path, rows)
    where = fault.where
    assert (where.file, where.sheet, where.row, where.field) == (
        "ledger.xlsx",
        "台账",
        5,
        "户籍人口",
    )
    assert (where.village, where.code) == ("李家村", CODES[1])


def test_all_sheets_are_read_and_complete_each_other(tmp_path):
    sheets = {"人口": ledger_rows(), "党员": ledger_rows("党员数", (30, 12, 25, 20)), "空": []}
    table = _read(tmp_path, sheets=sheets)
    assert _population(table) == POPULATION
    assert table.frame["party_members_persons"].tolist() == [30, 12, 25, 20]
    table = _read(tmp_path, sheets=sheets, data={"sheets": ["人口"]})
    assert table.frame["party_members_persons"].isna().all()
    assert keys(_faults(tmp_path, sheets=sheets, data={"sheets": ["收入"]}))[0] == (
        "intake.sheet_missing"
    )


def test_sheet_without_header_warns_if_others_work_and_stops_if_none_does(tmp_path):
    sheets = {"台账": ledger_rows(), "说明": [["填写说明", "甲", "乙"]]}
    assert "intake.no_header" in keys(_read(tmp_path, sheets=sheets).warnings)
    assert "intake.no_header" in keys(_faults(tmp_path, [["甲", "乙"], [1, 2]]))


def test_several_ledgers(tmp_path):
    first = workbook(tmp_path, ledger_rows(), name="a.xlsx")
    second = workbook(tmp_path, ledger_rows("户数", (300, 100, 200, 150)), name="b.xlsx")
    table = read_villages(gpkg(tmp_path), [first, second])
    assert table.frame["households"].tolist() == [300, 100, 200, 150]
    assert [source.role for source in table.sources] == ["boundaries", "ledger", "ledger"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_every_usual_form(tmp_path, delimiter, encoding):
    path = tmp_path / "ledger.csv"
    lines = [delimiter.join(str(cell) for cell in row) for row in ledger_rows()]
    path.write_bytes("\r\n".join(lines).encode(encoding))
    table = _read(tmp_path, ledger=path)
    assert _population(table) == POPULATION
    assert table.sources[1].encoding == {"utf-8": "utf-8-sig"}.get(encoding, encoding)


def test_unquoted_thousands_that_shift_a_csv_row_are_a_fault(tmp_path):
    path = tmp_path / "ledger.csv"
    rows = ["村代码,村名,户籍人口", *(f"{c},{n},1,200" for c, n in zip(CODES, NAMES, strict=True))]
    path.write_text("\n".join(rows), encoding="utf-8")
    assert keys(_faults(tmp_path, ledger=path))[:4] == ["intake.row_too_long"] * 4


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("a.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "intake.old_xls"),
        (
            "b.xlsx",
            bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"),
            "intake.password",
        ),
        ("c.xlsx", b"PK\x03\x04" + b"\0" * 80, "intake.damaged"),
        ("d.xlsx", b"code,name", "intake.not_its_ending"),
        ("e.csv", b"PK\x03\x04" + b"\0" * 80, "intake.not_its_ending"),
        ("f.csv", b'code,name\n"1,2', "intake.damaged"),
        ("g.csv", b"code\xff\xff\xff,x\n", "intake.not_text"),
        ("h.doc", b"x", "intake.ledger_format"),
        ("i.xls", b"x", "intake.not_its_ending"),
        ("l.xls", b" <html><table>", "ledger.xls_is_html"),
        ("m.xls", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "intake.damaged"),
        ("j.csv", b"", "intake.empty_file"),
        ("k.csv", b"\n\n", "intake.ledger_empty"),
    ],
)
def test_ledgers_that_cannot_be_read_are_faults(tmp_path, name, content, key):
    path = tmp_path / name
    path.write_bytes(content)
    assert keys(_faults(tmp_path, ledger=path))[0] == key


def test_truncated_workbook(tmp_path):
    path = workbook(tmp_path, ledger_rows())
    path.write_bytes(path.read_bytes()[:-400])
    assert keys(_faults(tmp_path, ledger=path)) == ["intake.damaged"]


def test_faults_of_boundaries_and_ledger_come_together(tmp_path):
    ledger = workbook(tmp_path, ledger_rows(values=("abc", 1, 2, -3)))
    found = keys(faults_of(tmp_path / "absent.shp", ledger))
    assert found == ["intake.not_found", "intake.not_a_number", "intake.negative"]


def test_wrong_extent_of_a_sheet_does_not_cut_it_short(tmp_path):
    path = workbook(tmp_path, ledger_rows())
    wrong = tmp_path / "wrong.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(wrong, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                assert b'<dimension ref="A1:C5"' in content
                content = content.replace(b'<dimension ref="A1:C5"', b'<dimension ref="A1:B2"')
            target.writestr(entry.filename, content)
    assert _population(_read(tmp_path, ledger=wrong)) == POPULATION


def test_formula_that_was_never_calculated_is_not_a_blank(tmp_path):
    rows = ledger_rows(values=(1200, "=C2-720", 900, 760))
    (fault,) = _faults(tmp_path, rows)
    assert fault.key == "intake.formula_without_value"
    assert fault.params["cell"] == "C3"


def test_formula_of_a_total_that_was_never_calculated_is_nobodys_business(tmp_path):
    rows = [*ledger_rows(values=(1200, 480, 900, 760)), ["合计", None, "=SUM(C2:C5)"]]
    assert _population(_read(tmp_path, rows)) == [1200, 480, 900, 760]


def test_figures_beyond_all_reason(tmp_path):
    (fault,) = _faults(tmp_path, ledger_rows(values=(1e308, 480, 900, 760)))
    assert (fault.key, fault.where.row) == ("intake.too_large", 2)


# Headers and units


def test_canonical_and_labelled_headers_are_known(tmp_path):
    rows = ledger_rows("population_resident_persons")
    assert _read(tmp_path, rows).frame["population_resident_persons"].tolist() == POPULATION
    rows = ledger_rows("  村集体 经营性收入\n（万元） ")
    assert _read(tmp_path, rows).frame["collective_income_wan_yuan"].tolist() == POPULATION


@pytest.mark.parametrize(
    ("header", "field", "factor"),
    [
        ("村集体经营性收入（元）", "collective_income_wan_yuan", 1e-4),
        ("村集体经营性收入(千元)", "collective_income_wan_yuan", 0.1),
        ("2023年集体收入（万元）", "collective_income_wan_yuan", 1),
        ("人均可支配收入（万元）", "income_per_head_yuan", 1e4),
        ("耕地面积（公顷）", "arable_land_mu", 15),
        ("耕地面积（平方公里）", "arable_land_mu", 1500),
        ("耕地面积_亩", "arable_land_mu", 1),
        ("可流转土地（平方米）", "transferable_land_mu", 0.0015),
        ("户籍人口（2023年末）", "population_registered_persons", 1),
    ],
)
def test_stated_units_are_converted_exactly(tmp_path, header, field, factor):
    table = _read(tmp_path, ledger_rows(header))
    assert table.frame[field].tolist() == pytest.approx([v * factor for v in POPULATION], rel=1e-15)
    assert "intake.unit_assumed" not in keys(table.warnings)


def test_unit_of_the_title_counts_and_none_at_all_is_said(tmp_path):
    rows = ledger_rows("集体收入")
    table = _read(tmp_path, rows)
    (note,) = [fault for fault in table.warnings if fault.key == "intake.unit_assumed"]
    assert note.params["unit"] == "万元"
    table = _read(tmp_path, [["村情台账（单位：元、亩）"], *rows])
    assert table.frame["collective_income_wan_yuan"].tolist() == [0.12, 0.048, 0.09, 0.076]
    assert "intake.unit_assumed" not in keys(table.warnings)


def test_unit_that_cannot_be_is_a_fault(tmp_path):
    assert keys(_faults(tmp_path, ledger_rows("耕地面积（万元）"))) == ["intake.unit_wrong"]
    rows = ledger_rows("集体收入（美元）")
    assert keys(_faults(tmp_path, rows)) == ["intake.unit_unknown"]
    fields = {"collective_income_wan_yuan": "集体收入（美元）"}
    assert "intake.unit_assumed" in keys(_read(tmp_path, rows, fields=fields).warnings)


def test_two_headers_for_one_field_are_a_fault_until_one_is_named(tmp_path):
    head, *body = ledger_rows()
    rows = [[*head, "户籍总人口"], *([*row, 1] for row in body)]
    (fault,) = _faults(tmp_path, rows)
    assert fault.key == "intake.headers_ambiguous"
    assert fault.params["headers"] == "“户籍人口”、“户籍总人口”"
    fields = {"population_registered_persons": "户籍人口"}
    assert _population(_read(tmp_path, rows, fields=fields)) == POPULATION


def test_general_headers_give_way_to_exact_ones(tmp_path):
    head, *body = ledger_rows()
    rows = [[*head, "总人口"], *([*row, 1] for row in body)]
    assert _population(_read(tmp_path, rows)) == POPULATION
    table = _read(tmp_path, ledger_rows("总人口"))
    assert _population(table) == POPULATION
    assert "intake.header_assumed" in keys(table.warnings)


def test_named_header_that_does_not_exist_lists_those_that_do(tmp_path):
    (fault,) = _faults(tmp_path, ledger_rows(), fields={"households": "户数合计"})
    assert fault.key == "intake.header_missing"
    assert fault.params["headers"] == "村代码、村名、乡镇、户籍人口"


def test_unused_columns_are_listed(tmp_path):
    table = _read(tmp_path, ledger_rows("联系电话"))
    assert any("联系电话" in str(fault.params.get("headers")) for fault in table.warnings)


# Joining


def test_join_by_township_and_name_without_codes(tmp_path):
    frame = villages(村名=["王村", "李村", "王村", "李村"], 乡镇=["甲镇", "甲镇", "乙镇", "乙镇"])
    rows = [
        ("乡镇", "村名", "户籍人口"),
        ("乙镇", "王村 ", 3),
        ("甲镇", "李村", 2),
        ("甲镇", "王村", 1),
    ]
    rows.append(("乙镇", "李村", 4))
    assert _population(_read(tmp_path, rows, frame=frame)) == [1, 2, 3, 4]
    (fault, *_) = _faults(tmp_path, [("村名", "户籍人口"), ("王村", 3)], frame=frame)
    assert fault.key == "intake.row_ambiguous"


def test_one_sheet_a_township(tmp_path):
    frame = villages(村名=["王村", "李村", "王村", "李村"], 乡镇=["甲镇", "甲镇", "乙镇", "乙镇"])
    head = ("村名", "户籍人口")
    sheets = {"乙镇": [head, ("王村", 3), ("李村", 4)], "甲镇": [head, ("李村", 2), ("王村", 1)]}
    assert _population(_read(tmp_path, sheets=sheets, frame=frame)) == [1, 2, 3, 4]


def test_merged_township_cells_are_filled_down(tmp_path):
    frame = villages(村名=["王村", "李村", "王村", "李村"], 乡镇=["甲镇", "甲镇", "乙镇", "乙镇"])
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["乡镇", "村名", "户籍人口"],
        ["甲镇", "王村", 1],
        [None, "李村", 2],
        ["乙镇", "王村", 3],
        [None, "李村", 4],
    ):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    sheet.merge_cells("A4:A5")
    book.save(tmp_path / "merged.xlsx")
    table = _read(tmp_path, ledger=tmp_path / "merged.xlsx", frame=frame)
    assert _population(table) == [1, 2, 3, 4]


def test_codes_come_from_the_ledger_where_the_boundaries_have_none(tmp_path):
    table = _read(tmp_path, ledger_rows(), frame=villages(村代码=None))
    assert table.frame["code"].tolist() == list(CODES)


def test_names_that_are_only_alike_are_not_joined(tmp_path):
    rows = [("乡镇", "村名", "户籍人口"), ("城头镇", "王嘉村", 3)]
    found = keys(_faults(tmp_path, rows))
    assert found == ["intake.village_without_row"] * 4 + ["intake.row_without_village"]


def _unmatched():
    head, *body = ledger_rows()
    return [head, *body[:3], ("370499100999", "无名村", 5)]


def test_unmatched_stop_lists_both_sides(tmp_path):
    faults = _faults(tmp_path, _unmatched())
    found = [(fault.key, fault.where.village) for fault in faults]
    assert found == [
        ("intake.village_without_row", "西河岔村"),
        ("intake.row_without_village", "无名村"),
    ]


def test_unmatched_exclude_leaves_out_and_lists(tmp_path):
    table = _read(tmp_path, _unmatched(), data={"on_unmatched": "exclude"})
    assert table.frame["code"].tolist() == list(CODES[:3])
    assert len(table.frame.geometry) == 3
    assert [(fault.key, fault.where.code) for fault in table.excluded] == [
        ("intake.village_excluded", CODES[3]),
        ("intake.row_dropped", "370499100999"),
    ]
    assert "intake.unmatched_excluded" in keys(table.warnings)


def test_unmatched_keep_plans_the_village_with_missing_indicators(tmp_path):
    table = _read(tmp_path, _unmatched(), data={"on_unmatched": "keep"})
    assert len(table) == 4
    assert table.frame["population_registered_persons"].isna().tolist() == [False] * 3 + [True]
    assert table.excluded == ()
    assert {"intake.village_kept_empty", "intake.row_dropped"} <= set(keys(table.warnings))


def test_ledger_wins_over_the_boundaries_and_says_so_once(tmp_path):
    frame = villages(户籍人口=[1200, 1, 2, 760])
    table = _read(tmp_path, ledger_rows(), frame=frame)
    assert _population(table) == POPULATION
    (note,) = [fault for fault in table.warnings if fault.key == "intake.ledger_wins"]
    assert (note.params["count"], note.params["old"], note.params["new"]) == (2, "1", "480")
    assert note.where.village == "李家村"


def test_blank_ledger_cells_leave_the_value_of_the_boundaries(tmp_path):
    frame = villages(户籍人口=[11, 12, 13, 14])
    table = _read(tmp_path, ledger_rows(values=(None, 480, "—", 760)), frame=frame)
    assert _population(table) == [11, 480, 13, 760]


def test_two_rows_of_one_village_must_agree(tmp_path):
    rows = ledger_rows()
    assert _population(_read(tmp_path, [*rows, rows[1]])) == POPULATION
    (fault,) = _faults(tmp_path, [*rows, (CODES[0], NAMES[0], 1201)])
    assert fault.key == "intake.rows_contradict"
    assert (fault.where.row, fault.params["row"]) == (6, 2)


# Codes


@pytest.mark.parametrize("form", [str, int, float, lambda c: f" {c} ", lambda c: f"{c}.0"])
def test_lossless_codes_are_mended(tmp_path, form):
    head, *body = ledger_rows()
    rows = [head, *((form(code), name, value) for code, name, value in body)]
    assert _population(_read(tmp_path, rows)) == POPULATION


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("3.70E+11", "intake.code_damaged"),
        ("3.7049910020E+11", "intake.code_damaged"),
        (370499100202.5, "intake.code_damaged"),
        ("37049910020", "intake.code_length"),
        ("0370499100202", "intake.code_length"),
        (37049910020, "intake.code_length"),
    ],
)
def test_damaged_codes_are_faults_with_their_place(tmp_path, code, key):
    rows = ledger_rows()
    rows[2] = (code, *rows[2][1:])
    faults = _faults(tmp_path, rows)
    assert keys(faults)[0] == key
    assert (faults[0].where.sheet, faults[0].where.row) == ("台账", 3)


def test_lost_leading_zeros_of_foreign_codes_are_noticed(tmp_path):
    frame = villages(村代码=["01001", "01002", "01004", "01005"])
    rows = [("code", "name"), *((int(c), n) for c, n in zip(frame["村代码"], NAMES, strict=True))]
    assert "intake.code_length" in keys(_faults(tmp_path, rows, frame=frame))


def test_percentages_and_dates_are_no_numbers(tmp_path):
    path = workbook(tmp_path, ledger_rows(values=(0.35, 480, dt.datetime(2023, 5, 1), 760)))
    book = openpyxl.load_workbook(path)
    book.active["C2"].number_format = "0.0%"
    book.save(path)
    faults = _faults(tmp_path, ledger=path)
    assert keys(faults) == ["intake.percent_in_number", "intake.date_in_number"]
    assert faults[0].params["value"] == "35%"


def test_losses_are_allowed_with_a_notice_and_negative_people_are_not(tmp_path):
    table = _read(tmp_path, ledger_rows("集体收入（万元）", (-3.5, 1, 2, 3)))
    assert table.frame["collective_income_wan_yuan"][0] == -3.5
    assert "intake.negative_income" in keys(table.warnings)
    for header in ("户籍人口", "户数", "耕地面积（亩）"):
        assert keys(_faults(tmp_path, ledger_rows(header, (-3, 1, 2, 3)))) == ["intake.negative"]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("~$ledger.xlsx", "layers.is_office_lock"),
        ("villages.shp", "layers.is_boundaries"),
        ("folder", "layers.is_folder"),
    ],
)
def test_what_is_no_ledger_is_called_what_it_is(tmp_path, name, key):
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"x")
    with pytest.raises(DataError) as caught:
        read_ledger(path, Settings())
    assert [fault.key for fault in caught.value.faults] == [key]
    assert all(fault.text("en") != fault.text("zh") for fault in caught.value.faults)


def test_a_ledger_given_as_boundaries_is_told_to_be_one(tmp_path):
    reading = read_all(workbook(tmp_path, [("村名", "户籍人口"), ("东村", 9)]))
    assert [fault.key for fault in reading.faults] == ["layers.is_ledger"]
