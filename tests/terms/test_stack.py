"""Which layers a writer brings."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from terms_toys import held, made, names, writer

from hydrometer.terms.claims import Claim
from hydrometer.terms.stack import dataset_layers, writer_layers

ALL = held(
    made("acme-api"),
    made("acme-app", surface=["consumer"]),
    made("acme-weights", surface=["weights"]),
    made("base-weights", provider="base", surface=["weights"]),
    made("hoster-terms", provider="hoster", surface=["host"]),
    made("second-terms", provider="second", surface=["host"]),
    made("router-terms", provider="router", surface=["aggregator"]),
    made("set-terms", provider="setmaker", surface=["dataset"]),
)
KNOWN = names(
    [
        {"names": ["open-1"], "weights": "acme-weights"},
        {"names": ["closed-1"]},
        {"names": ["unread-1"], "weights": "acme-weights", "evidence": "secondary"},
        {"names": ["tuned-1"], "weights": "acme-weights", "built_on": ["base-1"]},
        {"names": ["base-1"], "weights": "base-weights", "maker": "base"},
    ],
    [
        {"names": ["org/set"], "licence": "set-terms", "generated_by": [{"model": "closed-1"}]},
        {"names": ["org/unread"], "licence": "set-terms", "evidence": "none"},
        {"names": ["org/none"]},
    ],
)


def layers(model="open-1", claims=(), **fields):
    by_model = {c.model: c for c in claims}
    found = writer_layers(writer(model, **fields), ALL, KNOWN, by_model)
    return [f"{x.name}:{','.join(x.keys) or 'gap'}" for x in found]


def test_the_makers_own_service():
    assert layers("closed-1") == ["api:acme-api"]
    assert layers("closed-1", surface="consumer") == ["consumer:acme-app"]
    assert layers("stranger") == ["api:acme-api"]
    assert layers("closed-1", provider="ACME Inc.") == ["api:acme-api"]


def test_published_weights_bring_their_licence_on_every_surface():
    assert layers() == ["api:acme-api", "weights:acme-weights"]
    assert layers(surface="consumer") == ["consumer:acme-app", "weights:acme-weights"]
    assert layers(surface="weights") == ["weights:acme-weights"]


def test_a_host_brings_its_terms_and_needs_the_weights():
    hosted = ["host:hoster-terms", "weights:acme-weights"]
    assert layers(host="hoster") == hosted
    assert layers(provider="hoster") == hosted
    assert layers(provider=None, host="hoster") == [hosted[0], "api:gap", hosted[1]]
    assert layers("closed-1", host="hoster") == ["host:hoster-terms", "weights:gap"]
    assert layers("stranger", provider="hoster") == ["host:hoster-terms", "weights:gap"]
    assert layers("unread-1", host="hoster") == ["host:hoster-terms", "weights:gap"]
    assert layers(host="nobody") == ["host:gap", "weights:acme-weights"]


def test_a_host_takes_away_neither_another_host_nor_the_consumer_terms():
    both = ["host:second-terms", "host:hoster-terms", "weights:acme-weights"]
    assert layers(provider="hoster", host="second") == both
    assert layers(surface="consumer", host="hoster") == [
        *("host:hoster-terms", "consumer:acme-app", "weights:acme-weights")
    ]
    assert layers("closed-1", surface="consumer", host="hoster") == [
        *("host:hoster-terms", "consumer:acme-app", "weights:gap")
    ]
    assert layers(surface="consumer", provider=None, host="hoster")[1] == "consumer:gap"


def test_weights_run_by_somebody():
    assert layers(surface="weights", host="hoster") == [
        "host:hoster-terms",
        "weights:acme-weights",
    ]
    assert layers(surface="weights", provider="shady", host="shady") == [
        *("host:gap", "weights:acme-weights")
    ]
    assert layers(surface="weights", host="acme") == ["weights:acme-weights"]
    assert layers("closed-1", surface="weights") == ["weights:gap"]
    assert layers("stranger", surface="weights") == ["weights:gap"]


def test_who_serves_what_another_made_serves_its_weights_or_on_terms_not_known():
    assert layers("base-1") == ["api:acme-api", "weights:base-weights"]
    others = names([{"names": ["closed-2"], "maker": "other"}])
    found = writer_layers(writer("closed-2"), ALL, others, {})
    assert [x.gap is None for x in found] == [True, False]


def test_a_router_in_front_comes_in_addition():
    assert layers(aggregator="router") == [
        *("aggregator:router-terms", "api:acme-api", "weights:acme-weights")
    ]
    assert layers(provider=None, aggregator="router")[:2] == ["aggregator:router-terms", "api:gap"]
    assert layers(aggregator="nobody")[0] == "aggregator:gap"


def test_who_served_it_is_needed():
    for surface in ("api", "consumer"):
        assert layers("closed-1", provider=None, surface=surface) == [f"{surface}:gap"]
    assert layers("stranger", provider="nobody") == ["api:gap"]


def test_what_a_model_was_built_on():
    assert layers("tuned-1", surface="weights") == ["weights:acme-weights", "lineage:base-weights"]
    assert layers("tuned-1") == ["api:acme-api", "weights:acme-weights", "lineage:base-weights"]


def chain(n, last):
    steps = [{"names": [f"m{k}"], "weights": "acme-weights", "built_on": [f"m{k + 1}"]}
             for k in range(n)]  # fmt: skip
    return names([*steps, {"names": [f"m{n}"], **last}])


def test_a_long_line_is_walked_to_its_end():
    known = chain(60, {"weights": "base-weights", "maker": "base"})
    found = writer_layers(writer("m0", surface="weights"), ALL, known, {})
    assert found[-1].keys == ("base-weights",)
    assert len(found) == 61


def test_a_circle_ends():
    known = names(
        [
            {"names": ["a"], "weights": "acme-weights", "built_on": ["b"]},
            {"names": ["b"], "weights": "base-weights", "built_on": ["a"]},
        ]
    )
    found = writer_layers(writer("a", surface="weights"), ALL, known, {})
    assert {x.keys for x in found} == {("acme-weights",), ("base-weights",)}


def claim(model, licences=(), bases=()):
    return Claim(model, tuple(licences), tuple(bases), "card.md")


def test_a_claim_adds_and_never_fills_a_gap():
    assert layers("stranger", [claim("stranger", ["mit"])], surface="weights") == [
        *("weights:gap", "weights:mit")
    ]
    assert "lineage:base-weights" in layers("open-1", [claim("open-1", bases=["base-1"])])
    assert layers("open-1", [claim("open-1", bases=["stranger"])]) == layers("open-1")


def test_a_card_full_of_bases_pushes_nothing_out():
    many = claim("tuned-1", bases=[f"nothing-{k}" for k in range(100)])
    assert "lineage:base-weights" in layers("tuned-1", [many], surface="weights")


def test_a_base_that_a_card_names_too_is_still_needed():
    known = names([{"names": ["a"], "weights": "acme-weights", "built_on": ["secret"]}])
    w = writer("a", surface="weights")
    for claims in ({}, {"a": claim("a", bases=["secret"])}, {"a": claim("a", bases=["SECRET "])}):
        found = writer_layers(w, ALL, known, claims)
        assert any(x.gap and x.name == "lineage" for x in found), claims


def test_data_sets():
    def of(name, claims=()):
        found, writers = dataset_layers(name, ALL, KNOWN, {c.model: c for c in claims})
        return [",".join(x.keys) or "gap" for x in found], [w["model"] for w in writers]

    assert of("org/set") == (["set-terms"], ["closed-1"])
    assert of("ORG/Set") == (["set-terms"], ["closed-1"])
    for name in ("org/unread", "org/none", "org/stranger"):
        assert of(name)[0] == ["gap"]
    assert of("org/stranger", [claim("org/stranger", ["mit"])])[0] == ["gap", "mit"]
