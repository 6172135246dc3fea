"""Texts of layers: the right encoding is found or asked for, what was cut off is said."""

import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_helpers import CODES, NAMES, gpkg, keys, shapefile, villages

from liancun_geo.decisions import EncodingDecision, HeaderDecision
from liancun_geo.intake import read_villages
from liancun_geo.intake.ledgers.fields import known_headers
from liancun_geo.intake.reading import read_all
from liancun_geo.intake.vector.dbf import completions
from liancun_geo.intake.vector.encodings import choose_encoding, is_cut
from liancun_geo.settings import Settings

USUAL = tuple(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡"
)


def _settings(**tables):
    return Settings.model_validate(tables)


def _named(reading, key):
    return [fault for fault in reading.faults if fault.key == key]


def _confirmed(*fixes):
    return Settings().deciding(fix.model_copy(update={"confirmed": True}) for fix in fixes)


@pytest.mark.parametrize(
    ("encoding", "cpg", "expected", "note"),
    [
        ("GB18030", None, "gb18030", "layers.encoding_found"),
        ("GBK", "GBK", "gb18030", None),
        ("GBK", "936", "gb18030", None),
        ("UTF-8", "UTF-8", "utf-8", None),
        ("UTF-8", None, "utf-8", "layers.encoding_found"),
        ("GB18030", "UTF-8", "gb18030", "layers.encoding_contradicted"),
        ("GB18030", "ISO-8859-1", "gb18030", "layers.encoding_contradicted"),
        ("UTF-8", "GBK", "utf-8", "layers.encoding_contradicted"),
        ("UTF-8", "88591", "utf-8", "layers.encoding_contradicted"),
        ("UTF-8", "rot13", "utf-8", "layers.encoding_found"),
    ],
)
def test_encoding_is_found_from_the_values(tmp_path, encoding, cpg, expected, note):
    table = read_villages(shapefile(tmp_path, encoding, cpg=cpg))
    assert table.frame["name"].tolist() == list(NAMES)
    assert table.sources[0].encoding == expected
    notes = [key for key in keys(table.warnings) if "encoding" in key]
    assert notes == ([note] if note else [])


def test_a_found_encoding_is_a_notice_with_both_readings(tmp_path):
    (notice,) = _named(read_all(shapefile(tmp_path, "UTF-8")), "layers.encoding_found")
    assert notice.fixes == ()
    for language in ("zh", "en"):
        assert "王家村" in notice.text(language)
        assert "鐜嬪" in notice.text(language)


def test_a_wrong_cpg_is_a_question_and_the_answer_is_kept(tmp_path):
    path = shapefile(tmp_path, "UTF-8", cpg="GBK")
    (question,) = _named(read_all(path), "layers.encoding_contradicted")
    assert [fix.encoding for fix in question.fixes] == ["utf-8", "gb18030"]
    assert question.fixes[0].note == "王家村、李家村、东河岔村"
    unconfirmed = read_all(path, settings=Settings(decisions=question.fixes))
    assert _named(unconfirmed, "layers.encoding_contradicted")
    settled = read_all(path, settings=_confirmed(question.fixes[0]))
    assert not _named(settled, "layers.encoding_contradicted")
    assert _named(settled, "decisions.applied")
    assert settled.villages.frame["name"].tolist() == list(NAMES)
    other = read_all(path, settings=_confirmed(question.fixes[1]))
    assert other.layer.frame["鏉戝悕"][1].startswith("鏉庡")


def _one_short_name(folder):
    """Return a layer with one text, whose bytes are 嵋 in GBK and 鄒 in Big5, say."""
    frame = villages(村代码=None, 村名=None, 乡镇=None, code=CODES, name=["皋", "1", "2", "3"])
    return shapefile(folder, "GB18030", frame=frame)


def test_too_little_text_is_an_error_until_somebody_chooses(tmp_path):
    path = _one_short_name(tmp_path)
    asked = read_all(path)
    (question,) = _named(asked, "layers.encoding_which")
    assert question.severity == "error"
    assert asked.villages is None
    right = next(fix for fix in question.fixes if fix.encoding == "gb18030")
    assert right.note == "皋"
    wrong = next(fix for fix in question.fixes if fix.encoding == "big5")
    for fix, name in ((right, "皋"), (wrong, wrong.note)):
        settled = read_all(path, settings=_confirmed(fix))
        assert not _named(settled, "layers.encoding_which")
        assert settled.layer.frame["name"][0] == name


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@given(
    names=st.lists(st.text(st.sampled_from(USUAL), min_size=2, max_size=4), min_size=4, unique=True)
)
def test_a_handful_of_names_decides_for_itself(encoding, names):
    found = choose_encoding([f"{name}村".encode(encoding) for name in names])
    assert found.name == encoding
    assert found.rivals == ()


@given(texts=st.lists(st.binary(min_size=1, max_size=12), max_size=8))
def test_any_bytes_have_an_encoding_in_the_end(texts):
    found = choose_encoding([text for text in texts if not text.isascii()])
    assert found.name in ("utf-8", "gb18030", "big5", "cp1252")


def test_accents_of_latin_names_are_not_taken_for_chinese():
    names = ("Saint-Étienne", "Ambérieu", "Bourg-lès-Valence", "Nîmes", "Angoulême")
    assert choose_encoding([name.encode("latin-1") for name in names]).name == "cp1252"
    assert choose_encoding([name.encode() for name in names]).name == "utf-8"


def test_rare_characters_survive_in_gb18030(tmp_path):
    frame = villages(村名=("㐂村", "𠮷家村", "联通村", "王村"))
    table = read_villages(shapefile(tmp_path, frame=frame))
    assert table.frame["name"].tolist() == ["㐂村", "𠮷家村", "联通村", "王村"]


def test_language_byte_states_gbk_but_the_default_one_states_nothing(tmp_path):
    path = shapefile(tmp_path)
    dbf = path.with_suffix(".dbf")
    raw = bytearray(dbf.read_bytes())
    raw[29] = 0x4D
    dbf.write_bytes(raw)
    assert "layers.encoding_found" not in keys(read_villages(path).warnings)
    raw[29] = 0x57
    dbf.write_bytes(raw)
    table = read_villages(path)
    assert table.frame["name"].tolist() == list(NAMES)
    assert "layers.encoding_found" in keys(table.warnings)


def test_stated_encoding_wins_and_a_wrong_one_names_the_right_one(tmp_path):
    path = shapefile(tmp_path)
    reading = read_all(path, settings=_settings(data={"encoding": "utf-8"}))
    (fault,) = _named(reading, "layers.undecodable")
    assert fault.fixes[0] == EncodingDecision(
        file="villages.shp", encoding="gb18030", note="王家村、李家村、东河岔村"
    )
    settings = _settings(data={"encoding": "utf-8"}).deciding(
        [fault.fixes[0].model_copy(update={"confirmed": True})]
    )
    assert read_villages(path, settings=settings).frame["name"].tolist() == list(NAMES)
    unknown = read_all(path, settings=_settings(data={"encoding": "gkb"}))
    assert "intake.encoding_unknown" in keys(unknown.faults)


def test_one_damaged_text_is_one_fault_with_its_place(tmp_path):
    path = shapefile(tmp_path)
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes().replace("李家村".encode("gbk"), b"\xc0\xee\xff\xff\xb4\xe5"))
    (fault,) = [f for f in read_all(path).faults if f.severity == "error"]
    assert (fault.key, fault.where.row, fault.where.field) == ("layers.undecodable", 2, "村名")
    settled = read_all(path, settings=_confirmed(*fault.fixes))
    assert "layers.undecodable" not in keys(settled.faults)


def test_an_encoding_for_a_format_that_has_one_is_told(tmp_path):
    path = gpkg(tmp_path)
    table = read_villages(path, settings=_settings(data={"encoding": "gbk"}))
    assert "layers.encoding_not_used" in keys(table.warnings)
    decided = read_all(path, settings=_confirmed(EncodingDecision(file=path.name, encoding="gbk")))
    assert "decisions.unused" in keys(decided.faults)


# What a DBF file cuts off


def test_field_names_cut_inside_a_character_can_be_read(tmp_path):
    frame = villages(村集体经营性收入=[1.0, 2.0, 3.0, 4.0])
    path = shapefile(tmp_path, "UTF-8", frame=frame, cpg="UTF-8")
    with pytest.raises(UnicodeDecodeError):
        pyogrio.read_dataframe(path)
    reading = read_all(path)
    (notice,) = _named(reading, "layers.headers_cut")
    assert notice.params["headers"] == "村集体"
    assert _named(reading, "layers.header_completed")
    assert reading.villages.frame["collective_income_wan_yuan"].tolist() == [1.0, 2.0, 3.0, 4.0]


def test_a_cut_name_that_may_be_two_fields_is_asked_about(tmp_path):
    frame = villages(collective=[5.0, 6.0, 7.0, 8.0])
    path = shapefile(tmp_path, frame=frame)
    (question,) = _named(read_all(path), "layers.header_cut_which")
    fields = [fix.field for fix in question.fixes]
    assert set(fields) == {"collective_income_wan_yuan", "collective_income_year", ""}
    chosen = HeaderDecision(file=path.name, header="collective", field="collective_income_wan_yuan")
    assert chosen in question.fixes
    settled = read_all(path, settings=_confirmed(chosen))
    assert not _named(settled, "layers.header_cut_which")
    assert settled.villages.frame["collective_income_wan_yuan"].tolist() == [5.0, 6.0, 7.0, 8.0]


@pytest.mark.parametrize(
    ("header", "encoding", "fields"),
    [
        ("村集体经营", "gb18030", ("collective_income_wan_yuan",)),
        ("party_memb", "utf-8", ("party_members_persons",)),
        ("transferab", "utf-8", ("transferable_land_mu",)),
        ("collecti_1", "utf-8", ("collective_income_wan_yuan", "collective_income_year")),
        ("村集体", "gb18030", None),  # 6 bytes: whole
        ("households", "utf-8", None),  # known as it is
        ("something!", "utf-8", None),
    ],
)
def test_headers_of_ten_bytes_are_completed(header, encoding, fields):
    found = completions([header], encoding, known_headers())
    assert set(found.get(header, ())) == set(fields or ())


def test_the_same_header_in_a_geopackage_is_not_completed(tmp_path):
    reading = read_all(gpkg(tmp_path, villages(collective=[5.0, 6.0, 7.0, 8.0])))
    assert not _named(reading, "layers.header_cut_which")


def test_values_that_fill_the_greatest_width_may_be_cut(tmp_path):
    long = "王家村" * 60
    frame = villages(备注=[long, "短", "短", "短"])
    reading = read_all(shapefile(tmp_path, "UTF-8", cpg="UTF-8", frame=frame))
    (notice,) = _named(reading, "layers.values_cut")
    assert (notice.where.field, notice.params["count"]) == ("备注", 1)


def test_a_text_cut_inside_a_character_is_known():
    assert is_cut("王家".encode("gbk")[:-1], "gb18030")
    assert not is_cut("王家".encode("gbk"), "gb18030")
    assert not is_cut(b"\xff\xff\xff", "utf-8")
