"""Texts and parts of the boundary file: encodings, field names, indexes."""

from __future__ import annotations

import json

import geopandas as gpd

from faulty.build import case
from faulty.county import CRS, County, Inputs


def changed(path, offset: int, raw: bytes):
    data = bytearray(path.read_bytes())
    data[offset : offset + len(raw)] = raw
    path.write_bytes(bytes(data))
    return path


@case
def gbk_without_cpg(county: County):
    return county.inputs(county.shapefile("gb18030", cpg=None))


@case
def gbk_with_cpg(county: County):
    return county.inputs(county.shapefile("gb18030", cpg="GBK"))


@case
def utf8_without_cpg(county: County):
    return county.inputs(county.shapefile(cpg=None))


@case
def big5_without_cpg(county: County):
    traditional = str.maketrans("东庄汇镇县黎岭后权", "東莊匯鎮縣黎嶺後權")
    county.names = [name.translate(traditional) for name in county.names]
    county.townships = [name.translate(traditional) for name in county.townships]
    frame = county.frame().rename(columns={"村代码": "CODE", "村名": "NAME", "乡镇": "TOWNNAME"})
    frame = frame.rename(columns={"乡镇码": "TOWNCODE", "县": "COUNTYNAME"})
    frame["COUNTYNAME"] = "示例縣"
    return county.inputs(county.shapefile("big5", cpg=None, frame=frame))


@case
def cpg_contradicts(county: County):
    return county.inputs(county.shapefile("gb18030", cpg="UTF-8"))


@case
def cpg_says_gbk_but_utf8(county: County):
    return county.inputs(county.shapefile("utf-8", cpg="GBK"))


@case
def cpg_unknown(county: County):
    return county.inputs(county.shapefile("gb18030", cpg="OEM"))


@case
def encoding_of_too_little_text(county: County):
    """One name in Chinese characters, whose four bytes are text in UTF-8 as well."""
    county.names = ["ABCD", *(f"V{number}" for number in range(1, 12))]
    county.townships = [f"T{code[-1]}" for code in county.township_codes]
    frame = county.frame().drop(columns=["县"])
    frame.columns = ["CODE", "NAME", "TOWNCODE", "TOWNNAME", "geometry"]
    path = county.shapefile(cpg=None, frame=frame)
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes().replace(b"ABCD", "联通".encode("gb18030")))
    county.names[0] = "联通"
    for position, (name, town) in enumerate(zip(county.names, county.townships, strict=True)):
        county.rows[position][1:3] = [town, name]
    return county.inputs(path)


@case
def one_name_damaged(county: County):
    path = county.shapefile("gb18030", cpg="GBK")
    dbf = path.with_suffix(".dbf")
    found = dbf.read_bytes().index("熊背村".encode("gb18030"))
    changed(dbf, found + 2, b"\xff\xff")
    return county.inputs(path)


@case
def field_names_cut(county: County):
    # 乡镇级名称 and 村级代码 in UTF-8: ten bytes are three characters.
    frame = county.frame().rename(columns={"村代码": "村级代码", "村名": "村级名称"})
    return county.inputs(county.shapefile(frame=frame))


@case
def field_names_of_the_survey(county: County):
    names = {"村代码": "ZLDWDM", "村名": "ZLDWMC", "乡镇码": "XZXZQDM", "乡镇": "XZMC"}
    frame = county.frame().rename(columns={**names, "县": "QXMC"})
    return county.inputs(county.shapefile("gb18030", cpg=None, frame=frame))


@case
def field_names_of_nobody(county: County):
    names = {"村代码": "F1", "村名": "F2", "乡镇码": "F3", "乡镇": "F4", "县": "F5"}
    return county.inputs(county.shapefile(frame=county.frame().rename(columns=names)))


@case
def two_columns_of_names(county: County):
    frame = county.frame().assign(村名称=county.names[::-1])
    return county.inputs(county.shapefile(frame=frame))


@case
def codes_as_numbers_in_layer(county: County):
    frame = county.frame()
    frame["村代码"] = frame["村代码"].astype("float64")
    return county.inputs(county.shapefile(frame=frame))


@case
def figures_in_layer_differ(county: County):
    frame = county.frame().assign(户籍人口=[1263, 999, *[None] * 10])
    return county.inputs(county.shapefile(frame=frame))


@case
def shx_missing(county: County):
    path = county.shapefile()
    path.with_suffix(".shx").unlink()
    return county.inputs(path)


@case
def dbf_missing(county: County):
    path = county.shapefile()
    path.with_suffix(".dbf").unlink()
    return county.inputs(path)


@case
def truncated_shp(county: County):
    path = county.shapefile()
    path.write_bytes(path.read_bytes()[:900])
    return county.inputs(path)


@case
def truncated_dbf(county: County):
    path = county.shapefile()
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes()[:-800])
    return county.inputs(path)


@case
def lying_dbf(county: County):
    # The header counts four thousand million rows.
    path = county.shapefile()
    changed(path.with_suffix(".dbf"), 4, b"\xff\xff\xff\xff")
    return county.inputs(path)


@case
def dbf_of_another_layer(county: County):
    path = county.shapefile()
    (county.folder / "other").mkdir()
    other = county.shapefile(frame=county.frame().iloc[:7], folder=county.folder / "other")
    path.with_suffix(".dbf").write_bytes(other.with_suffix(".dbf").read_bytes())
    return county.inputs(path)


@case
def record_longer_than_file(county: County):
    path = county.shapefile()
    path.with_suffix(".shx").unlink()
    changed(path, 104, b"\x7f\xff\xff\xff")
    return county.inputs(path)


@case
def points_for_polygons(county: County):
    frame = county.frame()
    frame.geometry = frame.geometry.centroid
    return Inputs(county.shapefile(frame=frame), county.workbook())


@case
def no_villages(county: County):
    return Inputs(county.shapefile(frame=county.frame().iloc[:0]), county.workbook())


@case
def several_layers(county: County):
    path = county.gpkg()
    county.frame().iloc[:3].to_file(path, layer="old", driver="GPKG")
    return county.inputs(path)


@case
def several_layers_one_named(county: County):
    inputs = several_layers(county)
    inputs.settings = {"data": {"layer": "villages"}}
    return inputs


@case
def geojson_without_crs(county: County):
    path = county.folder / "villages.geojson"
    county.frame().to_crs(4326).to_file(path, driver="GeoJSON", COORDINATE_PRECISION=12)
    return county.inputs(path)


@case
def geojson_in_metres_without_crs(county: County):
    path = county.folder / "villages.geojson"
    collection = json.loads(county.frame().to_json())
    collection.pop("crs", None)
    path.write_text(json.dumps(collection, ensure_ascii=False), "utf-8")
    return county.inputs(path)


@case
def geojson_in_gbk(county: County):
    path = county.folder / "villages.geojson"
    county.frame().to_crs(4326).to_file(path, driver="GeoJSON")
    path.write_bytes(path.read_text("utf-8").encode("gb18030"))
    return county.inputs(path)


@case
def table_without_geometry(county: County):
    path = county.folder / "villages.parquet"
    county.frame().drop(columns="geometry").to_parquet(path)
    return Inputs(path, county.workbook())


@case
def heights_in_coordinates(county: County):
    from shapely import force_3d

    frame = county.frame()
    frame = gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=force_3d(frame.geometry, 80))
    return county.inputs(county.shapefile(frame=frame.set_crs(CRS, allow_override=True)))
