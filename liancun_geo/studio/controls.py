"""The rules and weights as widgets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import streamlit as st

from liancun_geo.settings import LeadWeights, PairWeights, Settings
from liancun_geo.studio import panels
from liancun_geo.studio.words import Words

_MOST_VILLAGES = 15

Changes = Mapping[str, Mapping[str, Any]]


def set_rules(words: Words, base: Settings) -> Changes:
    """Return the rules and weights as they stand on the page.

    Parameters
    ----------
    words
        Language of the labels.
    base
        What they begin with. Another base begins anew.
    """
    rules = base.rules
    of_base = hashlib.sha256(base.model_dump_json().encode()).hexdigest()[:16]
    st.html(panels.heading(words("rules")))
    left, right = st.columns(2)
    most = max(_MOST_VILLAGES, rules.max_size)
    values: dict[str, Any] = {
        "min_size": left.number_input(
            words("min_size"), 1, most, rules.min_size, key=f"min_size {of_base}"
        ),
        "max_size": right.number_input(
            words("max_size"), 1, most, rules.max_size, key=f"max_size {of_base}"
        ),
        "coverage": st.segmented_control(
            words("coverage"),
            ["full", "partial"],
            default=rules.coverage,
            required=True,
            format_func=lambda one: words(f"coverage_{one}"),
            key=f"coverage {of_base}",
            help=words("coverage_help"),
            width="stretch",
        ),
    }
    if values["coverage"] == "partial":
        values["unassigned_cost"] = st.number_input(
            words("unassigned_cost"),
            0.0,
            100.0,
            float(rules.unassigned_cost),
            0.1,
            key=f"unassigned_cost {of_base}",
            help=words("unassigned_cost_help"),
        )
    with st.expander(words("weights")):
        st.caption(words("weights_note"))
        lead = _weights(words, "lead", base.criteria.lead_weights, of_base)
        pair = _weights(words, "pair", base.criteria.pair_weights, of_base)
    return {"rules": values, "lead_weights": lead, "pair_weights": pair}


def _weights(
    words: Words, kind: str, weights: LeadWeights | PairWeights, of_base: str
) -> dict[str, float]:
    st.html(panels.heading(words(f"{kind}_weights")))
    columns = st.columns(2)
    return {
        name: columns[place % 2].number_input(
            words(f"{kind}_{name}"),
            0.0,
            max(10.0, value),
            float(value),
            0.05,
            key=f"{kind} {name} {of_base}",
        )
        for place, (name, value) in enumerate(weights.model_dump().items())
    }
