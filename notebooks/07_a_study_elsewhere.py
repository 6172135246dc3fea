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
# # A study in another country
#
# From polygons and a table of your own to a proven plan. What you need, and what you decide:
#
# | step | you bring | you set |
# |---|---|---|
# | 1 polygons | one area a place, with a CRS | which projection distances are measured in |
# | 2 table | one row a place, honest numbers | which column is strength, which is size |
# | 3 contiguity | nothing, or your own `Graph`, `W`, networkx graph | shortest border that counts |
# | 4 zones | a column: municipality, school district, valley | whether alliances may cross it |
# | 5 rules | sizes, who may lead, who may stay out | `min_size`, `max_size`, `can_lead` |
# | 6 costs | what makes a good pair | weights |
#
# Nothing here knows of Chinese villages. The study is made up so that anybody can run it: 64
# parishes on 40 by 26 km in four valleys. **All places and figures are invented.**

# %%
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

rng = np.random.default_rng(7)
seats = rng.uniform((0, 0), (40_000, 26_000), size=(64, 2))
frame_m = shapely.box(0, 0, 40_000, 26_000)
for _ in range(3):  # Lloyd: cells of like size, as parishes are
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(seats), extend_to=frame_m, ordered=True)
    )
    cells = shapely.intersection(cells, frame_m)
    seats = shapely.get_coordinates(shapely.centroid(cells))

valley = np.minimum(seats[:, 0] // 10_000, 3).astype(int)
people = np.round(np.exp(rng.normal(6.3, 0.8, 64))).astype(int)
table = pd.DataFrame(
    {
        "parish": [f"Parish {number:02d}" for number in range(64)],
        "valley": [("North", "East", "South", "West")[v] for v in valley],
        "people": people,
        "taxes": np.round(people * rng.lognormal(2.0, 0.35, 64)),
        "clerk": rng.random(64) < 0.8,
    }
)
# ETRS89 / LAEA Europe, to have a real place: yours comes from your file.
shift = shapely.transform(cells, lambda at: at + np.array([4_300_000, 2_900_000]))
places = gpd.GeoDataFrame(table, geometry=shift, crs=3035).set_index("parish", drop=False)
places.drop(columns="geometry").head(3)

# %% [markdown]
# ## 1 and 2: measure in metres, look before you plan
#
# Distances are those of the CRS your table is in. Degrees are refused by nobody and mean nothing:
# project first (`frame.to_crs(frame.estimate_utm_crs())`). Missing figures are for you to decide;
# here there are none.

# %%
assert places.crs.is_projected and places.crs.axis_info[0].unit_name == "metre"
assert places.geometry.is_valid.all() and places["parish"].is_unique
places[["people", "taxes"]].describe().loc[["min", "50%", "max"]]

# %% [markdown]
# ## 3 to 5: the shortest way, in PySAL's manner
#
# `Alliances` takes your table, a contiguity (or None: then from shared borders of at least 30 m),
# the columns that places should be alike in, and the sizes. Labels come back on your index.

# %%
from liancun_geo.research import Alliances

quick = Alliances(places, None, ["people", "taxes"], 4, 8, zones="valley", strength="taxes")
quick.solve()
quick.assignment().head(4)

# %% [markdown]
# ## 6: costs of your own
#
# A study usually has its own idea of a good pair. Then the problem is put together from arrays:
# a pair costs by distance and by how little stronger the lead is than the member, and a lead has
# its own price. **Costs are yours: state them, and vary them** (see notebook 05).

# %%
from liancun_geo import AllianceProblem, check, solve
from liancun_geo.contiguity.borders import shared_borders

shapes = places.geometry.to_numpy()
# Borders of surveyed areas gape and overlap by some metres: what lies within 2 m is shared.
borders = shared_borders(shapes, tolerance_m=2.0, main_part_only=True)
edges = borders.pairs[borders.shared_m >= 30.0]

distance_km = shapely.distance(*np.meshgrid(*[shapely.centroid(shapes)] * 2)) / 1_000.0
strength = places["taxes"].rank(pct=True).to_numpy()
gap = strength[:, None] - strength[None, :]  # [lead, member]: > 0 where the lead is stronger
pair_cost = 0.6 * np.minimum(distance_km / 12.0, 1.0) + 0.4 * (1.0 - np.maximum(gap, 0.0))

problem = AllianceProblem.from_arrays(
    pair_cost,
    edges,
    min_size=4,
    max_size=8,
    zones=places["valley"].tolist(),
    can_lead=places["clerk"].to_numpy(),  # a parish without a clerk leads nobody
    lead_cost=1.0 - strength,
)
result = solve(problem, time_limit=60.0)
assert check(problem, result.lead_of) == ()
print(result.status, f"cost {result.objective:.3f}, bound {result.bound:.3f}, gap {result.gap}")

# %%
from liancun_geo.research import plan_map

ax = plan_map(
    places,
    result.lead_of,
    names="parish",
    zones="valley",
    title="64 parishes, 4 valleys",
    language="en",
)

# %% [markdown]
# ## What did each rule cost?
#
# The same problem without the valleys, and with every parish allowed to lead: the difference is
# the price of the rule, since both plans are proven best.

# %%
rules = {
    "as posed": problem,
    "alliances may cross valleys": AllianceProblem.from_arrays(
        pair_cost, edges, 4, 8, can_lead=places["clerk"].to_numpy(), lead_cost=1.0 - strength
    ),
    "every parish may lead": AllianceProblem.from_arrays(
        pair_cost, edges, 4, 8, zones=places["valley"].tolist(), lead_cost=1.0 - strength
    ),
}
found = {name: solve(posed, time_limit=60.0) for name, posed in rules.items()}
pd.DataFrame(
    {
        "cost": [one.objective for one in found.values()],
        "bound": [one.bound for one in found.values()],
        "status": [one.status for one in found.values()],
    },
    index=list(found),
).round(3)

# %% [markdown]
# ## The other way: files and settings
#
# If your data come as files and may be described in the planner's terms (income, people, land),
# a settings file names your columns and everything else follows: data doctor, maps, reports.
# The French communes of [docs/examples](../docs/examples/france_communes.toml) are an example:
#
# ```toml
# [fields]
# code = "code"
# name = "nom"
# township_code = "epci2013"      # whatever alliances must not cross
# population_registered_persons = "pop2013"
#
# [criteria.lead_weights]         # only what your file knows may weigh
# population = 1.0
# ```
#
# ## Before you publish
#
# State sizes, zones, contiguity, weights, the gap, the version and the data's fingerprint; show
# stability under other weights (05), where plans stand among feasible ones (06), and a baseline
# that knows less (03). Decision support only.
