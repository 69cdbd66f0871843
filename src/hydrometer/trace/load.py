"""Files to panels and suspects: read, join by prompt, count what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hydrometer.errors import InputError, Refused
from hydrometer.exchange import Exchange
from hydrometer.finding import Digest
from hydrometer.store.readers import read
from hydrometer.store.write import write
from hydrometer.trace.lineage import Lineage, read_lineage
from hydrometer.trace.panel import Panel

__all__ = ["Answers", "load_answers", "load_panel", "load_suspect", "read_panel", "write_panel"]

EXCHANGES = "exchanges.parquet"
LINEAGE = "lineage.csv"


@dataclass
class Answers:
    """Answers by model and prompt key, and what did not become one.

    Attributes
    ----------
    texts : dict
        ``{model: {prompt key: answer}}``; the first scored answer counts.
    prompts : dict
        ``{prompt key: text}`` in the order met.
    unscored : int
        Exchanges that failed, were throttled or are empty.
    duplicates : int
        Further answers to a prompt that the model had answered already.
    digests : list of Digest
        The files read.
    """

    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    prompts: dict[str, str] = field(default_factory=dict)
    unscored: int = 0
    duplicates: int = 0
    digests: list[Digest] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)

    def add(self, exchanges: Iterable[Exchange]) -> None:
        """Take in exchanges."""
        for e in exchanges:
            if not e.scored or e.response is None:
                self.unscored += 1
                continue
            held = self.texts.setdefault(e.model, {})
            if e.key in held:
                self.duplicates += 1
                continue
            held[e.key] = e.response
            self.prompts.setdefault(e.key, e.prompt_text)
            self.exchanges.append(e)


def load_answers(
    paths: Sequence[str | Path],
    *,
    role: str,
    format: str | None = None,
    prompts: str | Path | None = None,
    model: str | None = None,
    quarantine: str | Path | None = None,
) -> Answers:
    """Return the answers of one or more files, in any format the readers know.

    Raises
    ------
    InputError
        If a file cannot be read, or holds no scored answer.
    """
    out = Answers()
    for path in paths:
        result = read(path, format=format, model=model, prompts=prompts, quarantine=quarantine)
        out.add(result.exchanges)
        out.digests.append(replace(result.digest, role=role))
    if not out.texts:
        raise InputError(
            f"no answer to score in {', '.join(str(p) for p in paths)}",
            got=f"{out.unscored} empty or failed exchanges",
            next_step="look at their status, or ask again with --retry-failed",
        )
    return out


def load_panel(answers: Answers, lineage: Lineage) -> Panel:
    """Return the panel of these answers: prompts that at least half of the models answered.

    Raises
    ------
    Refused
        If the models hardly share prompts: mixed prompt sets.
    """
    counts: dict[str, int] = {}
    for held in answers.texts.values():
        for key in held:
            counts[key] = counts.get(key, 0) + 1
    least = len(answers.texts) / 2
    kept = {k: t for k, t in answers.prompts.items() if counts[k] >= least}
    if not kept:
        most = max(counts.values())
        raise Refused(
            "the panel's models did not answer the same prompts",
            got=f"the commonest prompt was answered by {most} of {len(answers.texts)} models",
            wanted="prompts that at least half of the models answered",
            next_step="build one panel for each prompt set",
        )
    texts = {m: {k: v for k, v in held.items() if k in kept} for m, held in answers.texts.items()}
    return Panel({m: held for m, held in texts.items() if held}, kept, lineage)


def load_suspect(answers: Answers, model: str | None) -> tuple[str, Mapping[str, str]]:
    """Return the suspect's name and answers.

    Raises
    ------
    InputError
        If the file holds several models and none was named, or not that one.
    """
    if model is None:
        if len(answers.texts) > 1:
            raise InputError(
                "the file holds answers of several models",
                got=", ".join(sorted(answers.texts))[:200],
                next_step="name the suspect with --suspect-model",
            )
        model = next(iter(answers.texts))
    if model not in answers.texts:
        raise InputError(
            f"no answers of {model!r}",
            got=", ".join(sorted(answers.texts))[:200],
            next_step="name one of these with --suspect-model",
        )
    return model, answers.texts[model]


def write_panel(answers: Answers, lineage_file: str | Path, folder: str | Path) -> Path:
    """Write a panel folder: ``exchanges.parquet`` and ``lineage.csv``.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    read_lineage(lineage_file)
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        text = Path(lineage_file).read_text(encoding="utf-8-sig")
        (target / LINEAGE).write_text(text, encoding="utf-8")
    except OSError as err:
        raise InputError(f"cannot write the panel {target}", got=str(err)[:120]) from err
    write(answers.exchanges, target / EXCHANGES)
    return target


def read_panel(folder: str | Path) -> tuple[Answers, Lineage]:
    """Return the answers and lineage of a panel folder.

    A folder with ``answers.parquet`` (columns ``model``, ``prompt_id``,
    ``response``) or ``responses.parquet`` in place of exchanges is read too.

    Raises
    ------
    InputError
        If the folder is not a panel.
    """
    home = Path(folder)
    for name in (EXCHANGES, "answers.parquet", "responses.parquet"):
        if (home / name).is_file():
            answers = load_answers([home / name], role="panel")
            break
    else:
        raise InputError(
            f"{home} is not a panel",
            wanted=f"a folder with {EXCHANGES} and {LINEAGE}",
            next_step="hydrometer panel build --answers FILE --lineage CSV --out FOLDER",
        )
    return answers, read_lineage(home / LINEAGE)
