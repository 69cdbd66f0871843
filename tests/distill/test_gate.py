from datetime import UTC, datetime

import pytest

from hydrometer.distill.gate import judge_rows, open_terms
from hydrometer.distill.recipe import read_recipe
from hydrometer.errors import InputError, NotPermitted
from hydrometer.terms.permit import rows_digest

WHEN = datetime(2026, 8, 25, 12, tzinfo=UTC)


def rows(provider, n=3, **more):
    writer = {"model": "acme/large", "role": "answer", "surface": "api", "provider": provider,
              "generated_at": "2026-08-20", **more}  # fmt: skip
    return [{"id": f"r{i}", "writers": [writer], "dataset": None} for i in range(n)]


def rule(kitchen, given, at=WHEN, **more):
    recipe = read_recipe(kitchen(**more))
    use, catalogue = open_terms(recipe, at=at)
    return judge_rows(given, use, catalogue, at=at)


def test_permitted_with_the_texts_of_every_row(kitchen):
    found = rule(kitchen, rows("acme"))
    permit = found.require()
    assert found.verdict == permit.verdict == "permitted"
    assert found.counts == {"permitted": 3}
    assert set(found.texts.values()) == {("acme-terms@2025-01-01",)}
    assert permit.rows_sha256 == rows_digest(rows("acme"))
    permit.require(rows("acme"), at=WHEN.date())
    assert found.to_record()["instruments"] == ["acme-terms@2025-01-01"]


def test_duties_are_named(kitchen):
    found = rule(kitchen, rows("dutiful"))
    assert found.require().verdict == "with-duties"
    assert {d["kind"] for d in found.duties} == {"notice", "name-prefix", "pass-through"}


def test_the_worst_row_refuses_all_and_says_why(kitchen):
    mixed = [*rows("acme"), {**rows("barred", 1)[0], "id": "bad"}]
    found = rule(kitchen, mixed)
    assert found.permit is None
    assert found.counts == {"permitted": 3, "prohibited": 1}
    assert found.reasons[0]["verdict"] == "prohibited"
    assert found.reasons[0]["instrument"] == "barred-terms@2025-01-01"
    assert found.reasons[0]["rows"] == 1
    with pytest.raises(NotPermitted, match=r"1 of 4 rows.*barred-terms"):
        found.require()


@pytest.mark.parametrize(
    "more",
    [{"provider": "nobody-knows-them"}, {"generated_at": None}, {"surface": "consumer"}],
)
def test_what_is_not_known_is_refused(kitchen, more):
    found = rule(kitchen, rows("acme", **{k: v for k, v in more.items() if k != "provider"})
                 if "provider" not in more else rows(more["provider"]))  # fmt: skip
    assert found.verdict == "unknown"
    assert found.permit is None
    assert found.to_record()["permitted"] is False


def test_a_name_that_does_not_fulfil_a_duty(kitchen):
    path = kitchen()
    path.write_text(path.read_text().replace('name = "tiny"', 'name = "small"'))
    use = path.parent / "use.toml"
    use.write_text(use.read_text().replace('"tiny"', '"small"'))
    recipe = read_recipe(path)
    declared, catalogue = open_terms(recipe, at=WHEN)
    found = judge_rows(rows("dutiful"), declared, catalogue, at=WHEN)
    with pytest.raises(NotPermitted, match="begins with 'tiny'"):
        found.require()


def test_a_permit_that_has_run_out_is_none(kitchen):
    late = datetime(2026, 10, 1, tzinfo=UTC)
    found = rule(kitchen, rows("acme"), at=late)  # the use file says August
    with pytest.raises(NotPermitted, match="run out"):
        found.require()


def test_the_use_is_of_this_student(kitchen):
    path = kitchen()
    use = path.parent / "use.toml"
    use.write_text(use.read_text().replace('"tiny"', '"huge"'))
    with pytest.raises(InputError, match="another student"):
        open_terms(read_recipe(path), at=WHEN)
    use.write_text(use.read_text().replace('student_name = "huge"\n', ""))
    declared, _ = open_terms(read_recipe(path), at=WHEN)
    assert declared.student_name == "tiny"


def test_the_day_of_the_use_is_today_where_none_is_declared(kitchen):
    path = kitchen()
    use = path.parent / "use.toml"
    use.write_text(use.read_text().replace('used_at = "2026-08-25"\n', ""))
    declared, _ = open_terms(read_recipe(path), at=datetime(2026, 9, 9, tzinfo=UTC))
    assert declared.used_at.isoformat() == "2026-09-09"
