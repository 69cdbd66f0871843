"""Which instruments govern what a model wrote into a row: the stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hydrometer.terms.catalogue import Catalogue
from hydrometer.terms.claims import Claim, claimed_keys
from hydrometer.terms.names import Names
from hydrometer.terms.row import day_of

__all__ = ["Layer", "dataset_layers", "writer_layers"]


@dataclass(frozen=True, slots=True)
class Layer:
    """One part of a stack.

    Parameters
    ----------
    name : str
        ``api``, ``consumer``, ``weights``, ``host``, ``aggregator``,
        ``dataset`` or ``lineage``.
    keys : tuple of str
        Instruments of which every one counts.
    model : str or None
        Whose terms they are.
    maker : str or None
        Who made that model.
    owner : str or None
        Whose service it is.
    gap : str or None
        Why no instrument is known, where none is.
    settle : str or None
        What would fill the gap.
    claimed : bool
        Known from a claim only: it can make a result worse, never better.
    """

    name: str
    keys: tuple[str, ...] = ()
    model: str | None = None
    maker: str | None = None
    owner: str | None = None
    gap: str | None = None
    settle: str | None = None
    claimed: bool = False


def _service(
    catalogue: Catalogue, slug: str, surface: str, name: str, model: str, maker: str | None
) -> Layer:
    keys = catalogue.of(slug, surface)
    if keys:
        return Layer(name, keys, model, maker, slug)
    return Layer(
        name,
        model=model,
        maker=maker,
        owner=slug,
        gap=f"no terms of {slug!r} for the surface {surface!r} are held",
        settle=f"the terms of {slug!r}, read and added to the catalogue",
    )


def _weights(
    names: Names, writer: Mapping[str, Any], claims: Mapping[str, Claim], *, needed: bool
) -> list[Layer]:
    """Return the licence of a model's weights, and the terms of what it was built on.

    What a card claims stands beside what is known and takes nothing away: a
    model that only a card names is walked again where it is known as a base.
    """
    layers: list[Layer] = []
    made = day_of(writer["generated_at"]) if writer["generated_at"] else None
    todo, done = [(writer["model"], "weights", needed)], set[tuple[str, bool]]()
    while todo:
        name, layer, wanted = todo.pop()
        at = name.casefold().strip()
        if (at, wanted) in done or (at, True) in done:
            continue
        done.add((at, wanted))
        known = names.model(name)
        if known is None or (known.weights is None and wanted):
            if wanted:
                layers.append(
                    Layer(
                        layer,
                        model=name,
                        maker=known.maker if known else None,
                        gap="which licence the weights are under is not known"
                        if known is None
                        else "no weights are known to be published",
                        settle="the licence in the publisher's own repository, read and added",
                    )
                )
        elif known.weights is not None:
            gap = None
            if not known.read:
                gap = f"that the weights are under {known.weights!r} was not read"
            elif made is not None and known.since is not None and made < known.since:
                gap = f"the weights are known to be under {known.weights!r} since {known.since}"
            ask = "the licence in the publisher's own repository, read and added"
            if gap is None:
                layers.append(Layer(layer, (known.weights,), name, known.maker))
            else:
                layers.append(Layer(layer, model=name, maker=known.maker, gap=gap, settle=ask))
        if known is not None:
            todo += [(b, "lineage", True) for b in known.built_on]
        claim = claims.get(at)
        if claim is not None:
            for key in claimed_keys(claim):
                layers.append(Layer(layer, (key,), name, None, claimed=True))
            todo += [(b, "lineage", False) for b in claim.base_models]
    return layers


def writer_layers(
    writer: Mapping[str, Any], catalogue: Catalogue, names: Names, claims: Mapping[str, Claim]
) -> list[Layer]:
    """Return the stack of one writer, its lineage in ``distilled_from`` left to the caller.

    Parameters
    ----------
    writer : mapping
        One writer of a row, checked.
    catalogue : Catalogue
        What is held.
    names : Names
        What names mean.
    claims : mapping of str to Claim
        By model name in lower case.

    Returns
    -------
    list of Layer
        With a gap wherever a part that must be there is not held.
    """
    model, surface = writer["model"], writer["surface"]
    provider = names.provider(writer["provider"]) if writer["provider"] else None
    host = names.provider(writer["host"]) if writer["host"] else None
    known = names.model(model)
    maker = names.provider(known.maker) if known else None
    if surface == "api" and host is None and provider and names.serves_others(provider):
        host = provider
    third = host is not None and (
        host != provider or names.serves_others(host) or (surface == "weights" and host != maker)
    )
    layers: list[Layer] = []
    if writer["aggregator"]:
        router = names.provider(writer["aggregator"])
        layers.append(_service(catalogue, router, "aggregator", "aggregator", model, maker))
    if host is not None and third:
        layers.append(_service(catalogue, host, "host", "host", model, maker))
        if provider not in (None, host) and names.serves_others(str(provider)):
            layers.append(_service(catalogue, str(provider), "host", "host", model, maker))
    if surface == "weights":
        layers += _weights(names, writer, claims, needed=True)
        return layers
    if provider is None:
        gap = "who served the answer is not recorded"
        layers.append(Layer(surface, model=model, maker=maker, gap=gap, settle="the provider"))
    elif not third or surface == "consumer":
        layers.append(_service(catalogue, provider, surface, surface, model, maker))
        if known and maker != provider and known.weights is None and not third:
            gap = (
                f"what {maker!r} lets others serve of its model, and on which terms, is not known"
            )
            layers.append(Layer(surface, model=model, maker=maker, gap=gap, settle="those terms"))
    layers += _weights(names, writer, claims, needed=third)
    return layers


def dataset_layers(
    dataset: str, catalogue: Catalogue, names: Names, claims: Mapping[str, Claim]
) -> tuple[list[Layer], tuple[Mapping[str, Any], ...]]:
    """Return the licence of a data set, and the models known to have written it."""
    known = names.dataset(dataset)
    layers: list[Layer] = []
    writers: tuple[Mapping[str, Any], ...] = ()
    if known is None or known.licence is None or not known.read:
        layers.append(
            Layer(
                "dataset",
                gap=f"the licence of the data set {dataset!r} was not read",
                settle="its licence, read and added to names and catalogue",
            )
        )
    else:
        layers.append(Layer("dataset", (known.licence,)))
    if known is not None:
        writers = known.generated_by
    claim = claims.get(dataset.casefold())
    if claim is not None:
        layers += [Layer("dataset", (k,), claimed=True) for k in claimed_keys(claim)]
    return layers, writers
