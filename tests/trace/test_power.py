"""Power by share: thresholds keep their level, and a known power is found again."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from hydrometer.errors import InputError
from hydrometer.trace.power import (
    Scored,
    Trait,
    measure_power,
    null_threshold,
    read_scores,
    read_traits,
    smallest_share,
)

HEAD = "model,kind,share,paraphrased,method,base,teacher,prompts\n"


def trait(share=0.0, teacher="", **more):
    values = {"paraphrased": False, "method": "sequence", "base": "b", "prompts": "all", **more}
    return Trait(share, teacher=teacher, **values)


def panel(controls, students, *, seed, view="text"):
    """Controls at noise; students as (name, trait, shift); two candidates, "a" and "z"."""
    rng = np.random.default_rng(seed)
    traits, rows = {}, []
    for n in range(controls):
        traits[f"c{n}"] = trait()
        rows += [Scored(f"c{n}", t, view, float(rng.normal())) for t in "az"]
    for name, made, shift in students:
        traits[name] = made
        rows += [
            Scored(name, t, view, float(rng.normal() + shift * (t == made.teacher))) for t in "az"
        ]
    return rows, traits


def test_a_new_null_pair_exceeds_the_threshold_as_often_as_it_says():
    rng = np.random.default_rng(5)
    hits, repeats, pairs = 0, 4000, 150
    for _ in range(repeats):
        draws = rng.standard_t(3, size=pairs + 1)
        level = null_threshold(draws[:-1], fpr=0.02)
        assert level.value is not None
        hits += draws[-1] > level.value
    expected = math.floor(0.02 * (pairs + 1)) / (pairs + 1)
    interval = binomtest(hits, repeats).proportion_ci(0.999, method="exact")
    assert interval.low <= expected <= interval.high
    assert expected <= 0.02


def test_ties_never_raise_the_level():
    level = null_threshold([1.0] * 150 + [0.0] * 150, fpr=0.01)
    assert level.value == 1.0
    assert level.exceeding == 0


def test_too_few_null_pairs_give_no_threshold_and_say_so():
    level = null_threshold(np.arange(98.0), fpr=0.01, models=49)
    assert level.value is None
    assert (level.pairs, level.models) == (98, 49)
    assert level.finest == pytest.approx(1 / 99)
    assert "98 null pairs" in level.reason
    assert null_threshold(np.arange(99.0), fpr=0.01).value == 98.0


@pytest.mark.parametrize("fpr", [0.0, 1.0, -0.1])
def test_a_level_out_of_range_is_refused(fpr):
    with pytest.raises(InputError):
        null_threshold([1.0], fpr=fpr)


def test_no_number_is_no_null_score():
    with pytest.raises(InputError):
        null_threshold([1.0, math.nan], fpr=0.5)


def test_a_known_power_is_found_again():
    shifts = {1: 0.0, 10: 1.0, 50: 3.0, 100: 6.0}
    students = [
        (f"s{share}-{n}", trait(share, "a"), shift)
        for share, shift in shifts.items()
        for n in range(200)
    ]
    rows, traits = panel(1000, students, seed=11)
    found = measure_power(rows, traits, fpr=0.01, seed=1)["bases"]["b"]["text"]
    assert found["null"]["pairs"] == 2000 + 800
    assert found["null"]["human_only"]["n"] == 2000
    assert found["null"]["other_teacher"]["n"] == 800
    cut = norm.isf(0.01)
    for row in found["by_share"]:
        truth = norm.sf(cut - shifts[row["share"]])
        assert row["n"] == 200
        interval = binomtest(row["count"], 200).proportion_ci(0.999, method="exact")
        assert interval.low <= truth + 0.02
        assert truth - 0.02 <= interval.high
        area = norm.cdf(shifts[row["share"]] / math.sqrt(2))
        assert row["auroc"] == pytest.approx(area, abs=0.06)
    assert found["smallest_share"] == 50
    alarms = found["null"]["human_only"]["count"] + found["null"]["other_teacher"]["count"]
    assert alarms <= 0.01 * 2801
    assert alarms == found["null"]["exceeding"]


def test_students_without_a_signal_are_not_detected():
    students = [(f"s{n}", trait(100, "a"), 0.0) for n in range(40)]
    rows, traits = panel(150, students, seed=3)
    found = measure_power(rows, traits, seed=1)["bases"]["b"]["text"]
    assert found["smallest_share"] is None
    assert found["by_share"][0]["rate"] < 0.15
    assert len(found["undetected"]) == 40 - found["by_share"][0]["count"]


def test_paraphrase_is_compared_with_what_differs_in_nothing_else():
    students = [(f"p{n}", trait(100, "a", paraphrased=True), 0.0) for n in range(30)]
    students += [(f"s{n}", trait(100, "a"), 8.0) for n in range(20)]
    students += [(f"h{n}", trait(100, "a", prompts="first"), 8.0) for n in range(5)]
    students += [(f"o{n}", trait(100, "z"), 8.0) for n in range(7)]
    students += [(f"t{n}", trait(10, "a"), 8.0) for n in range(9)]
    rows, traits = panel(120, students, seed=4)
    found = measure_power(rows, traits, seed=1)["bases"]["b"]["text"]
    (row,) = found["paraphrase"]
    assert (row["treatment"], row["share"]) == ("paraphrased", 100)
    assert (row["treated"]["n"], row["plain"]["n"]) == (30, 20)
    assert row["plain"]["rate"] == 1.0
    assert row["treated"]["rate"] < 0.2
    assert row["median_score"] < row["median_score_plain"]
    (half,) = found["prompts"]
    assert (half["treatment"], half["treated"]["n"], half["plain"]["n"]) == ("first", 5, 20)
    # A treated model is no part of the power by share.
    assert {r["share"]: r["n"] for r in found["by_share"]} == {10: 9, 100: 27}
    assert {r["share"]: r["n"] for r in found["by_teacher"]["a"]} == {10: 9, 100: 20}


def test_the_model_that_paraphrased_is_neither_null_nor_teacher():
    made = trait(100, "a", paraphrased=True, rewriter="z")
    rows, traits = panel(120, [("p", made, 0.0), ("s", trait(100, "a"), 8.0)], seed=6)
    rows = [s if (s.model, s.teacher) != ("p", "z") else replace(s, score=50.0) for s in rows]
    found = measure_power(rows, traits, seed=1)["bases"]["b"]["text"]
    assert found["null"]["pairs"] == 240 + 1
    assert found["null"]["threshold"] < 50.0
    assert (found["rewriter"]["n"], found["rewriter"]["count"]) == (1, 1)
    assert found["paraphrase"][0]["plain"]["n"] == 1


def test_methods_are_compared_on_the_same_prompts():
    students = [(f"l{n}", trait(100, "a", method="logit", prompts="first"), 8.0) for n in range(4)]
    students += [(f"h{n}", trait(100, "a", prompts="first"), 8.0) for n in range(3)]
    students += [(f"s{n}", trait(100, "a"), 8.0) for n in range(6)]
    rows, traits = panel(120, students, seed=4)
    found = measure_power(rows, traits, seed=1)["bases"]["b"]["text"]
    (row,) = found["method"]
    assert (row["treatment"], row["treated"]["n"], row["plain"]["n"]) == ("logit", 4, 3)


def test_bases_are_never_pooled():
    rows, traits = panel(60, [("s", trait(100, "a"), 9.0)], seed=2)
    more, others = panel(20, [("t", trait(100, "a", base="c"), 9.0)], seed=3)
    others = {f"x{k}": trait(v.share, v.teacher, base="c") for k, v in others.items()}
    more = [Scored("x" + s.model, s.teacher, s.view, s.score) for s in more]
    found = measure_power([*rows, *more], {**traits, **others}, seed=1)["bases"]
    assert found["b"]["text"]["null"]["pairs"] == 121
    assert found["c"]["text"]["null"]["pairs"] == 41
    assert found["b"]["text"]["by_share"][0]["rate"] == 1.0
    assert found["c"]["text"]["by_share"][0]["rate"] is None
    assert found["c"]["text"]["smallest_share"] is None
    assert found["c"]["text"]["undetected"] == []


def test_exact_p_values_need_no_null_models():
    traits = {"s": trait(50, "a"), "w": trait(1, "a"), "c": trait()}
    rows = [
        Scored("s", "a", "served", 30.0, 1e-30),
        Scored("w", "a", "served", 1.2, 0.06),
        Scored("c", "a", "served", 0.3, 0.5),
    ]
    found = measure_power(rows, traits, fpr=0.01, seed=1)["bases"]["b"]["served"]
    assert found["rule"] == "exact p-value"
    assert {r["share"]: r["count"] for r in found["by_share"]} == {1: 0, 50: 1}
    assert found["undetected"] == ["w (1 %)"]
    assert found["null"]["human_only"]["count"] == 0


def test_the_smallest_share_has_no_gap_above_it():
    def row(share, rate, low):
        return {"share": share, "rate": rate, "interval": [low, 1.0]}

    assert smallest_share([row(1, 1.0, 0.4), row(10, 0.0, 0.0), row(50, 1.0, 0.4)], 0.01) == 50
    assert smallest_share([row(10, 0.5, 0.013), row(100, 1.0, 0.2)], 0.01) == 10
    # One hit of two models: its lower bound is 0.0126; of one model 0.025.
    assert smallest_share([row(10, 0.5, 0.009), row(100, 1.0, 0.2)], 0.01) == 100
    assert smallest_share([], 0.01) is None


def test_traits_are_read(tmp_path):
    path = tmp_path / "lineage.csv"
    path.write_text(
        HEAD + "t,teacher,,,,t,,\ns,student,10,yes,logit,small,t,first\nc,clean,0,no,,small,,\n",
        encoding="utf-8",
    )
    found = read_traits(path)
    assert found == {
        "s": Trait(10.0, True, "logit", "small", "t", "first"),
        "c": Trait(0.0, False, "sequence", "small", ""),
    }


def test_a_lineage_without_the_columns_has_no_traits(tmp_path):
    path = tmp_path / "lineage.csv"
    path.write_text("model,kind\ns,student\n", encoding="utf-8")
    assert read_traits(path) is None
    with pytest.raises(InputError):
        read_traits(tmp_path / "missing.csv")


@pytest.mark.parametrize(
    "line",
    [
        "s,student,0,no,sequence,b,t,all",
        "c,clean,5,no,sequence,b,,all",
        "s,student,101,no,sequence,b,t,all",
        "s,student,many,no,sequence,b,t,all",
        "s,student,nan,no,sequence,b,t,all",
        "s,student,5,perhaps,sequence,b,t,all",
    ],
)
def test_a_wrong_trait_is_refused_with_its_line(tmp_path, line):
    path = tmp_path / "lineage.csv"
    path.write_text(HEAD + line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"lineage.csv:2"):
        read_traits(path)


def test_scores_are_read(tmp_path):
    path = tmp_path / "views.csv"
    path.write_text("model,teacher,view,score,pvalue\ns,t,loss,1.5,\ns,t,log,4,1e-4\n", "utf-8")
    assert read_scores(path) == [
        Scored("s", "t", "loss", 1.5),
        Scored("s", "t", "log", 4.0, 1e-4),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "model,teacher,view,score\n",
        "model,teacher,score\ns,t,1\n",
        "model,teacher,view,score\ns,t,v,nan\n",
        "model,teacher,view,score\n,t,v,1\n",
        "model,teacher,view,score,pvalue\ns,t,v,1,0\n",
        "model,teacher,view,score\ns,t,v\n",
    ],
)
def test_a_table_that_holds_no_scores_is_refused(tmp_path, text):
    path = tmp_path / "views.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError):
        read_scores(path)


def test_nobody_known_is_an_error():
    with pytest.raises(InputError):
        measure_power([Scored("s", "t", "v", 1.0)], {}, seed=1)


def test_the_published_power_follows_from_the_published_scores():
    zoo = Path(__file__).parents[2] / "bench"
    traits = read_traits(zoo / "zoo" / "data" / "lineage.csv")
    scores = read_scores(zoo / "results" / "zoo" / "views.csv")
    told = json.loads((zoo / "results" / "zoo" / "power.json").read_text(encoding="utf-8"))
    assert traits is not None
    assert sum(t.share > 0 for t in traits.values()) >= 24
    small = [t for t in traits.values() if t.base == "small"]
    assert {t.share for t in small} == {0, 1, 5, 10, 50, 100}
    text = told["bases"]["small"]["text alone (the trace score)"]["null"]
    assert text["pairs"] >= 99
    assert text["exceeding"] <= 0.01 * (text["pairs"] + 1)
    found = measure_power(scores, traits, seed=told["seed"])["bases"]
    for base, views in found.items():
        for view, one in views.items():
            published = told["bases"][base][view]
            assert one["smallest_share"] == published["smallest_share"]
            assert one["undetected"] == published["undetected"]
            for row, other in zip(one["by_share"], published["by_share"], strict=True):
                assert (row["share"], row["n"]) == (other["share"], other["n"])
                assert row["count"] == other["count"]
                assert row["median_score"] == pytest.approx(other["median_score"])
