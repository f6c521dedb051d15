"""The policy file, its presets, its ladder, and that it is only ever tightened."""

from __future__ import annotations

import pytest

from workbench.disclosure import Policy, PolicyError


def test_the_default_policy_has_the_thresholds_of_acro():
    # ACRO/SACRO 1.0.2, default.yaml: safe_threshold 10, safe_dof_threshold 10, nk (2, 0.90), p-ratio 0.10, base 5,
    # zeros disclosive.
    policy = Policy.load()
    assert (policy.name, policy.preset, policy.k, policy.rounding_base) == ("cw-sdc-1", "default", 10, 5)
    assert (policy.dominance_share, policy.p_percent, policy.residual_degrees) == (0.90, 0.10, 10)
    assert policy.zeros_are_disclosive
    # DataSHIELD dsBase 6.3: nfilter.glm 0.33.
    assert policy.parameters_per_person == 0.33
    assert policy.label == "cw-sdc-1 version 1.0, default"


def test_presets_differ_in_their_threshold():
    assert [Policy.load(preset=preset).k for preset in ("minimal", "default", "strict")] == [5, 10, 21]


def test_unknown_policies_and_presets_are_answered_with_the_nearest():
    with pytest.raises(PolicyError, match="Did you mean 'cw-sdc-1'"):
        Policy.load("cw-sdc-2")
    with pytest.raises(PolicyError, match="Did you mean 'strict'"):
        Policy.load(preset="strickt")


def test_the_ladder_goes_from_fine_to_coarse():
    names = [rung.name for rung in Policy.load().ladder]
    assert names == [
        "30 days",
        "90 days",
        "180 days",
        "landmarks",
        "365 days",
        "730 days",
        "public cuts",
        "whole follow-up",
    ]
    n_bins = [len(rung.edges_days(5 * 365.25)) - 1 for rung in Policy.load().ladder]
    assert n_bins == sorted(n_bins, reverse=True)


def test_edges_end_with_the_horizon():
    rungs = {rung.name: rung for rung in Policy.load().ladder}
    assert rungs["365 days"].edges_days(1000.0) == (0.0, 365.0, 730.0, 1000.0)
    assert rungs["365 days"].edges_days(730.0) == (0.0, 365.0, 730.0)
    assert rungs["365 days"].edges_days(5 * 365.25) == (0.0, 365.0, 730.0, 1095.0, 1460.0, 1826.25)
    assert rungs["365 days"].edges_days(100.0) == (0.0, 100.0)
    assert rungs["landmarks"].edges_days(2 * 365.25) == (0.0, 30.0, 180.0, 365.0, 547.875, 730.5)
    assert rungs["whole follow-up"].edges_days(100.0) == (0.0, 100.0)


def test_the_public_cuts_are_years_of_365_25_days_and_the_landmarks_refine_them():
    rungs = {rung.name: set(rung.at_days) for rung in Policy.load().ladder}
    assert rungs["public cuts"] == {1.5 * 365.25, 3.5 * 365.25, 5 * 365.25}
    assert rungs["public cuts"] < rungs["landmarks"]


def test_a_site_may_tighten():
    policy = Policy.load().tightened(k=15, rounding_base=10, dominance_share=0.8, finest_rung="180 days")
    assert (policy.k, policy.rounding_base, policy.dominance_share) == (15, 10, 0.8)
    assert policy.ladder[0].name == "180 days"
    assert "k 15" in policy.label
    assert policy.tightened(k=20).k == 20


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ({"k": 9}, "k is 10 and may only be raised, not set to 9"),
        ({"p_percent": 0.05}, "p_percent is 0.1 and may only be raised"),
        ({"dominance_share": 0.95}, "dominance_share is 0.9 and may only be lowered"),
        ({"parameters_per_person": 0.5}, "may only be lowered"),
        ({"rounding_base": 1}, "may only become a multiple"),
        ({"rounding_base": 7}, "may only become a multiple"),
        ({"k": 10.5}, "'k' is a whole number"),
        ({"k": True}, "'k' is a whole number"),
        ({"p_percent": float("nan")}, "may only be raised"),
        ({"zeros_are_disclosive": 0}, "no threshold 'zeros_are_disclosive'"),
        ({"treshold": 20}, "no threshold 'treshold'"),
    ],
)
def test_a_policy_is_never_loosened(override, message):
    with pytest.raises(PolicyError, match=message):
        Policy.load().tightened(**override)


def test_a_tightened_ladder_does_not_get_its_fine_rungs_back():
    coarse = Policy.load().tightened(finest_rung="landmarks")
    with pytest.raises(PolicyError, match="'30 days' is not a rung"):
        coarse.tightened(finest_rung="30 days")
