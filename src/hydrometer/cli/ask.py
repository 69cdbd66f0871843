"""``hydrometer ask``: put a prompt set to a model and record the exchanges."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from hydrometer.cli.progress import Progress
from hydrometer.exchange import Exchange, Sampling
from hydrometer.models.budget import Budget, Estimate, ceiling, estimate
from hydrometer.models.journal import Journal, read_exchanges
from hydrometer.models.model import LOCAL_LIMIT
from hydrometer.models.openai import Transport
from hydrometer.models.prompts import read_prompts, to_queries
from hydrometer.models.record import Recorded, plan, record, remaining
from hydrometer.models.spec import Spec, open_model, parse_spec
from hydrometer.models.wire import PREFILLS, Dialect

__all__ = ["ask"]


@click.command()
@click.option(
    "--model",
    "spec",
    required=True,
    metavar="SPEC",
    help="openai:NAME@URL, hf:PATH, gguf:PATH, recorded:FILE; NAME with --base-url.",
)
@click.option("--base-url", help="Address of an OpenAI-compatible endpoint, with /v1.")
@click.option(
    "--api-key-env",
    default="OPENAI_API_KEY",
    show_default=True,
    help="Name of the environment variable that holds the key.",
)
@click.option(
    "--prompts",
    default="builtin",
    show_default=True,
    help="builtin, or a file: JSONL, Parquet, or text with one prompt a line.",
)
@click.option("--kind", multiple=True, help="Only prompts of this kind; may be repeated.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many prompts.")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="A .jsonl file (grows as answers come) or a .parquet file.",
)
@click.option(
    "--draws",
    default=1,
    show_default=True,
    type=click.IntRange(min=1),
    help="How often each prompt is put.",
)
@click.option("--temperature", type=click.FloatRange(min=0))
@click.option("--top-p", type=click.FloatRange(min=0, max=1))
@click.option("--top-k", type=click.IntRange(min=1))
@click.option("--max-tokens", type=click.IntRange(min=1), help="Limit on each answer.")
@click.option("--stop", multiple=True, help="Text at which an answer ends; may be repeated.")
@click.option("--seed", type=int, help="Sent with each query, plus the number of its draw.")
@click.option("--system", help="System message for prompts that have none.")
@click.option("--prefill", help="Text with which each answer is made to begin.")
@click.option(
    "--prefill-mode",
    type=click.Choice(PREFILLS),
    default="none",
    show_default=True,
    help="How the endpoint is told to continue the assistant's text.",
)
@click.option("--logprobs", is_flag=True, help="Record log-probabilities where they are given.")
@click.option("--stream", is_flag=True, help="Ask for server-sent events.")
@click.option("--concurrency", default=4, show_default=True, type=click.IntRange(min=1))
@click.option("--rpm", type=click.FloatRange(min=0, min_open=True), help="Requests a minute.")
@click.option("--retries", default=6, show_default=True, type=click.IntRange(min=0))
@click.option(
    "--timeout",
    default=120.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds for one request.",
)
@click.option(
    "--max-wait",
    default=120.0,
    show_default=True,
    type=click.FloatRange(min=0),
    help="Longest wait, in seconds, that a server may ask for.",
)
@click.option(
    "--batch-size",
    default=8,
    show_default=True,
    type=click.IntRange(min=1),
    help="Queries at once, for hf:.",
)
@click.option("--plain", is_flag=True, help="No chat template, for hf:.")
@click.option(
    "--budget-tokens",
    type=click.IntRange(min=0),
    help="Stop before the file holds more tokens than this.",
)
@click.option("--retry-failed", is_flag=True, help="Ask again what was throttled or failed.")
@click.option("--dry-run", is_flag=True, help="Say what it would take, and ask nothing.")
@click.option("--price-in", type=click.FloatRange(min=0), help="Price of a million tokens sent.")
@click.option(
    "--price-out", type=click.FloatRange(min=0), help="Price of a million tokens answered."
)
@click.option("--json", "as_json", is_flag=True, help="One summary object on stdout.")  # fmt: skip
def ask(
    spec: str,
    base_url: str | None,
    api_key_env: str,
    prompts: str,
    kind: tuple[str, ...],
    limit: int | None,
    out: Path,
    draws: int,
    temperature: float | None,
    top_p: float | None,
    top_k: int | None,
    max_tokens: int | None,
    stop: tuple[str, ...],
    seed: int | None,
    system: str | None,
    prefill: str | None,
    prefill_mode: str,
    logprobs: bool,
    stream: bool,
    concurrency: int,
    rpm: float | None,
    retries: int,
    timeout: float,
    max_wait: float,
    batch_size: int,
    plain: bool,
    budget_tokens: int | None,
    retry_failed: bool,
    dry_run: bool,
    price_in: float | None,
    price_out: float | None,
    as_json: bool,
) -> int:
    """Put a prompt set to a model and record its answers.

    A killed or stopped run continues when the same command is run again: what
    is recorded is not asked twice. Exit codes: 0 done, 2 input error or the
    model cannot be asked, 3 nothing to score or the budget ended first.
    """
    chosen = parse_spec(spec, base_url)
    prompt_set = read_prompts(prompts, kinds=kind, limit=limit)
    for bad in prompt_set.bad[:5]:
        click.echo(f"left out {bad}", err=True)
    if len(prompt_set.bad) > 5:
        click.echo(f"left out {len(prompt_set.bad) - 5} more rows", err=True)
    if max_tokens is None and chosen.kind in ("hf", "gguf"):
        max_tokens = LOCAL_LIMIT
        click.echo(f"no --max-tokens: answers end after {LOCAL_LIMIT} tokens", err=True)
    sampling = Sampling(temperature, top_p, top_k, max_tokens, stop or None, seed)
    asked = to_queries(prompt_set.prompts, sampling, system=system, prefill=prefill)
    queries, repeated = plan(asked, draws=draws)
    if repeated:
        click.echo(f"{repeated} prompts repeat an earlier one and are put once", err=True)
    if budget_tokens is not None:
        Budget(budget_tokens)
        ceiling(queries[0])  # a budget needs a limit on each answer: said before any asking
    if dry_run:
        have: list[Exchange] = []
        if out.exists():
            have = read_exchanges(out)
        name = chosen.name or Path(chosen.where).name
        todo = remaining(have, queries, name, retry_failed=retry_failed)
        _tell_estimate(
            estimate([queries[i] for i in todo], price_in=price_in, price_out=price_out), as_json
        )
        return 0
    model = open_model(
        chosen,
        clock=lambda: datetime.now(UTC),
        seed=seed or 0,
        api_key=os.environ.get(api_key_env),
        dialect=Dialect(prefill_mode, logprobs, stream),
        transport=Transport(concurrency, rpm, retries, timeout, max_wait=max_wait),
        exchanges=_recorded(chosen),
        batch_size=batch_size,
        plain=plain,
    )
    progress = Progress(sys.stderr)
    try:
        with Journal(out) as journal:
            ran = record(
                model,
                queries,
                journal,
                budget=budget_tokens,
                retry_failed=retry_failed,
                progress=progress,
            )
    finally:
        progress.close()
    _tell(ran, out, as_json)
    return 3 if ran.left or not ran.scored else 0


def _recorded(spec: Spec) -> list[Exchange] | None:
    """Read the file of a ``recorded`` spec, in any format that the store knows."""
    if spec.kind != "recorded":
        return None
    from hydrometer.store.readers import read

    got = read(spec.where, model=spec.name)
    for bad in got.rejected[:5]:
        click.echo(f"left out {bad}"[:300], err=True)
    if len(got.rejected) > 5:
        click.echo(f"left out {len(got.rejected) - 5} more rows", err=True)
    return got.exchanges


def _tell_estimate(would: Estimate, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"dry_run": True, **asdict(would)}, sort_keys=True))
    out = "no limit" if would.tokens_out is None else f"at most {would.tokens_out:,}"
    cost = "" if would.cost is None else f", cost at most about {would.cost:.4g}"
    click.echo(
        f"would ask {would.queries:,} queries: about {would.tokens_in:,} tokens in, "
        f"{out} out{cost}",
        err=True,
    )


def _tell(ran: Recorded, out: Path, as_json: bool) -> None:
    if as_json:
        click.echo(ran.to_json())
    counts = ", ".join(f"{n} {status}" for status, n in sorted(ran.statuses.items()))
    click.echo(f"{ran.asked} asked, {ran.resumed} already recorded in {out}: {counts}", err=True)
    if ran.quarantined:
        click.echo(f"{ran.quarantined} unreadable lines moved to {out}.quarantine", err=True)
    if ran.left:
        click.echo(
            f"the budget ended with {ran.left} queries left; next: run again with a larger "
            "--budget-tokens",
            err=True,
        )
    failed = ran.statuses.get("error", 0) + ran.statuses.get("throttled", 0)
    if failed:
        click.echo(f"{failed} failed; next: run again with --retry-failed", err=True)
