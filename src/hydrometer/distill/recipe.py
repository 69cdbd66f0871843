"""The recipe: one TOML file that says which student is made of which teacher, and how."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from hydrometer.distill.strict import build, nearest, setting
from hydrometer.distill.train.config import Base, TrainConfig
from hydrometer.errors import InputError
from hydrometer.models.spec import Spec, parse_spec

__all__ = ["Recipe", "changes", "read_recipe"]

SURFACES = ("api", "consumer", "weights")
ENGINES = ("local", "ray")


@dataclass(frozen=True)
class Shape:
    """A student that starts from nothing; its vocabulary is learned from the examples."""

    layers: int = setting(low=1, high=512)
    width: int = setting(low=8, high=65536)
    heads: int = setting(4, low=1)
    context: int = setting(512, low=16)
    vocabulary: int = setting(4096, low=300)


@dataclass(frozen=True)
class Student:
    """``[student]``: its name, and what it starts from."""

    name: str = setting()
    base: str | None = setting(None)
    new: Shape | None = setting(None)
    tokenizer: str | None = setting(None)
    base_model: str | None = setting(None)

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("name is empty")
        if (self.base is None) == (self.new is None):
            raise InputError(
                "needs either base or new", wanted='base = "hf:PATH", or new = {layers, width}'
            )
        for text in (self.base, self.tokenizer):
            if text is not None and text.partition(":")[0] not in ("hf", "gguf"):
                raise InputError("cannot start from that", got=text[:60], wanted="hf:PATH")
        if self.new is not None:
            self.start("vocabulary")

    def start(self, place: str) -> Base:
        """Return what the trainer starts from; for a new student `place` is its tokenizer."""
        if self.new is None:
            return Base((self.base or "").partition(":")[0], place)
        n = self.new
        return Base("new", place, layers=n.layers, width=n.width, heads=n.heads, context=n.context)


@dataclass(frozen=True)
class Identity:
    """A model by the names that its terms know it by."""

    model: str = setting()
    surface: str = setting(choices=SURFACES)
    provider: str | None = setting(None)
    host: str | None = setting(None)
    aggregator: str | None = setting(None)
    account: str | None = setting(None)
    generated_at: str | None = setting(None)
    distilled_from: tuple[Mapping[str, Any], ...] = setting(())

    def writer(self, role: str) -> dict[str, Any]:
        """Return the writer of a terms row that this model is in the given role."""
        names = [f.name for f in fields(Identity) if f.name != "distilled_from"]
        found = {"role": role, **{n: getattr(self, n) for n in names}}
        if self.distilled_from:
            found["distilled_from"] = [dict(w) for w in self.distilled_from]
        return found


@dataclass(frozen=True)
class Asked(Identity):
    """A model that is asked: where it is, and how fast it may be asked."""

    spec: str = setting("")
    api_key_env: str = setting("OPENAI_API_KEY")
    concurrency: int = setting(4, low=1)
    rpm: float | None = setting(None, above=0)
    retries: int = setting(6, low=0)
    timeout: float = setting(120.0, above=0)
    max_wait: float = setting(120.0, low=0)
    batch_size: int = setting(8, low=1)
    plain: bool = setting(False)

    def __post_init__(self) -> None:
        if not self.spec:
            raise InputError("needs spec", wanted="hf:PATH, gguf:PATH, openai:NAME@URL, ...")
        parse_spec(self.spec)


@dataclass(frozen=True)
class Teacher(Asked):
    """``[teacher]``; ``weights`` is where logit distillation finds its logits."""

    weights: str | None = setting(None)
    parameters: int | None = setting(None, low=1)


@dataclass(frozen=True)
class Judge(Asked):
    """``[judge]``: a model that scores each example; what it selects, it has written into."""

    threshold: float = setting(3.0)
    max_tokens: int = setting(16, low=1)
    rubric: str | None = setting(None)


@dataclass(frozen=True)
class Prompts:
    """``[prompts]``: what is asked, and what is held out."""

    file: str = setting()
    kinds: tuple[str, ...] = setting(())
    limit: int | None = setting(None, low=1)
    held_out: float = setting(0.1, low=0, high=0.9)
    writers: tuple[Identity, ...] = setting(())
    dataset: str | None = setting(None)
    one_topic: bool = setting(False)


@dataclass(frozen=True)
class Answers:
    """``[answers]``: how the teacher is sampled."""

    draws: int = setting(1, low=1)
    temperature: float | None = setting(None, low=0)
    top_p: float | None = setting(None, above=0, high=1)
    top_k: int | None = setting(None, low=1)
    max_tokens: int = setting(512, low=1)
    stop: tuple[str, ...] = setting(())
    seed: int = setting(0, low=0)
    system: str | None = setting(None)
    engine: str = setting("local", choices=ENGINES)
    workers: int = setting(2, low=1)
    budget_tokens: int | None = setting(None, low=1)


@dataclass(frozen=True)
class Filter:
    """``[filter]``: which answers are left out."""

    exact: bool = setting(True)
    near: float = setting(0.8, low=0, high=1)
    refusals: bool = setting(True)
    min_words: int = setting(1, low=0)
    max_words: int | None = setting(None, low=1)
    truncated: str = setting("drop", choices=("drop", "keep"))


@dataclass(frozen=True)
class Use:
    """``[use]``: the declaration that the terms are judged by, and texts of one's own."""

    file: str = setting()
    catalogue: tuple[str, ...] = setting(())


@dataclass(frozen=True)
class Evaluate:
    """``[evaluate]``: what the student is asked beside its teacher."""

    answer_key: bool = setting(True)
    match: str = setting("exact", choices=("exact", "number"))
    win_rate: bool = setting(False)
    speed: bool = setting(True)
    prompts: int = setting(200, low=1)
    max_tokens: int = setting(128, low=1)


@dataclass(frozen=True)
class Price:
    """``[price]``: of a million tokens, or of an hour of the machine."""

    tokens_in: float | None = setting(None, low=0)
    tokens_out: float | None = setting(None, low=0)
    machine_hour: float | None = setting(None, low=0)
    answer_tokens_per_second: float | None = setting(None, above=0)
    train_tokens_per_second: float | None = setting(None, above=0)
    currency: str = setting("USD")


SECTIONS: dict[str, type] = {
    "student": Student, "teacher": Teacher, "prompts": Prompts, "answers": Answers,
    "filter": Filter, "judge": Judge, "use": Use, "evaluate": Evaluate, "price": Price,
    "train": TrainConfig,
}  # fmt: skip

OPERATION = {
    *(("teacher", k) for k in ("api_key_env", "concurrency", "rpm", "retries", "timeout",
                               "max_wait", "batch_size")),
    *(("judge", k) for k in ("api_key_env", "concurrency", "rpm", "retries", "timeout",
                             "max_wait", "batch_size")),
    *(("answers", k) for k in ("engine", "workers", "budget_tokens")),
    *(("price", f.name) for f in fields(Price)),
    *(("evaluate", f.name) for f in fields(Evaluate)),
}  # fmt: skip
"""Settings of how a run goes, or is looked at afterwards: they may change between runs."""


@dataclass(frozen=True)
class Recipe:
    """A recipe, its texts as written; `place` says where its paths lead.

    Parameters
    ----------
    student, teacher, prompts, answers, filter, judge, use, evaluate, price, train
        Its sections; the judge may be None.
    folder : Path
        Where the recipe lies: paths in it are relative to that.
    files : mapping of str to str
        SHA-256 of each file that it names, by the key that names it.
    """

    student: Student
    teacher: Teacher
    prompts: Prompts
    use: Use
    answers: Answers = Answers()
    filter: Filter = Filter()
    judge: Judge | None = None
    evaluate: Evaluate = Evaluate()
    price: Price = Price()
    train: TrainConfig = TrainConfig()
    folder: Path = Path()
    files: Mapping[str, str] = setting({})

    def place(self, text: str) -> Path:
        """Return where a path of the recipe leads."""
        return self.folder / text

    def spec(self, asked: Asked) -> Spec:
        """Return the model of a section, its path made relative to nothing."""
        spec = parse_spec(asked.spec)
        return spec if spec.kind == "openai" else replace(spec, where=str(self.place(spec.where)))

    @property
    def prompts_source(self) -> str:
        """``builtin``, or where the file of prompts is."""
        file = self.prompts.file
        return file if file == "builtin" else str(self.place(file))

    def values(self) -> dict[str, dict[str, Any]]:
        """Return all settings with their defaults, as plain values."""
        out: dict[str, dict[str, Any]] = {}
        for name in SECTIONS:
            part = getattr(self, name)
            if part is not None:
                out[name] = json.loads(json.dumps(asdict(part)))
        out["files"] = dict(self.files)
        return out

    def making(self) -> dict[str, dict[str, Any]]:
        """Return the settings that decide what is made."""
        return {
            s: {k: v for k, v in part.items() if (s, k) not in OPERATION}
            for s, part in self.values().items()
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the settings that decide what is made."""
        text = json.dumps(self.making(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return what differs between the `Recipe.making` of two recipes, one line each.

    Examples
    --------
    >>> changes({"answers": {"seed": 1}}, {"answers": {"seed": 2}})
    ['answers.seed: 1 -> 2']
    """
    found = []
    for section in sorted({*old, *new}):
        a, b = old.get(section) or {}, new.get(section) or {}
        for key in sorted({*a, *b}):
            if a.get(key) != b.get(key):
                found.append(f"{section}.{key}: {_short(a.get(key))} -> {_short(b.get(key))}")
    return found


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def read_recipe(path: str | Path) -> Recipe:
    """Return the recipe of a file; all its problems in one error.

    Parameters
    ----------
    path : str or Path
        A TOML file. Paths in it are relative to its folder.

    Raises
    ------
    InputError
        If it cannot be read, has an unknown key, a value that does not fit,
        or names a file that is not there.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError, RecursionError) as err:
        raise InputError(
            f"cannot read the recipe {path}", got=str(err)[:160], wanted="a TOML file",
            next_step="see docs/reference/recipe.md",
        ) from err  # fmt: skip
    problems: list[str] = []
    known = list(SECTIONS)
    for key in table:
        if key not in known:
            problems.append(f"no section [{key}]; nearest: [{nearest(key, known)}]")
    parts: dict[str, Any] = {}
    for name, cls in SECTIONS.items():
        if name in table:
            parts[name] = build(cls, table[name], name, problems)
        elif name in ("student", "teacher", "prompts", "use"):
            problems.append(f"needs the section [{name}]")
    recipe = None
    if not problems:
        recipe = Recipe(**parts, folder=path.parent)
        recipe = replace(recipe, files=_files(recipe, problems))
    if problems or recipe is None:
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        raise InputError(
            f"cannot use the recipe {path}, {count}:\n  " + "\n  ".join(problems) + "\n",
            next_step="see docs/reference/recipe.md",
        )
    return recipe


def bare(text: str) -> str:
    """Return the path of ``hf:PATH`` or ``gguf:PATH``."""
    return text.removeprefix("hf:").removeprefix("gguf:")


def _files(recipe: Recipe, problems: list[str]) -> dict[str, str]:
    """Return digests of the files that decide what is made; note what is absent or unfit."""
    named: dict[str, Path] = {}
    if recipe.prompts.file != "builtin":
        named["prompts.file"] = recipe.place(recipe.prompts.file)
    for section, asked in (("teacher", recipe.teacher), ("judge", recipe.judge)):
        if asked is not None:
            spec = recipe.spec(asked)
            if spec.kind == "recorded":
                named[f"{section}.spec"] = Path(spec.where)
            elif spec.kind != "openai" and not Path(spec.where).exists():
                problems.append(f"[{section}] spec: nothing at {spec.where}")
    for key, text in (("base", recipe.student.base), ("tokenizer", recipe.student.tokenizer),
                      ("weights", recipe.teacher.weights)):  # fmt: skip
        if text is not None and not recipe.place(bare(text)).exists():
            problems.append(f"{key}: nothing at {recipe.place(bare(text))}")
    if recipe.evaluate.win_rate and recipe.judge is None:
        problems.append("[evaluate] win_rate needs a section [judge]")
    if recipe.train.method != "sequence" and recipe.teacher.weights is None:
        problems.append(f"[train] method {recipe.train.method!r} needs weights under [teacher]")
    if not recipe.place(recipe.use.file).is_file():
        problems.append(
            f"[use] file: nothing at {recipe.place(recipe.use.file)}; "
            "next: declare the use (docs/how-to/distill.md)"
        )
    found = {}
    for key, path in named.items():
        try:
            found[key] = hashlib.sha256(path.read_bytes()).hexdigest()
        except (OSError, ValueError) as err:
            problems.append(f"[{key.replace('.', '] ')}: cannot read {path}: {err}"[:200])
    return found
