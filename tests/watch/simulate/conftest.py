"""A small folder of data in the form of the real one, and streams made of it."""

import gzip
import json
from dataclasses import replace

import numpy as np
import pytest

from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.material import load_material
from hydrometer.watch.simulate.run import make_stream
from hydrometer.watch.simulate.scenario import Benign, Lookalike, Scenario, Stream
from hydrometer.watch.simulate.world import make_world

NOUNS = [f"noun{chr(97 + i)}{chr(97 + j)}" for i in range(20) for j in range(15)]


def write_folder(at):
    rng = np.random.default_rng(7)

    def sentence():
        words = rng.choice(NOUNS, 6)
        return f"How would the {' '.join(words[:3])} ever {' '.join(words[3:])} for me?"

    def text(n):
        return " ".join(sentence() for _ in range(n))

    with gzip.open(at / "hh_rlhf_harmless_test.jsonl.gz", "wt", encoding="utf-8") as file:
        for _ in range(60):
            talk = "".join(f"\n\nHuman: {text(1)}\n\nAssistant: {text(3)}" for _ in range(3))
            file.write(json.dumps({"chosen": talk, "rejected": talk}) + "\n")

    def lines(name, rows):
        (at / name).write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")

    lines("arena_hard_v0.1_questions.jsonl", [{"prompt": text(4)} for _ in range(40)])
    lines(
        "gsm8k_test.jsonl",
        [{"question": f"Janet has {i} eggs. {text(2)}", "answer": f"{i}"} for i in range(80)],
    )
    lines(
        "alpaca_seed_tasks.jsonl",
        [{"instruction": text(1), "instances": [{"input": text(1)}]} for _ in range(30)],
    )
    (at / "alpaca_generation_prompt.txt").write_text("Come up with 20 tasks.\n\nList of 20 tasks:")
    for name in ("conv", "code"):
        rows = "".join(f"2023-11-16 18:15:46.0,{i},{1 + i % 300}\n" for i in range(500))
        (at / f"azure_llm_2023_{name}.csv").write_text(
            "TIMESTAMP,ContextTokens,GeneratedTokens\n" + rows
        )
    for i, peak in enumerate((2.0, 0.01)):
        folder = at / "servegen" / "m"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"chunk-{i}-trace.csv").write_text(
            "".join(
                f"{600 * k},{peak * (k % 3)},{1.5 if k % 3 else 0},Gamma,1,1\n" for k in range(288)
            )
        )
        (folder / f"chunk-{i}-dataset.json").write_text(
            json.dumps({"0": {"input_tokens": "{5: 0.5, 9: 0.5}", "output_tokens": "{7: 1.0}"}})
        )


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    at = tmp_path_factory.mktemp("traffic")
    write_folder(at)
    return at


@pytest.fixture(scope="session")
def material(folder):
    return load_material(folder)


@pytest.fixture
def dice():
    return Dice(np.random.default_rng(11))


@pytest.fixture
def world(material):
    return make_world(Stream(days=4.0, release_day=2.0), material, seed=5)


@pytest.fixture
def stream_of(material):
    """Return a stream of one family or of campaigns alone, and what was made."""

    def make(*campaigns, family=None, plain=0, length=4.0, seed=3, **how):
        stream = Stream(days=length, release_day=2.0, drift=0.3)
        if "scale" in how:
            stream = replace(stream, scale=how.pop("scale"))
        look = (Lookalike(family, **how),) if family else ()
        scenario = Scenario(stream, Benign(accounts=plain, largest=2000), look, campaigns)
        return make_stream(scenario, material, seed=seed)

    return make
