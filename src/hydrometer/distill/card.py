"""The student's card and its notice: what it is, whose words it learned, and what is owed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydrometer.distill.files import write_text

__all__ = ["duty_states", "licence", "render_card", "render_notice", "write_card"]

CARD, NOTICE = "README.md", "NOTICE"

DICTATE = ("share-alike", "pass-through", "licence-copy")
"""Duties that carry the teacher's own terms on to the student."""

FILE = "Notice file:"
"""How a duty begins whose words belong into the file as they stand."""

DONE = {
    "notice": "written to NOTICE, which goes with the student",
    "attribution": "written to NOTICE, which goes with the student",
    "display": "on this card; yours wherever the student is shown",
    "name-prefix": "the student's name begins with it",
}
TO_DO = {
    "licence-copy": "yours: put a copy of the licence beside the weights",
    "pass-through": "yours: bind those you give the student to by these terms",
    "share-alike": "yours: give the student on under the same terms",
    "registration": "yours: register before use",
    "method": "yours: keep to it",
}


def duty_states(duties: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the duties, each with what became of it.

    Parameters
    ----------
    duties : sequence of mapping
        Of the permit.

    Examples
    --------
    >>> duty = {"kind": "notice", "text": "N", "instrument": "i@2025-01-01", "clause": "3.1"}
    >>> duty_states([duty])[0]["state"]
    'written to NOTICE, which goes with the student'
    """
    found = []
    for d in duties:
        kind = str(d.get("kind"))
        state = DONE.get(kind) or TO_DO.get(kind) or "yours: see the clause"
        if d.get("dormant"):
            state = f"not brought about by the declared distribution; then {state}"
        found.append({**d, "when": list(d.get("when") or ()), "state": state})
    return found


def licence(duties: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the licence fields of the card: what duties dictate, and nothing of our own.

    Examples
    --------
    >>> licence([])["license_name"]
    'not-chosen'
    """
    keys = sorted({str(d["instrument"]).partition("@")[0] for d in duties if d["kind"] in DICTATE})
    name = "-and-".join(keys) if keys else "not-chosen"
    return {"license": "other", "license_name": name, "license_link": NOTICE if keys else CARD}


def _yaml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _front(record: Mapping[str, Any]) -> list[str]:
    base = record["base"]
    lines = ["---"]
    if base.get("base_model"):
        lines += [f"base_model: {_yaml(base['base_model'])}", "base_model_relation: finetune"]
    for key, value in licence(record["permit"]["duties"]).items():
        lines.append(f"{key}: {_yaml(value)}")
    lines += ["pipeline_tag: text-generation", "library_name: transformers", "tags:"]
    lines += ["- distillation", "- synthetic-data", "---", ""]
    return lines


def _cell(value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, float):
        value = f"{value:.4g}" if abs(value) > 1e-12 else "0"
    return " ".join(str(value).split()).replace("|", "\\|")


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    lines += ["| " + " | ".join(_cell(c) for c in row) + " |" for row in rows]
    return [*lines, ""]


def _begins(base: Mapping[str, Any]) -> str:
    if base.get("new"):
        n = base["new"]
        return f"random weights ({n['layers']} layers, width {n['width']})"
    named = base.get("base_model") or base.get("base") or "not recorded"
    return f"{named}, whose own licence binds the student too and is not among the duties below"


def render_card(
    record: Mapping[str, Any], evaluation: Sequence[Mapping[str, Any]], limits: Sequence[str]
) -> str:
    """Return the card as Markdown with the front matter of a Hugging Face model card.

    Parameters
    ----------
    record : mapping
        From `student_record`.
    evaluation : sequence of mapping
        ``measure``, ``teacher``, ``student``, ``interval``, ``n`` and ``note``.
    limits : sequence of str
        What the evaluation does not show.
    """
    teachers = [s for s in record["sources"] if s["role"] in ("answer", "rewriter")]
    others = [s for s in record["sources"] if s["role"] not in ("answer", "rewriter")]
    examples, permit = record["examples"], record["permit"]
    named = ", ".join(dict.fromkeys(str(s["model"]) for s in teachers))
    lines = [
        *_front(record),
        f"# {record['student']}",
        "",
        f"A student of **{named}**: it was trained on {examples['count']:,} answers of that "
        f"teacher. It began as {_begins(record['base'])}.",
        "",
        *_displays(permit["duties"], str(record["student"])),
        "## Whose words it learned",
        "",
        *_table(
            ("model", "role", "surface", "provider", "host", "examples", "first", "last", "terms"),
            [
                (s["model"], s["role"], s["surface"], s["provider"], s["host"], s["examples"],
                 s["first"], s["last"], ", ".join(s["terms"]))
                for s in (*teachers, *others)
            ],
        ),
        f"Left out: {_counts(examples['rejected'])}. Every example is recorded with teacher, "
        "host, version of the terms, time, sampling and hash; the digest of the training set is "
        f"`{examples['sha256']}`.",
        "",
        "## Terms and duties",
        "",
        f"The gate's verdict on {permit['issued_at'][:10]} was *{permit['verdict']}*, for the "
        f"declared use, resting on {', '.join(permit['instruments']) or 'no text'}. It says what "
        "was read in these texts, with their dates; it is no advice of counsel.",
        "",
    ]  # fmt: skip
    duties = duty_states(permit["duties"])
    if duties:
        lines += _table(
            ("duty", "what", "text", "clause", "when", "state"),
            [
                (d["kind"], d["text"], d["instrument"], d["clause"], ", ".join(d["when"]),
                 d["state"])
                for d in duties
            ],
        )  # fmt: skip
    else:
        lines += ["No duty was found in these texts.", ""]
    if not any(d["kind"] in DICTATE for d in duties):
        lines += [
            "The licence of the student is not chosen: none of these texts dictates one. Whoever "
            "publishes it chooses, and replaces `license_name` above.",
            "",
        ]
    lines += ["## Evaluation", ""]
    if evaluation:
        lines += _table(
            ("measure", "teacher", "student", "95 % interval", "n", "note"),
            [
                (e["measure"], e.get("teacher"), e.get("student"), _interval(e.get("interval")),
                 e.get("n"), e.get("note"))
                for e in evaluation
            ],
        )  # fmt: skip
    else:
        lines += ["Not evaluated.", ""]
    lines += ["## Training", "", *_training(record), "## Limits", ""]
    lines += [f"- {text}" for text in limits]
    lines += ["", f"Made with Hydrometer {record['environment'].get('hydrometer', '')}; "
              "`hydrometer.json` beside this card holds the whole record.", ""]  # fmt: skip
    return "\n".join(lines)


def _displays(duties: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    shown = [str(d["text"]).replace("[name]", name) for d in duties if d["kind"] == "display"]
    return [line for text in dict.fromkeys(shown) for line in (f"**{text}**", "")]


def _interval(value: object) -> str:
    if isinstance(value, Sequence) and len(value) == 2 and not isinstance(value, str):
        return f"{_cell(value[0])} to {_cell(value[1])}"
    return "–"


def _counts(rejected: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {reason}" for reason, n in rejected.items()) or "nothing"


def _training(record: Mapping[str, Any]) -> list[str]:
    t, settings = record["training"], record["recipe"]["settings"].get("train", {})
    rows = [
        ("method", settings.get("method")),
        ("loss", settings.get("loss") if settings.get("method") != "sequence" else None),
        ("low-rank adapters", settings.get("lora") or "none"),
        ("parameters", t.get("parameters")),
        ("updates", t.get("steps")),
        ("tokens", t.get("tokens")),
        ("seconds", t.get("seconds")),
        ("device", t.get("device")),
        ("recipe", record["recipe"]["sha256"]),
    ]
    return _table(("setting", "value"), [r for r in rows if r[1] is not None])


def render_notice(record: Mapping[str, Any]) -> str | None:
    """Return the text of the NOTICE file; None where no duty asks for one.

    The words that a text demands are taken from its duties as they stand.
    """
    asked = [
        d for d in record["permit"]["duties"] if d["kind"] in ("notice", "attribution", *DICTATE)
    ]
    if not asked:
        return None
    named = dict.fromkeys(str(s["model"]) for s in record["sources"] if s["role"] == "answer")
    lines = [str(record["student"]), ""]
    lines += [f"Modified: this model was trained on answers of {', '.join(named)}.", ""]
    for d in asked:
        if d["kind"] == "notice" and str(d["text"]).startswith(FILE):
            lines += [str(d["text"]).removeprefix(FILE).strip(), ""]
    lines += ["What these texts ask of whoever has it and gives it on:", ""]
    lines += [f"- {d['kind']}: {d['text']} ({d['instrument']}, {d['clause']})" for d in asked]
    lines.append("")
    return "\n".join(lines)


def write_card(
    folder: Path,
    record: Mapping[str, Any],
    evaluation: Sequence[Mapping[str, Any]],
    limits: Sequence[str],
) -> list[Path]:
    """Write card and notice into the student's folder; return what was written.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    write_text(render_card(record, evaluation, limits), folder / CARD)
    written = [folder / CARD]
    notice = render_notice(record)
    if notice is not None:
        write_text(notice, folder / NOTICE)
        written.append(folder / NOTICE)
    return written
