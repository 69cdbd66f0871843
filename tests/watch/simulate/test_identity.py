from collections import Counter

from hydrometer.watch.simulate.identity import Internet, Software, draw_person, signup_at
from hydrometer.watch.simulate.scenario import Stream


def test_software_is_shared_as_in_the_wild(dice):
    software = Software(dice)
    drawn = [software.draw(dice) for _ in range(4000)]
    agents = Counter(d["user-agent"] for d in drawn)
    assert agents.most_common(1)[0][1] > 200
    for one in drawn:
        if one["user-agent"].startswith("OpenAI/"):
            version = one["user-agent"].split()[-1]
            assert one["x-stainless-package-version"] == version


def test_carriers_are_shared_and_homes_are_not(dice):
    net = Internet(dice)
    assert len({net.carrier(dice) for _ in range(2000)}) <= 70
    assert len({net.home(dice) for _ in range(2000)}) > 1950
    clouds = {net.cloud(dice).rsplit(".", 1)[0] for _ in range(2000)}
    assert 20 < len(clouds) <= 240


def test_customers(dice):
    stream = Stream()
    people = [draw_person(dice, stream) for _ in range(3000)]
    assert 0.15 < sum(p.org is not None for p in people) / 3000 < 0.3
    assert 0.6 < sum(p.payment is not None for p in people) / 3000 < 0.9
    assert max(p.signup for p in people) < "2026-03-02"
    assert Counter(p.mail for p in people).most_common(1)[0][0] == "gmail.com"
    late = draw_person(dice, stream, since=5.0)
    assert "2026-03-06T18" < late.signup < "2026-03-07T01"
    assert signup_at(stream, 0.5) == "2026-03-02T12"
    assert draw_person(dice, stream, org=True).headers()["x-org"].startswith("org-")
