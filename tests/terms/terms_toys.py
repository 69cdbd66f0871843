"""Made-up instruments, names, uses and rows for the tests of the gate."""

import hashlib
import json
from datetime import date

from hydrometer.terms.catalogue import Catalogue
from hydrometer.terms.gate import Gate
from hydrometer.terms.instrument import parse_instrument
from hydrometer.terms.names import Names, read_names
from hydrometer.terms.use import parse_use

USED = date(2026, 9, 1)


def toml(value):
    """A JSON text, a list or a number is also TOML; a date stands bare."""
    return value.isoformat() if isinstance(value, date) else json.dumps(value)


def table(head, fields):
    return "\n".join([head, *(f"{k} = {toml(v)}" for k, v in fields.items() if v is not None)])


def inline(case):
    return "{" + ", ".join(f"{k} = {json.dumps(v)}" for k, v in case.items()) + "}"


def text(
    key="acme-api",
    version="2024-01-01",
    *,
    reading="permits",
    duties=(),
    predicates=(),
    excepts=(),
    clauses=None,
    **fields,
):
    """The TOML of one version; further fields replace those of the file."""
    day = date.fromisoformat(version)
    known = {
        "key": key,
        "version": day,
        "provider": "acme",
        "title": f"Title of {key}",
        "surface": ["api"],
        "status": "in-force",
        "effective_from": day,
        "effective_to": None,
        "evidence": "primary",
        "seen": date(2026, 8, 22),
        "read_on": date(2026, 8, 30),
        **fields,
    }
    parts = [table("", known), table("[source]", {"archive": "toy", "commit": "c0ffee"})]
    for n, word in enumerate(clauses or (reading,), 1):
        bare = word in ("silent", "unknown", "routes")
        words = {} if bare else {"quote": "words of the text", "sha256": "0" * 64}
        parts.append(table("[[clause]]", {"ref": str(n), "reading": word, **words}))
        if excepts:
            parts.append("excepts = [" + ", ".join(inline(e) for e in excepts) + "]")
    for d in duties:
        parts.append(table("[[duty]]", {"clause": "D", **d}))
    for p in predicates:
        parts.append(table("[[predicate]]", {"clause": "P", "then": "prohibited", **p}))
    return "\n\n".join(parts) + "\n"


def made(key="acme-api", version="2024-01-01", **fields):
    """One version, with the digest of its file."""
    raw = text(key, version, **fields)
    digest = hashlib.sha256(raw.encode()).hexdigest()
    return parse_instrument(raw, f"{key}@{version}.toml"), digest


def held(*versions):
    return Catalogue(list(versions))


def names(models=(), datasets=(), hosts=("hoster", "second")):
    """Names of toys, with the places that come with Hydrometer."""
    return Names(
        {"model": [{"maker": "acme", "evidence": "primary", **m} for m in models]},
        {"dataset": [{"evidence": "primary", **d} for d in datasets]},
        {"aliases": {"acme": ["acme inc."]}, "serves_others": {"providers": list(hosts)}},
        {
            "groups": {g: sorted(read_names().codes((g,))) for g in ("EU", "EEA")},
            "aliases": {"UK": "GB"},
            "codes": {"all": "DE FR US GB KR CN CH NO"},
        },
    )


def writer(model="toy-1", **fields):
    return {
        "model": model,
        "role": "answer",
        "surface": "api",
        "provider": "acme",
        "host": None,
        "aggregator": None,
        "account": None,
        "generated_at": "2026-03-01",
        **fields,
    }


def row(*writers, dataset=None, id="r1"):
    return {"id": id, "writers": list(writers), "dataset": dataset}


def use(consents=(), overrides=(), **fields):
    """A use that declares everything in the user's favour, over a signature."""
    declared = {
        "purpose": "train-model",
        "used_at": USED,
        "declared_by": "A. Person",
        "competing": "no",
        "similar": "no",
        "commercial": "no",
        "collection": "manual",
        "student_kind": "generative",
        "territory": ["DE"],
        "domicile": "DE",
        "revenue_usd": 1000,
        "monthly_active_users": 10,
        "distribution": "weights",
        "student_name": "Pupil",
        **fields,
    }
    declared = {k: v for k, v in declared.items() if v is not None}
    return parse_use(declared, consents=consents, overrides=overrides)


def consent(**fields):
    """A consent that fits `use` and opens what acme may open."""
    return {
        "licensor": "acme",
        "licensee": "Us",
        "instruments": ["acme-api"],
        "scope": "training",
        "purpose": "train-model",
        "student_name": "Pupil",
        "territory": ["DE"],
        "valid_from": date(2026, 1, 1),
        "expires": date(2027, 1, 1),
        "signed_by": "B. Signer",
        "signed_on": date(2026, 1, 1),
        **fields,
    }


def result(catalogue, *writers, dataset=None, declared=None, known=None, claims=()):
    gate = Gate(catalogue, declared or use(), names=known or names(), claims=claims)
    return gate.judge(row(*writers, dataset=dataset))


def verdict(catalogue, *writers, **more):
    return result(catalogue, *writers, **more).verdict
