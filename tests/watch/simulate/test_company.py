import numpy as np
import pytest


@pytest.mark.parametrize(
    "family", ["batch_labelling", "template_saas", "rag_indexing", "own_synthetic_data"]
)
def test_one_organisation_with_one_template(stream_of, family):
    sink, _ = stream_of(family=family, accounts=3, events=200)
    assert len(sink.labels) == 3
    orgs = {sink.profiles[p].get("x-org") for p in sink.profile}
    assert len(orgs) == 1
    heads = {m[0][1][:25] for m in sink.messages}
    assert len(heads) < 0.2 * len(sink) or family == "template_saas"
    assert len({m[-1][1] for m in sink.messages}) > 0.8 * len(sink)


def test_lengths_are_of_the_trade(stream_of):
    def ratio(family):
        sink, _ = stream_of(family=family, accounts=1, events=300)
        out = [t for t in sink.tokens_out if t is not None]
        return np.median(out) / np.median(sink.tokens_in)

    assert ratio("batch_labelling") < 0.5
    assert ratio("rag_indexing") < 0.2
    assert ratio("own_synthetic_data") > 2.0
