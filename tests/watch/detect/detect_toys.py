"""Small traffic with known properties, through the real observer, state and monitor."""

import numpy as np

from hydrometer.watch.detect.engine import LocalEngine
from hydrometer.watch.detect.groups import Limits, chance_of_tie, find_groups, usualness
from hydrometer.watch.detect.monitor import DAY, Monitor
from hydrometer.watch.detect.profile import FEATURES
from hydrometer.watch.detect.settings import load_settings
from hydrometer.watch.detect.state import State
from hydrometer.watch.detect.view import Population, Rows, View
from hydrometer.watch.key import Key
from hydrometer.watch.observation import Observation
from hydrometer.watch.observe import Observer

KEY = Key(bytes(32))
OBSERVER = Observer(KEY)
START = 20_000 * DAY
LIMITS = Limits(accounts=8, distinct=0.5, alike=0.35, common=0.35, usual=0.2)
SYLLABLES = [a + b for a in "bcdfghklmnprstvz" for b in "aeiou"]
FRAME = (
    "You are an expert analyst of {}. Write a hard task about {}, then solve it step by step and "
    "give the complete reasoning behind every single choice, ending with one line of answer"
)


def words(rng, n):
    """Made-up words, Zipf-like, from thousands."""
    numbers = np.minimum(rng.zipf(1.3, size=n), 6000)
    return " ".join(
        SYLLABLES[k % 80] + SYLLABLES[k // 80 % 80] + SYLLABLES[k * 7 % 80] for k in numbers
    )


def benign(rng, accounts=600, days=4, start=START):
    """People: uneven use, bouts, several turns, streams, short answers, links of their own."""
    out = []
    for i in range(accounts):
        n = 1 + int(rng.lognormal(1.2, 1.0))
        at = start + rng.integers(0, days * DAY)
        for k in range(min(n, 60)):
            at += int(rng.exponential(1.0) ** 3 * DAY / 40)
            if at >= start + days * DAY:
                break
            chat = rng.random() < 0.8
            out.append(
                Observation(
                    f"b{i}-{k}",
                    f"b{i}",
                    at,
                    "big",
                    user=words(rng, int(rng.integers(8, 40))),
                    turns=int(rng.integers(1, 6)),
                    tokens_in=int(rng.integers(50, 2000)),
                    tokens_out=int(rng.lognormal(5, 1)),
                    temperature=None if chat else 0.7,
                    stream=chat,
                    tools=bool(rng.random() < 0.2),
                    links={"ip": f"10.{i // 250}.{i % 250}.4", "agent": f"agent-{i % 7}"},
                )
            )
    return out


def campaign(rng, accounts=60, each=12, days=4, start=START, **more):
    """One frame with slots that differ, dealt out in turns, hoarded."""
    out = []
    for k in range(each * accounts):
        i = int(k % accounts)
        at = start + k * days * DAY // (each * accounts) + int(rng.integers(0, 1000))
        row = Observation(
            f"c{k}",
            f"c{i}",
            at,
            "big",
            user=FRAME.format(words(rng, 3), words(rng, 6)),
            turns=1,
            tokens_in=80,
            tokens_out=int(rng.lognormal(8, 0.2)),
            temperature=1.0,
            max_tokens=8192,
            stream=False,
            tools=False,
            links={"ip": f"172.16.{i % 30}.{i}", "agent": "agent-1"},
        )
        out.append(row._replace(**more))
    return out


def monitor(rows, batch=5000, **settings):
    """A monitor that was fed with observations in batches."""
    found = Monitor(load_settings(**settings))
    for i in range(0, len(rows), batch):
        found.add(OBSERVER(rows[i : i + batch]))
    return found


def state_of(rows):
    found = State()
    found.update(OBSERVER(rows))
    return found


def groups_of(pairs, total, **limits):
    made = Limits(**{**LIMITS.__dict__, **limits})
    return find_groups(pairs, made, total, LocalEngine().bands)


def population(rng, accounts=600, days=6, sample=None, models=None, fan=None):
    """A population whose sampled exchanges are uniform numbers, or what is given."""
    wide = rng.random((accounts, len(FEATURES))) if sample is None else sample
    return Population(
        account=np.arange(1, accounts + 1, dtype=np.uint64),
        n=np.full(accounts, 10, dtype=np.int64),
        first=np.full(accounts, START),
        sample=wide.astype(np.float32),
        begin=START,
        end=START + days * DAY,
        models=np.full((1, days), 100, dtype=np.int64) if models is None else models,
        names=("big",),
        fan=rng.integers(1, 5, accounts).astype(float) if fan is None else fan,
    )


def view(rng, members=20, each=6, days=6, people=None, **columns):
    """A group of members of a population; columns not named are not recorded."""
    whole = population(rng) if people is None else people
    who = np.sort(rng.choice(whole.account, members, replace=False))
    of = columns.pop("of", np.tile(np.arange(members), each))
    time = columns.pop("time", START + np.sort(rng.integers(0, days * DAY, of.size)))
    n = of.size
    features = np.full((n, len(FEATURES)), np.nan)
    for name in FEATURES:
        if name in columns:
            features[:, FEATURES.index(name)] = columns.pop(name)
    none = np.zeros(0, dtype=np.uint64)
    link_object = columns.pop("link_object", none)
    at = columns.pop("link_member", np.zeros(0, dtype=np.int64))
    rows = Rows(
        id=np.arange(1, n + 1, dtype=np.uint64),
        account=who[of],
        digest=columns.pop("digest", np.zeros(n, dtype=np.uint64)),
        time=time,
        model=columns.pop("model", np.zeros(n, dtype=np.int32)),
        features=features.astype(np.float32),
        hits=columns.pop("hits", np.zeros(n, dtype=np.int32)),
        objects=columns.pop("objects", np.zeros(n, dtype=np.int32)),
        script=np.full(n, -1, dtype=np.int32),
        words=np.full(n, -1, dtype=np.int32),
    )
    made = View(
        members=who,
        of=of,
        rows=rows,
        whole=columns.pop("whole", whole.n[np.searchsorted(whole.account, who)]),
        objects=columns.pop("shared", np.array([1, 2, 3], dtype=np.uint64)),
        link_object=link_object,
        link_account=who[at],
        link_sharing=columns.pop("link_sharing", np.zeros(link_object.size, dtype=np.int64)),
        link_usual=columns.pop("link_usual", np.zeros(link_object.size)),
        link_chance=columns.pop("link_chance", np.zeros(16)),
        population=whole,
    )
    assert not columns, columns
    return made


def thing(kind, number):
    """An object of a kind."""
    return np.uint64((kind << 60) | number)


def link_columns(object, account, who, total):
    """The link columns of some accounts, from what everybody has: each pair once."""
    things, which, users = np.unique(object, return_inverse=True, return_counts=True)
    kind = (things >> np.uint64(60)).astype(np.int64)
    usual = usualness(kind, users)
    mine = np.flatnonzero(np.isin(account, who))
    return {
        "link_object": object[mine],
        "link_member": np.searchsorted(who, account[mine]),
        "link_sharing": users[which[mine]],
        "link_usual": usual[which[mine]],
        "link_chance": chance_of_tie(kind, users, usual, total),
    }


def turned(made):
    """The same group with its accounts renamed so that their order turns around."""
    m = made.members.size
    whole = made.population
    flip = {a: b for a, b in zip(made.members, made.members[::-1], strict=True)}
    return View(
        members=made.members,
        of=m - 1 - made.of,
        rows=Rows(
            **{
                **{k: getattr(made.rows, k) for k in Rows.__dataclass_fields__},
                "account": made.members[m - 1 - made.of],
            }
        ),
        whole=made.whole[::-1],
        objects=made.objects,
        link_object=made.link_object,
        link_account=np.array([flip[a] for a in made.link_account], dtype=np.uint64),
        link_sharing=made.link_sharing,
        link_usual=made.link_usual,
        link_chance=made.link_chance,
        population=whole,
    )


def check_contract(measure, speaks):
    """A signal's contract: bounds, silence with a reason, works alone, no order of members."""
    rng = np.random.default_rng(7)
    quiet = measure(view(rng, of=np.arange(20)))
    assert np.isnan(quiet.strength) or -1.0 <= quiet.strength <= 1.0
    assert quiet.detail
    few = measure(view(rng, members=3))
    assert np.isnan(few.strength)
    assert few.detail
    heard = measure(speaks)
    assert -1.0 <= heard.strength <= 1.0
    assert heard.name == quiet.name
    assert heard.measures
    other = measure(turned(speaks))
    np.testing.assert_allclose(
        [other.strength, other.log_e], [heard.strength, heard.log_e], rtol=1e-9, atol=1e-9
    )


def by_hand(rng, same=None, accounts=60):
    """People who fill the campaign's frame themselves; with ``same``, from so few fills."""
    fills = [words(rng, 4) for _ in range(same or 0)]
    out = []
    for row in benign(rng, accounts=accounts):
        fill = fills[int(rng.integers(same))] if same else words(rng, 4)
        name = {"request": "h" + row.request, "account": "h" + row.account}
        out.append(row._replace(user=FRAME.format(fill, fill), **name))
    return out


def pseudonyms(prefix, n):
    """Pseudonyms of the accounts of a toy."""
    return {KEY.account(f"{prefix}{i}") for i in range(n)}
