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
# # A first plan
#
# Ten lines from files to a proven plan; then a look at the proof, the reasons and the outputs,
# and the solver on arrays alone. The sample county is fictional (示例县, 261 villages in 10
# townships). 辅助研判，不替代集体决策: decision support only.
#
# Run it from any folder; it writes to `plan/` beside the notebook. Nothing uses the network.

# %%
from liancun_geo import plan_alliances, read_county, read_settings, write_plan
from liancun_geo.sample import sample_county

sample = sample_county()
settings = read_settings(sample.settings)
county = read_county(sample.boundaries, sample.ledger, settings=settings, folder=sample.folder)
scenario = plan_alliances(county, settings)
assert scenario.violations == ()
print(scenario.result.status, len(scenario.alliances), "alliances")
files = write_plan(scenario, "plan", language="en")

# %%
from liancun_geo.research import plan_map

ax = plan_map(scenario, title="The best plan of the sample county", language="en")

# %% [markdown]
# ## What was read
#
# Boundaries (a GBK shapefile without `.cpg`, as they come) and the ledger (台账) become one table
# with fixed names and units. Everything noticed on the way is a warning with its place; a fault
# would stop here, with all others of the files.

# %%
villages = county.villages
print(len(villages), "villages,", villages.frame["township"].nunique(), "townships")
print(villages.frame.crs.name)
for note in villages.warnings:
    print("-", note.text("en"))

# %%
columns = ["name", "township", "population_registered_persons", "collective_income_wan_yuan"]
villages.frame[columns].head()

# %% [markdown]
# ## Zones and bounds
#
# One call found neighbours, scored leads and pairs, solved every zone (here: township) and had the
# plan checked by code that the solver does not share. Every zone carries its own certificate:
# `bound` is a lower bound on the cost of *every* plan of the zone; where it meets the cost, the
# plan is proven best.

# %%
import pandas as pd

zones = pd.DataFrame(
    {
        "township_code": [str(zone.label) for zone in scenario.result.zones],
        "villages": [zone.n for zone in scenario.result.zones],
        "feasible_alliances": [zone.candidates for zone in scenario.result.zones],
        "status": [zone.status for zone in scenario.result.zones],
        "cost": [zone.objective for zone in scenario.result.zones],
        "bound": [zone.bound for zone in scenario.result.zones],
        "gap": [zone.gap for zone in scenario.result.zones],
    }
)
zones.round(4)

# %%
for village in scenario.unassigned:
    print(village.name, "-", village.reason.text("en"))

# %% [markdown]
# ## Why this member with this lead?
#
# A pair cost is a weighted mean of components that can be shown one by one (0 is best).

# %%
first = scenario.alliances[0]
names = villages.frame["name"].tolist()
print(first.name, "- lead score", round(float(scenario.leads.score[first.lead]), 3))
pd.DataFrame(
    [scenario.pairs.components(first.lead, member) for member in first.members],
    index=[names[member] for member in first.members],
).round(3)

# %% [markdown]
# ## What was written
#
# Workbook, GeoPackage, shapefile, GeoJSON, CSV and `plan.json`: all of them or none.

# %%
for file in files:
    print(file.name)

# %% [markdown]
# ## Arrays only
#
# The solver knows nothing of maps: costs and contiguities are enough. A 4 by 5 grid, alliances of
# 4 or 5, the price of a pair is the distance.

# %%
import numpy as np

from liancun_geo import AllianceProblem, check, solve

rows, columns = np.divmod(np.arange(20), 5)
distance = np.hypot(rows[:, None] - rows[None, :], columns[:, None] - columns[None, :])
edges = np.argwhere(np.triu(distance == 1.0))

problem = AllianceProblem.from_arrays(
    pair_cost=distance,
    edges=edges,
    min_size=4,
    max_size=5,
    lead_cost=np.full(20, 0.5),
)
small = solve(problem, time_limit=30.0)
assert check(problem, small.lead_of) == ()
print(small.status, "cost", round(small.objective, 4), "gap", small.gap)
small.lead_of.reshape(4, 5)

# %% [markdown]
# An impossible task is a result, not an exception: with alliances of exactly 6, 20 villages cannot
# all be placed, and the reason says which single rule to relax, or which villages to leave out.

# %%
impossible = AllianceProblem.from_arrays(distance, edges, min_size=6, max_size=6)
outcome = solve(impossible, time_limit=30.0)
print(outcome.status, "-", outcome.zones[0].reason)
