"""The rules of the house that no other tool checks."""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "hydrometer"

LONG = 400
"""Lines above which a file needs a reason here; 600 is the end."""

REASONS = {
    "src/hydrometer/trace/evaluate.py": "one benchmark: its pairs, its judging and its figures",
    "src/hydrometer/finding.py": "one record: its fields, its rules and its wire form",
    "tests/cli/test_terms.py": "one command: what it says, writes and refuses",
    "tests/terms/test_gate.py": "the rules of the gate, and the ways around it that were tried",
    "src/hydrometer/stats/roc.py": "the figures of one table, each with its exact interval",
}

TESTED_BY = {
    "cli/report.py": "report/test_report.py",
    "models/llama_cpp.py": "models/test_spec.py",
    "models/model.py": "models/test_record.py",
    "report/": "report/test_report.py",
    "store/duckdb.py": "checks/test_store_contract.py",
    "store/folding.py": "checks/test_store_contract.py",
    "store/ray.py": "checks/test_store_contract.py",
    "store/store.py": "checks/test_store_contract.py",
    "store/readers/": "checks/test_reader_contract.py",
    "trace/served/": "trace/served/test_measure.py",
}
"""Files of `src` without a test file of their own name, and the one that tests them; a name that
ends in a slash stands for the rest of that folder."""

BANNED = re.compile(r"\b(legal|illegal|compliant|violates|stole)\b", re.IGNORECASE)
HOSTS = re.compile(r"pypi\.org|pythonhosted\.org|anaconda\.(org|com)|test\.pypi|index-url", re.I)
PLACES = re.compile(r"(?<![\w.~/-])/(work|root|home|opt|Users)/\w")
TEXT = {".py", ".md", ".txt", ".in", ".toml", ".sh", ".j2", ".css", ".html", ".yml", ".cfg", ""}


def tracked():
    """The files of the repository; in an unpacked archive, all that are there."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        done = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).exists()]
    skipped = {".venv", "build", "dist", "out", "__pycache__"}
    return [
        p
        for p in ROOT.rglob("*")
        if p.is_file() and not any(x in skipped or x.startswith(".") for x in p.parts[1:])
    ]


def sources():
    return sorted(p for p in SRC.rglob("*.py"))


def texts():
    return [
        p for p in tracked() if p.suffix in TEXT and p.name != "LICENSE" and p != Path(__file__)
    ]


def name(path):
    return path.relative_to(ROOT).as_posix()


def test_no_file_is_long_without_a_reason():
    for path in tracked():
        if path.suffix == ".py" or path.suffix == ".j2":
            lines = len(path.read_text(encoding="utf-8").splitlines())
            assert lines <= 600, f"{name(path)} has {lines} lines: split it"
            if lines > LONG:
                assert REASONS.get(name(path)), f"{name(path)} has {lines} lines and no reason"
    for known in REASONS:
        assert len((ROOT / known).read_text("utf-8").splitlines()) > LONG, f"{known} is short now"


def test_every_source_file_has_its_test_file():
    missing = []
    for path in tracked():
        if SRC not in path.parents or path.suffix != ".py" or path.name == "__init__.py":
            continue
        own = path.relative_to(SRC)
        test = ROOT / "tests" / own.parent / f"test_{own.name}"
        if own.as_posix() in TESTED_BY:
            assert not test.exists(), f"{name(test)} exists: take it out of TESTED_BY"
        elif not test.exists() and f"{own.parent.as_posix()}/" not in TESTED_BY:
            missing.append(own.as_posix())
    assert not missing, f"no test file, and not in TESTED_BY: {missing}"
    for known, by in TESTED_BY.items():
        assert (SRC / known).exists(), f"{known} is gone: take it out of TESTED_BY"
        assert (ROOT / "tests" / by).exists(), f"tests/{by} tests {known}, and is gone"


def test_words_that_are_not_ours_to_say():
    found = []
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {  # of commands they are shown, and come back in docs/reference/cli.md
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if id(node) in docs:
                continue
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found += [f"{name(path)}:{node.lineno}: {m}" for m in BANNED.findall(node.value)]
    for path in texts():
        if path.suffix in (".md", ".j2"):
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                found += [f"{name(path)}:{number}: {m}" for m in BANNED.findall(line)]
    assert not found, found


def test_nothing_prints_and_nobody_imports_litellm():
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [a.name for a in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != "print", f"{name(path)}:{node.lineno} prints"
            assert not any(n.split(".")[0] == "litellm" for n in names), name(path)


def test_no_registry_and_no_place_of_one_machine_is_named():
    found = []
    for path in texts():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            allowed = name(path) == "Makefile" and "--no-emit-index-url" in line
            if (HOSTS.search(line) and not allowed) or PLACES.search(line):
                found.append(f"{name(path)}:{number}: {line.strip()[:80]}")
    assert not found, found


def test_paths_are_plain():
    for path in tracked():
        dated = path.parent == SRC / "terms" / "data"  # <key>@<date>.toml
        plain = r"[A-Za-z0-9_./@-]+" if dated else r"[A-Za-z0-9_./-]+"
        assert re.fullmatch(plain, name(path)), path


def test_the_lock_files_have_hashes():
    for part in ("build", "core", "dev", "all"):
        text = (ROOT / "requirements" / f"{part}.txt").read_text(encoding="utf-8")
        pins = re.findall(r"^[A-Za-z0-9_.-]+==", text, re.MULTILINE)
        entries = re.split(r"^(?=[A-Za-z0-9_.-]+==)", text, flags=re.MULTILINE)[1:]
        assert len(pins) == len(entries) > 1
        assert all("--hash=sha256:" in e for e in entries), part
        assert not re.search(r"^torch==", text, re.MULTILINE), "torch is asked for apart"
    core = (ROOT / "requirements" / "core.txt").read_text(encoding="utf-8")
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for wanted in project["dependencies"]:
        assert re.search(rf"^{re.split('[><=]', wanted)[0]}==", core, re.MULTILINE), wanted


def marked_tables(text):
    """Pairs of (results file, rows): the table after a line `<!-- figures: FILE -->`."""
    for match in re.finditer(r"(?m)^<!-- figures: (\S+) -->\n\n?((?:\|.*\n?)+)", text):
        yield match[1], match[2].splitlines()


def test_figures_come_from_the_results():
    for path in texts():
        if path.suffix != ".md" or name(path).startswith("bench/results/"):
            continue
        text = path.read_text(encoding="utf-8")
        marks = re.findall(r"^<!-- figures:", text, re.MULTILINE)
        assert len(marks) == len(list(marked_tables(text))), f"{name(path)}: a mark, no table"
        for source, rows in marked_tables(text):
            assert source.startswith("bench/results/"), source
            known = set((ROOT / source).read_text(encoding="utf-8").splitlines())
            for row in rows:
                assert row in known, f"{name(path)}: not in {source}: {row}"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    marked = {row for _, rows in marked_tables(readme) for row in rows}
    for line in readme.splitlines():
        measured = line.startswith("|") and re.search(r"\d\.\d|\d ?%", line)
        assert not measured or line in marked, f"README: a figure without its source: {line}"


def test_links_between_documents_lead_somewhere():
    for path in texts():
        if path.suffix == ".md":
            for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
                if not re.match(r"[a-z]+:", target):
                    assert (path.parent / target).exists(), f"{name(path)} links to {target}"


def generator():
    spec = importlib.util.spec_from_file_location("generate_cli", ROOT / "docs/generate_cli.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_the_command_line_is_current():
    made = generator().render()
    there = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
    assert there == made, "run: python docs/generate_cli.py"


def test_every_verb_has_json_and_says_what_it_does():
    for path, command in generator().verbs():
        assert (command.help or "").strip(), path
        assert any("--json" in p.opts for p in command.params), f"{path} has no --json"


def test_the_layers_hold():
    linter = Path(sys.executable).with_name("lint-imports")
    if not linter.exists():
        pytest.skip("import-linter is not installed beside this Python")
    done = subprocess.run([str(linter)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
