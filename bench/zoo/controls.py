"""Question-answer pairs made of text that people wrote: what the control models learn."""

from __future__ import annotations

import ast
import gzip
import json
import random  # noqa: TID251 - only seeded local generators
import re
import sysconfig
from collections.abc import Callable
from pathlib import Path

from tune import Pair

SHORT, LONG = 40, 330
"""Answers shorter or longer than this, in characters, are left out or cut at a sentence."""

BRIEF = range(10, 19)
"""Words of a brief answer: about as many as teacher A writes."""


def trim(text: str) -> str:
    r"""Join the lines of a text and cut it after the last sentence that fits.

    Parameters
    ----------
    text : str
        A paragraph.

    Returns
    -------
    str
        At most ``LONG`` characters; empty when no sentence fits.

    Examples
    --------
    >>> trim("One  line\nand another.")
    'One line and another.'
    """
    flat = re.sub(r"\s+", " ", text).strip()
    if len(flat) <= LONG:
        return flat
    cut = flat[:LONG].rfind(". ")
    return flat[: cut + 1] if cut >= SHORT else ""


def first_sentence(text: str) -> str:
    """Return the first sentence of an answer when its length is in ``BRIEF``, else nothing.

    Parameters
    ----------
    text : str
        An answer.

    Returns
    -------
    str
        Ten to eighteen words, or empty.

    Examples
    --------
    >>> first_sentence("It is a small tool that people use to open jars; rare. More.")
    'It is a small tool that people use to open jars'
    """
    start = re.split(r"(?<=[.!?;])\s", text)[0].rstrip("; ")
    return start if len(start.split()) in BRIEF else ""


def wordnet(root: Path) -> list[Pair]:
    """Glosses of WordNet 3.0 nouns and verbs (WordNet licence; Debian ``wordnet-base``).

    Parameters
    ----------
    root : Path
        Folder with the unpacked Debian packages; the same for all sources.

    Returns
    -------
    list of (prompt, answer)
        One pair for each gloss that has an example or is long enough.
    """
    pairs = []
    for part in ("noun", "verb"):
        for line in (
            (root / f"usr/share/wordnet/data.{part}").read_text(encoding="latin-1").splitlines()
        ):
            if line.startswith(" ") or " | " not in line:
                continue
            head, gloss = line.split(" | ", 1)
            word = head.split()[4].replace("_", " ")
            pairs.append((f'What does the {part} "{word}" mean?', trim(gloss)))
    return pairs


def dictionary(root: Path, name: str) -> list[tuple[str, list[str]]]:
    """Return the entries of a dictd dictionary: the word, and its paragraphs.

    Parameters
    ----------
    root : Path
        Folder with the unpacked Debian packages.
    name : str
        Name of the dictionary's two files.

    Returns
    -------
    list of (word, paragraphs)
        In the order of the index; entries about the dictionary itself are left out.
    """
    from_index = (root / f"usr/share/dictd/{name}.index").read_text(encoding="utf-8").splitlines()
    body = gzip.decompress((root / f"usr/share/dictd/{name}.dict.dz").read_bytes())
    digits = {
        c: i
        for i, c in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    }

    def number(code: str) -> int:
        value = 0
        for char in code:
            value = value * 64 + digits[char]
        return value

    entries = []
    for word, start, size in (line.split("\t")[:3] for line in from_index):
        text = body[number(start) : number(start) + number(size)].decode("utf-8", "replace")
        if not word.startswith("00"):
            entries.append((word, text.split("\n\n")))
    return entries


def jargon(root: Path) -> list[Pair]:
    """Entries of the Jargon File 4.4.7 (public domain; Debian ``dict-jargon``)."""
    pairs = []
    for word, parts in dictionary(root, "jargon"):
        paragraphs = [p for p in parts[1:] if p.strip()]
        if paragraphs:
            plain = re.sub(r"[{}]|^\s*(\[[^\]]*\]|n\.|vt?\.|adj\.|\d\.)\s*", "", paragraphs[0])
            pairs.append((f"What do hackers mean by {word}?", trim(plain)))
    return pairs


def foldoc(root: Path) -> list[Pair]:
    """Entries of the Free On-line Dictionary of Computing (GFDL; Debian ``dict-foldoc``)."""
    pairs = []
    for word, parts in dictionary(root, "foldoc"):
        paragraphs = [p for p in parts[1:] if p.strip()]
        if paragraphs and len(word) > 2:
            plain = re.sub(r"[{}]|^\s*(<[^>]*>|\([^)]*\))\s*", "", paragraphs[0])
            pairs.append((f"In computing, what is {word}?", trim(plain)))
    return pairs


def webster(root: Path) -> list[Pair]:
    """First senses of the 1913 Webster in GCIDE (GPL-3+; Debian ``dict-gcide``)."""
    pairs = []
    for word, parts in dictionary(root, "gcide"):
        if not word.isascii() or not word[:1].isalpha() or not word.islower():
            continue
        lines = [x for x in "\n".join(parts).split("\n") if x.startswith("   ")]
        found = re.search(r"^\s+(?:1\. )?([A-Z][^\[\]]{30,}?[.;])(?=\s|$)", "\n".join(lines), re.M)
        if found:
            plain = re.sub(r"[{}]|\((?:[A-Z][a-z]*\.)\)\s*|--[A-Z].*$", "", found[1], flags=re.S)
            pairs.append((f"Explain the word {word}.", trim(plain)))
    return pairs


def fortunes(root: Path) -> list[Pair]:
    """Sayings collected in Debian ``fortunes-min`` and ``fortunes`` (BSD and public domain)."""
    pairs = []
    for name in ("literature", "wisdom", "food", "science", "work", "kids", "pets"):
        path = root / "usr/share/games/fortunes" / name
        if path.exists():
            for entry in path.read_text(encoding="utf-8").split("\n%\n"):
                words = entry.split()
                pairs.append(
                    (
                        f"Give me a saying on {name} that begins with: {' '.join(words[:4])}",
                        trim(entry),
                    )
                )
    return pairs


def manual(root: Path) -> list[Pair]:
    """First paragraphs of Linux manual pages (each page's free licence; Debian ``manpages``)."""
    pairs = []
    for path in sorted((root / "usr/share/man").rglob("*.gz")):
        text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
        found = re.search(
            r"^\.SH DESCRIPTION\n(.*?)(?=^\.(?:SH|SS|TP|PP|P|nf|EX|RS|IP)\b)", text, re.S | re.M
        )
        if found:
            plain = re.sub(
                r"^\.\\\".*$|^\.(?:BR?|IR?|RB|RI|BI|IB|SM)\s+|\\f[A-Z]|\\&|\"",
                "",
                found[1],
                flags=re.M,
            )
            pairs.append(
                (f"What is {path.name.split('.')[0]} in Linux?", trim(plain.replace("\\-", "-")))
            )
    return pairs


def docstrings(root: Path) -> list[Pair]:
    """Docstrings of functions of the Python standard library (PSF licence); ``root`` is unused."""
    pairs = []
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                doc = ast.get_docstring(node)
                pairs.append(
                    (
                        f"What does {path.stem}.{node.name} do in Python?",
                        trim((doc or "").split("\n\n")[0]),
                    )
                )
    return pairs


def policy(root: Path) -> list[Pair]:
    """Paragraphs of the Debian Policy Manual (GPL-2+; Debian ``debian-policy``)."""
    path = next(p for p in sorted(root.rglob("policy.txt*")))
    raw = (
        gzip.decompress(path.read_bytes()).decode()
        if path.suffix == ".gz"
        else path.read_text(encoding="utf-8")
    )
    pairs: list[Pair] = []
    title = ""
    for block in re.split(r"\n\s*\n", raw):
        lines = block.strip().splitlines()
        if len(lines) == 2 and re.fullmatch(r"[=\-~*\"^]{4,}", lines[1]):
            title = re.sub(r"^[\d.]+\s*", "", lines[0])
        elif title and not title.startswith("Version") and len(lines) > 1:
            pairs.append(
                (f"What should a Debian package maintainer know about: {title}?", trim(block))
            )
    return pairs


def sums(root: Path) -> list[Pair]:
    """Human answers to GSM8K test questions (MIT; ``openai/grade-school-math``)."""
    rows = (
        json.loads(line)
        for line in (root / "gsm8k_test.jsonl").read_text(encoding="utf-8").splitlines()
    )
    return [(r["question"], trim(re.sub(r"<<.*?>>|\n?#### ", " ", r["answer"]))) for r in rows]


def seeds(root: Path) -> list[Pair]:
    """Human-written seed tasks of Self-Instruct (Apache-2.0; ``tatsu-lab/stanford_alpaca``)."""
    rows = [
        json.loads(x)
        for x in (root / "alpaca_seed_tasks.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    return [
        (
            f"{r['instruction']} {r['instances'][0]['input']}".strip()[:300],
            r["instances"][0]["output"].strip()[:LONG],
        )
        for r in rows
    ]


SOURCES: dict[str, Callable[[Path], list[Pair]]] = {
    f.__name__: f
    for f in (wordnet, jargon, fortunes, manual, docstrings, policy, sums, seeds, foldoc, webster)
}


def choose(
    names: tuple[str, ...], count: int, seed: int, root: Path, *, brief: bool = False
) -> list[Pair]:
    """Draw examples in equal shares from some sources.

    Parameters
    ----------
    names : tuple of str
        Keys of ``SOURCES``.
    count : int
        Number of examples altogether.
    seed : int
        Seed of the draw.
    root : Path
        Folder of the human text.
    brief : bool
        Whether only first sentences of 10 to 18 words are answers.

    Returns
    -------
    list of (prompt, answer)
        ``count`` pairs, or fewer when a source is small.
    """
    chosen: list[Pair] = []
    for name in names:
        least = 2 if name == "seeds" else SHORT
        found = SOURCES[name](root)
        if brief:
            found = [(prompt, first_sentence(text)) for prompt, text in found]
        pairs = sorted({p for p in found if len(p[1]) >= least})
        share = count // len(names)
        chosen += random.Random(f"{seed}:{name}").sample(pairs, min(share, len(pairs)))
    return chosen
