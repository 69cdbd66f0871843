"""What one version of one instrument gives for a declared use."""

from __future__ import annotations

from datetime import date

from hydrometer.terms.instrument import Clause, Instrument, Predicate
from hydrometer.terms.names import Names
from hydrometer.terms.use import Use
from hydrometer.terms.verdict import Owed, Reason

__all__ = ["interval", "judge", "owed"]

APPROVAL = "a written consent of the licensor, attached to the use"
HOSTED = frozenset({"api", "consumer", "host", "aggregator"})


def interval(i: Instrument) -> str:
    """Return when a version was in effect, in words."""
    end = "(open)" if i.effective_to is None else i.effective_to.isoformat()
    return f"{i.effective_from.isoformat()} to {end}"


def _reason(
    i: Instrument, layer: str, verdict: str, because: str, *, settle: str | None = None, **at: str
) -> Reason:
    return Reason(
        verdict=verdict,
        layer=layer,
        because=because,
        instrument=i.name,
        title=i.title,
        clause=at.get("clause") or None,
        phrase=at.get("phrase") or None,
        in_effect=interval(i),
        read_on=i.read_on.isoformat(),
        seen=i.seen.isoformat() if i.seen else None,
        settle=settle,
    )


def _declared(use: Use, fact: str) -> str | None:
    value: str | None = getattr(use, fact)
    return value if use.signed(fact) else None


def _competing(use: Use, *, similar: bool) -> tuple[str, str, str | None]:
    """Return verdict, sentence and what would settle it, where the text turns on competition."""
    asked = ("competing", "similar") if similar else ("competing",)
    about = " or ".join(asked)
    if any(getattr(use, fact) == "yes" for fact in asked):
        return "prohibited", f"the text bars {about} models, and the use declares one", APPROVAL
    open_ = [fact for fact in asked if _declared(use, fact) is None]
    if not open_:
        return (
            "permitted",
            f"the text bars {about} models only; {use.declared_by} declares that this is none",
            None,
        )
    facts = ", ".join(f'{fact} = "no"' for fact in open_)
    signed = "" if use.declared_by else " and declared_by"
    return (
        "conditional",
        f"the text turns on whether the model is {about}, which nobody has declared",
        f"{facts}{signed} in the use file, by a named person; or {APPROVAL}",
    )


def _excepted(clause: Clause, use: Use) -> bool:
    for case in clause.excepts:
        if all(_declared(use, fact) in values for fact, values in case.items()):
            return True
    return False


def _clause(i: Instrument, c: Clause, layer: str, use: Use) -> Reason | None:
    at = {"clause": c.ref, "phrase": c.quote}
    if i.evidence != "primary" or c.reading == "unknown":
        known = {
            "primary": "the text was read, and leaves open whether it reaches this use",
            "secondary": "what it says of training on outputs is only quoted by others",
            "none": "what it says of training on outputs was not read",
        }
        text = "counsel" if i.evidence == "primary" else "the text, read and added"
        settle = f"{text}; or {APPROVAL}"
        return _reason(i, layer, "unknown", known[i.evidence], settle=settle, **at)
    if c.reading == "routes" or (c.reading == "silent" and i.beside):
        return None
    if c.reading == "silent":
        because = "the text says nothing of training on outputs, and silence is no permission"
        return _reason(i, layer, "silent", because, settle="counsel; or " + APPROVAL, **at)
    if _excepted(c, use):
        because = "the text leaves this use out of its bar, as declared by " + str(use.declared_by)
        return _reason(i, layer, "permitted", because, **at)
    if c.reading in ("if-competing", "if-similar"):
        verdict, because, ask = _competing(use, similar=c.reading == "if-similar")
        return _reason(i, layer, verdict, because, settle=ask, **at)
    if c.reading == "bars-any":
        because = "the text bars training on outputs" + (" without approval" if c.approval else "")
        return _reason(i, layer, "prohibited", because, settle=APPROVAL, **at)
    if c.reading == "permits-with-duties":
        because = "the text permits it, with the duties listed"
        return _reason(i, layer, "with-duties", because, **at)
    return _reason(i, layer, "permitted", "the text permits it", **at)


def _holds(p: Predicate, use: Use, names: Names) -> bool | None:
    """Return whether the test holds; None where the fact is not declared."""
    value = getattr(use, p.fact)
    held: bool
    if value is None or value == ():
        return None
    if p.test == "over":
        assert isinstance(p.value, float)
        held = value > p.value
    else:
        assert isinstance(p.value, tuple)
        if p.fact in ("territory", "domicile"):
            places = names.codes(value if isinstance(value, tuple) else (value,))
            named = names.codes(p.value)
            held = bool(places & named) if p.test == "in" else bool(places - named)
        else:
            held = (value in p.value) == (p.test == "in")
    if not held and not use.signed(p.fact):
        return None
    return held


def _predicate(i: Instrument, p: Predicate, layer: str, use: Use, names: Names) -> Reason | None:
    held = _holds(p, use, names)
    if held is False or p.then == "duty":
        return None
    value = f"{p.value:,.0f}" if isinstance(p.value, float) else ", ".join(p.value)
    fact = p.fact.replace("_", " ")
    test = f"{fact} {p.test.replace('-', ' ')} {value}"
    at = {"clause": p.clause, "phrase": p.quote}
    if held is None:
        because = f"the text turns on {fact} ({test}), which nobody has declared"
        ask = f"{p.fact} in the use file" + ("" if use.signed(p.fact) else ", with declared_by")
        return _reason(i, layer, "conditional", because, settle=ask, **at)
    because = f"the text turns on {fact}, and the use is on its far side: {test}"
    return _reason(i, layer, p.then, because, settle=APPROVAL, **at)


def judge(
    i: Instrument, layer: str, use: Use, names: Names, *, current: bool, stood: bool = False
) -> list[Reason]:
    """Return the reasons that a version gives.

    Parameters
    ----------
    i : Instrument
        The version.
    layer : str
        Where it stands in the stack.
    use : Use
        The declared use.
    names : Names
        For places.
    current : bool
        Whether it is the version in effect on the day of use, whose text must
        have been seen lately: else it is unknown, since to assert today what
        was read long ago would claim too much. Of one that had ended, nothing
        can change.
    stood : bool
        Whether it was seen to stand on or after the day of generation. Then
        what it barred that day stays barred, however stale it is now.

    Returns
    -------
    list of Reason
        Empty where it adds nothing to the stack.
    """
    found = [_clause(i, c, layer, use) for c in i.clauses]
    found += [_predicate(i, p, layer, use, names) for p in i.predicates]
    if current and i.evidence == "primary" and (stale := _stale(i, use)):
        old = _reason(i, layer, "unknown", stale, settle="the text read again, and its file")
        barred = [r for r in found if stood and r is not None and r.verdict == "prohibited"]
        return [old, *barred]
    return [r for r in found if r is not None]


def _stale(i: Instrument, use: Use) -> str | None:
    limit = use.hosted_days if HOSTED & set(i.surface) else use.weights_days
    seen: date | None = i.seen
    if seen is None:
        return "nobody recorded when the text was last seen"
    age = (use.used_at - seen).days
    if age <= limit:
        return None
    return f"the text was last seen {age} days before the use, and {limit} are the limit"


def owed(i: Instrument, use: Use, names: Names) -> list[Owed]:
    """Return the duties that a version brings, those that are dormant marked as such."""

    def owe(kind: str, text: str, clause: str, when: tuple[str, ...]) -> Owed:
        dormant = use.distribution is not None and use.distribution not in when
        met: bool | None = None
        if kind == "name-prefix" and use.student_name is not None:
            met = use.student_name.startswith(text)
        return Owed(kind, text, i.name, clause, when, dormant, met)

    made = [owe(d.kind, d.text, d.clause, d.when) for d in i.duties]
    for p in i.predicates:
        if p.then == "duty" and _holds(p, use, names) is not False:
            made.append(owe(p.kind, p.text, p.clause, ("hosted", "weights")))
    return made
