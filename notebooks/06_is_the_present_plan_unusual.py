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
# # Is the present plan unusual?
#
# A county has alliances already, and somebody asks whether they are good. "Better than what?" is
# the question: the best plan is one answer, **all plans that the rules allow** are another. This
# notebook draws feasible plans at random, from a distribution that is known, and looks where the
# present plan stands in each metric. Sample county, fictional; its "present plan" is made here the
# way plans are often drawn, with the map alone: whoever is nearest.

# %%
import os

from liancun_geo import plan_alliances, read_county, read_settings
from liancun_geo.research import (
    county_metrics,
    ensemble_chart,
    place_plan,
    sample_plans,
    standing_text,
)
from liancun_geo.sample import sample_county
from liancun_geo.settings import Settings

sample = sample_county()
settings = read_settings(sample.settings)
county = read_county(sample.boundaries, sample.ledger, settings=settings, folder=sample.folder)
scenario = plan_alliances(county, settings)
told = settings.model_dump()
told["criteria"]["pair_weights"] = {
    name: float(name == "proximity") for name in told["criteria"]["pair_weights"]
}
today = plan_alliances(county, Settings.model_validate(told)).plan
print(len(today.alliances), "alliances today,", len(scenario.plan.alliances), "in the best plan")

# %% [markdown]
# ## Sample
#
# Chains of recombination moves with exact acceptance: no plan is forgotten or favoured but as
# `gamma` and `beta` say (`gamma=1`: compact alliances more often, `beta=0`: cheap plans no more
# often than dear ones). For a study take thousands of draws and look at R-hat and the number of
# effective draws below; here 4 chains of 100 have to do.

# %%
draws = 10 if "LIANCUN_QUICK" in os.environ else 100  # tests only see that it runs
found = sample_plans(scenario.problem, draws=draws, chains=4, seed=1)
metrics = county_metrics(scenario)
print(len(found), "plans, moves accepted:", [round(float(share), 2) for share in found.accepted])

# %%
chosen = {
    name: metrics[name]
    for name in (
        "cost",
        "alliances",
        "size_sd",
        "distance_mean_km",
        "strength_contrast",
        "lead_score_mean",
    )
}
figure = ensemble_chart(
    found,
    {"today": today, "best plan": scenario.plan},
    chosen,
    title=f"Two plans among {len(found)} feasible ones",
    language="en",
)

# %% [markdown]
# ## In numbers, and in words
#
# `below` is the share of sampled plans with a lower value. An outlier is a plan that at most 1 %
# of the sample are as extreme as. An outlier is not wrong: the best plan is one in everything it
# was made to be good at. It is a plan that did not come about by the rules alone.

# %%
placed = place_plan(found, today, chosen)
placed[["value", "below", "low", "high", "outlier", "r_hat", "effective", "mixed"]].round(3)

# %%
print(*standing_text(placed, len(found), "en"), sep="\n")

# %% [markdown]
# The same on the command line, with the county's own alliances read from a table of codes:
#
# ```
# liancun ensemble villages.shp --ledger ledger.xlsx --settings settings.toml --assignment today.csv
# ```
