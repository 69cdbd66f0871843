"""The command: codes, files and words; the same bytes again; nothing written over."""

import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from hydrometer.cli.main import main
from hydrometer.terms.catalogue import read_catalogue

sys.path.insert(0, str(Path(__file__).parents[1] / "terms"))
from terms_toys import consent, row, table, text, writer

BANNED = re.compile(
    r"\b(legal|illegal|compliant|violates|stole|guilty|infringes|safe to use)\b", re.IGNORECASE
)
USE = {
    "purpose": "train-model",
    "used_at": date(2026, 9, 1),
    "declared_by": "A. Person",
    "competing": "no",
    "territory": ["DE"],
    "domicile": "DE",
    "distribution": "weights",
    "student_name": "Pupil",
}


@pytest.fixture
def run(capsys):
    def act(*args):
        with pytest.raises(SystemExit) as caught:
            main(["terms", *map(str, args)])
        said = capsys.readouterr()
        return caught.value.code, said.out, said.err

    return act


@pytest.fixture
def place(tmp_path):
    """A folder with toy instruments, a use and rows."""
    own = tmp_path / "own"
    own.mkdir()
    for key, fields in (
        ("acme-api", {}),
        ("barred-api", {"provider": "barred", "reading": "bars-any"}),
        ("duty-api", {"provider": "duty", "duties": [{"kind": "notice", "text": "say so"}]}),
    ):
        (own / f"{key}@2024-01-01.toml").write_text(text(key, "2024-01-01", **fields))
    (tmp_path / "use.toml").write_text(table("", USE))
    write(tmp_path / "rows.jsonl", row(writer()), row(writer(provider="duty"), id="r2"))
    return tmp_path


def write(path, *rows):
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


def check(place, *more, rows="rows.jsonl", use="use.toml"):
    return ("check", "--rows", place / rows, "--use", place / use,
            "--catalogue", place / "own", *more)  # fmt: skip


# --- list, show, diff, add


def test_list(run):
    code, out, err = run("list")
    assert code == 0
    assert len(out.splitlines()) == len(read_catalogue())
    assert f"{len(read_catalogue())} versions of" in err
    code, out, _ = run("list", "--json", "--surface", "weights", "--reading", "permits")
    rows = json.loads(out)
    assert rows
    assert all("weights" in r["surface"] and r["reading"] == "permits" for r in rows)
    code, out, _ = run("list", "--json", "--provider", "meta", "--at", "2024-08-01")
    assert {r["name"] for r in json.loads(out)} >= {"llama-3.1-community@2024-07-23"}
    assert run("list", "--surface", "moon")[0] == 2
    assert run("list", "--at", "soon")[0] == 2


def test_list_with_a_folder_of_ones_own(run, place):
    code, out, _ = run("list", "--provider", "acme", "--catalogue", place / "own")
    assert code == 0
    assert out.startswith("acme-api@2024-01-01")
    code, _, err = run("list", "--catalogue", place / "none")
    assert code == 2
    assert "no folder" in err


def test_show(run):
    code, out, _ = run("show", "llama-3.1-community")
    assert code == 0
    assert "name-prefix 'Llama'" in out
    code, out, _ = run("show", "llama-3.1-community@2024-07-23", "--json")
    assert json.loads(out)["key"] == "llama-3.1-community"
    code, _, err = run("show", "llama-9", "--at", "2024-01-01")
    assert code == 2
    assert "no instrument 'llama-9' on 2024-01-01" in err
    assert "wanted: " in err
    assert "llama-3-community" in err


def test_the_words_about_every_instrument(run):
    """Quotes, titles and addresses are the texts' own words; the rest is ours."""
    for i in read_catalogue():
        code, out, _ = run("show", i.name)
        assert code == 0
        assert str(i.version) in out
        for own in (i.title, i.source.url, i.source.path, *(c.quote for c in i.clauses)):
            out = out.replace(own, "") if own else out
        assert not BANNED.search(out), f"{i.name}: {BANNED.search(out)}"
    code, out, _ = run("list", "--json")
    assert code == 0
    for i in json.loads(out):
        notes = [i["note"], *(c["note"] for c in i["clauses"]), *(d["text"] for d in i["duties"])]
        assert not BANNED.search(" ".join(notes)), i["name"]
    assert not BANNED.search(run("list")[1])


def test_the_words_about_every_instrument_in_a_check(run, tmp_path):
    """One row through every service and of every model that is known by its full name."""
    from hydrometer.terms.names import read_names

    rows = []
    for i in read_catalogue():
        for surface in i.surface:
            where = {"surface": surface if surface in ("api", "consumer") else "api"}
            if surface in ("host", "aggregator"):
                where[surface] = i.provider
            else:
                where["provider"] = i.provider
            rows.append(row(writer("m", **where), id=f"{i.name} {surface}"))
    rows += [
        row(writer(m, surface="weights", provider=None), id=f"model {m}")
        for m in read_names()._models.exact
    ]
    rows += [row(dataset=d, id=f"set {d}") for d in read_names()._datasets.exact]
    write(tmp_path / "rows.jsonl", *rows)
    for competing in ("yes", "no", "undeclared"):
        (tmp_path / "use.toml").write_text(table("", {**USE, "competing": competing}))
        code, out, err = run(
            *("check", "--rows", tmp_path / "rows.jsonl", "--use", tmp_path / "use.toml"),
            *("--out", tmp_path / "out.jsonl", "--json"),
        )
        assert code == 1
        told = json.loads(out)
        assert told["counts"]["quarantined"] == 0
        assert len(told["counts"]["by_reason"]) > 60
        for r in told["reasons"]:
            ours = {k: v for k, v in r.items() if k not in ("phrase", "title", "instrument")}
            assert not BANNED.search(json.dumps(ours)), ours
        assert not BANNED.search(json.dumps(told["duties"]) + told["note"] + err)
        assert len((tmp_path / "out.jsonl").read_text().splitlines()) == len(rows)


def test_diff(run, place):
    held = read_catalogue()
    key = next(i.key for i in held if len(held.versions(i.key)) > 1)
    old, new = held.versions(key)[:2]
    code, out, _ = run("diff", old.name, new.name, "--json")
    assert code == 0
    assert {"where": "version", "old": str(old.version), "new": str(new.version)} in json.loads(
        out
    )
    code, out, err = run("diff", old.name, old.name)
    assert (code, out, err) == (0, "", "0 differences\n")
    assert run("diff", old.name, "nothing@2024-01-01")[0] == 2
    other = place / "other"
    other.mkdir()
    code, out, _ = run("diff", place / "own", other)
    assert code == 0
    assert "acme-api@2024-01-01.toml: permits -> -" in out


def test_add(run, place, tmp_path):
    new = tmp_path / "acme-new@2025-01-01.toml"
    new.write_text(text("acme-new", "2025-01-01"))
    code, out, _ = run("add", new, "--catalogue", place / "mine", "--json")
    assert code == 0
    assert json.loads(out)["name"] == "acme-new@2025-01-01"
    assert (place / "mine" / new.name).read_bytes() == new.read_bytes()
    code, _, err = run("add", new, "--catalogue", place / "mine")
    assert code == 2
    assert "held already" in err
    new.write_text("x = 1")
    assert run("add", new, "--catalogue", place / "mine2")[0] == 2
    assert not (place / "mine2").exists()


# --- check


def test_rows_that_may_be_used(run, place):
    code, out, err = run(*check(place))
    assert code == 0
    assert "rows.jsonl: WITH-DUTIES for train-model on 2026-09-01" in out
    assert "1 permitted, 1 with-duties" in out
    assert "duty (owed): notice: say so" in out
    assert "not from Hydrometer's own catalogue: acme-api@2024-01-01" in out
    assert err == ""


def test_rows_that_are_refused(run, place):
    write(place / "rows.jsonl", row(writer()), row(writer(provider="barred"), id="r2"))
    code, out, _ = run(*check(place))
    assert code == 1
    assert "PROHIBITED" in out
    assert '"words of the text"' in out
    assert "would settle it: a written consent" in out
    code, out, _ = run(*check(place, "--json"))
    told = json.loads(out)
    assert code == 1
    assert told["verdict"] == "prohibited"
    assert told["catalogue"]["added"] == [
        f"{k}@2024-01-01" for k in ("acme-api", "barred-api", "duty-api")
    ]
    assert [r["verdict"] for r in told["rows"]] == ["permitted", "prohibited"]


@pytest.mark.parametrize("verdict", ["conditional", "silent", "unknown"])
def test_everything_between_is_refused_too(run, place, verdict):
    readings = {"conditional": "if-competing", "silent": "silent", "unknown": "routes"}
    path = place / "own" / "acme-api@2024-01-01.toml"
    path.write_text(text("acme-api", "2024-01-01", reading=readings[verdict]))
    (place / "use.toml").write_text(table("", {**USE, "competing": None}))
    code, out, _ = run(*check(place))
    assert code == 1
    assert verdict.upper() in out


def test_no_flag_softens_it(run, place):
    for flag in ("--force", "--allow-unknown", "--yes", "--ignore-stale"):
        assert run(*check(place, flag))[0] == 2
    stale = {**USE, "used_at": date(2026, 12, 1)}
    (place / "use.toml").write_text(table("", stale))
    assert run(*check(place))[0] == 1
    (place / "use.toml").write_text(table("", {**stale, "hosted_days": 400}))
    code, _, err = run(*check(place))
    assert code == 2
    assert "stricter" in err


def test_a_consent_and_what_it_lacks(run, place):
    write(place / "rows.jsonl", row(writer(provider="barred")))
    paper = consent(licensor="barred", instruments=["barred-api"])
    (place / "use.toml").write_text(table("", {**USE, "consents": ["c.toml"]}))
    (place / "c.toml").write_text(table("", paper))
    code, out, _ = run(*check(place))
    assert code == 0
    assert "consent of barred: in force" in out
    (place / "c.toml").write_text(table("", {**paper, "student_name": "Another"}))
    code, out, _ = run(*check(place))
    assert code == 1
    assert "consent of barred: opens nothing: it is for the student 'Another'" in out
    (place / "c.toml").unlink()
    assert run(*check(place))[0] == 2


def test_the_files(run, place):
    with (place / "rows.jsonl").open("a") as f:
        f.write("broken\n")
    files = [place / n for n in ("out.jsonl", "bad.jsonl", "log.sarif")]
    out, bad, sarif = files
    code, said, err = run(*check(place, "--out", out, "--quarantine", bad, "--sarif", sarif))
    assert code == 1
    assert "1 set aside" in said
    assert "line 3 set aside: not JSON" in err
    assert [json.loads(x)["id"] for x in out.read_text().splitlines()] == ["r1", "r2"]
    assert json.loads(bad.read_text())["row"] == "broken\n"
    assert json.loads(sarif.read_text())["version"] == "2.1.0"
    assert sorted(p.name for p in place.iterdir() if p.name.endswith(".part")) == []


@pytest.mark.parametrize("option", ["--out", "--quarantine", "--sarif"])
def test_what_cannot_be_written_is_told_before_the_work(run, place, option):
    (place / "file").write_text("")
    for target in (place / "none" / "x", place / "file" / "x"):
        code, out, err = run(*check(place, option, target))
        assert code == 2
        assert "cannot write" in err
        assert out == ""
    assert run(*check(place, option, place / "own"))[0] == 2


@pytest.mark.parametrize("option", ["--out", "--quarantine", "--sarif"])
def test_nothing_is_written_over_what_is_read(run, place, option):
    before = (place / "rows.jsonl").read_bytes()
    (place / "link").symlink_to(place / "rows.jsonl")
    for target in ("rows.jsonl", "use.toml", "link", "own/../rows.jsonl"):
        code, _, err = run(*check(place, option, place / target))
        assert code == 2
        assert "given twice" in err
    assert (place / "rows.jsonl").read_bytes() == before
    code, _, err = run(*check(place, "--out", place / "x", "--sarif", place / "x"))
    assert code == 2
    assert not (place / "x").exists()


def test_a_result_that_fails_leaves_the_old_one(run, place):
    (place / "out.jsonl").write_text("old")
    (place / "rows.jsonl").write_text("")
    code, _, err = run(*check(place, "--out", place / "out.jsonl"))
    assert code == 2
    assert "holds no row" in err
    assert (place / "out.jsonl").read_text() == "old"
    assert not (place / "out.jsonl.part").exists()


def test_what_cannot_be_read(run, place):
    for more in (
        check(place, rows="none.jsonl"),
        check(place, use="none.toml"),
        check(place, rows="own"),
        check(place, "--card", place / "none.md"),
        check(place, "--catalogue", place / "none"),
        ("check", "--rows", place / "rows.jsonl"),
    ):
        assert run(*more)[0] == 2
    (place / "use.toml").write_text("purpose = ")
    assert run(*check(place))[0] == 2
    packed = gzip.compress((place / "rows.jsonl").read_bytes())
    (place / "use.toml").write_text(table("", USE))
    (place / "rows.jsonl").write_bytes(packed[:-9])
    code, _, err = run(*check(place))
    assert code == 2
    assert "defect" not in err


def test_packed_rows_and_marks(run, place):
    plain = (place / "rows.jsonl").read_bytes()
    wanted = run(*check(place, "--json"))
    for data in (gzip.compress(plain), b"\xef\xbb\xbf" + plain, plain.replace(b"\n", b"\r\n")):
        (place / "rows.jsonl").write_bytes(data)
        assert run(*check(place, "--json")) == wanted


def test_lines_that_are_no_rows(run, place):
    with (place / "rows.jsonl").open("ab") as f:
        f.write(
            b'{"id": "r3\xff"}\n{"id": "r1", "writers": []}\n{"id": "\\ud800", "writers": []}\n'
        )
        f.write(b'{"id": "r4", "writers": [{"model": "\\ud800", "role": "answer"}]}\n')
    bad = place / "bad.jsonl"
    code, out, _ = run(*check(place, "--quarantine", bad, "--out", place / "o", "--json"))
    assert code == 1
    told = json.loads(out)
    assert told["counts"]["quarantined"] == 4
    assert [json.loads(x)["line"] for x in bad.read_text().splitlines()] == [3, 4, 5, 6]
    assert "\\xff" in json.loads(bad.read_text().splitlines()[0])["row"]


def test_a_card_is_a_claim(run, place):
    (place / "card.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n")
    code, out, _ = run(*check(place, "--card", f"toy-1={place / 'card.md'}"))
    assert code == 1
    assert "a card claims this licence" in out
    assert run(*check(place, "--card", place / "card.md"))[0] == 2


def test_variables_stand_for_options(run, place, monkeypatch):
    monkeypatch.setenv("HYDROMETER_TERMS_CHECK_USE", str(place / "use.toml"))
    assert run("check", "--rows", place / "rows.jsonl")[0] == 1


def test_the_same_bytes_again(place):
    many = [
        row(writer("m", provider=p, role=r), writer(distilled_from=[writer(provider=p)]),
            id=f"{p} {r}", dataset=d)
        for p in ("acme", "barred", "duty", "openai", "mistral", "nobody")
        for r in ("answer", "judge")
        for d in (None, "a/b")
    ]  # fmt: skip
    write(place / "rows.jsonl", *many)
    (place / "card.md").write_text(
        "---\nlicense: MIT AND cc-by-nc-4.0 AND gemma\nbase_model: [a/b, c/d]\n---\n"
    )
    seen = set()
    for seed in ("0", "1", "77"):
        targets = [place / f"{seed}.{kind}" for kind in ("out", "sarif")]
        made = subprocess.run(
            [sys.executable, "-c", "from hydrometer.cli.main import main; main()", "terms",
             *map(str, check(place, "--json", "--out", targets[0], "--sarif", targets[1],
                             "--card", f"m={place / 'card.md'}"))],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=False,
        )  # fmt: skip
        assert made.returncode == 1, made.stderr
        digests = [hashlib.sha256(t.read_bytes()).hexdigest() for t in targets]
        seen.add((made.stdout, made.stderr, *digests))
    assert len(seen) == 1


def test_ten_thousand_rows_are_listed_and_one_more_is_not(run, place):
    rows = [row(writer(), id=f"r{n}") for n in range(10_001)]
    write(place / "rows.jsonl", *rows[:-1])
    assert len(json.loads(run(*check(place, "--json"))[1])["rows"]) == 10_000
    write(place / "rows.jsonl", *rows)
    told = json.loads(run(*check(place, "--json"))[1])
    assert "rows" not in told
    assert told["counts"]["by_verdict"]["permitted"] == 10_001
