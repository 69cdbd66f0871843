"""Runs the service in this process until it is told to stop."""

from __future__ import annotations

import contextlib
import gc
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import uvicorn

from hydrometer.errors import HydrometerError
from hydrometer.watch.act.policy import load_policy
from hydrometer.watch.detect.settings import load_settings
from hydrometer.watch.key import load_key
from hydrometer.watch.service.app import make_app
from hydrometer.watch.service.link import COMMAND, Link
from hydrometer.watch.service.reservoir import make_sample
from hydrometer.watch.service.setup import Setup, make_state
from hydrometer.watch.service.tokens import Tokens, check_address
from hydrometer.watch.sources.attribution import load_attribution

__all__ = ["serve"]


class _Server(uvicorn.Server):
    """A server that was told to stop, stopped, and did so in order: no signal is left to raise."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        told = (signal.SIGINT, signal.SIGTERM)
        before = {s: signal.signal(s, self.handle_exit) for s in told}
        try:
            yield
        finally:
            for s, handler in before.items():
                signal.signal(s, handler)


def serve(
    setup: Setup,
    tokens: Tokens,
    *,
    host: str,
    port: int,
    clock: Callable[[], int],
    environment: Mapping[str, str],
    say: Callable[[str], None],
    command: Sequence[str] = COMMAND,
) -> None:
    """Serve until SIGTERM or SIGINT; what was taken is stored first.

    Parameters
    ----------
    setup : Setup
    tokens : Tokens
    host, port : str, int
        Where to listen.
    clock : callable
        Microseconds since 1970 UTC.
    environment : mapping of str to str
        Where the key may be.
    say : callable
        Takes a line for a person.
    command : sequence of str
        Starts the engine.

    Raises
    ------
    InputError
        If a file or the address cannot be used.
    StoreError
        If the log cannot be opened.
    """
    check_address(host, tokens)
    key = load_key(Path(setup.key) if setup.key else None, environment)
    attribution = load_attribution(Path(setup.mapping) if setup.mapping else None)
    # The scanner reads both again; a mistake in them is told before anything starts.
    load_settings(
        Path(setup.detectors) if setup.detectors else None, false_alarms=setup.false_alarms
    )
    if setup.policy:
        load_policy(Path(setup.policy), key)
    if setup.sample_key:
        # The engine does so too, each time it starts.
        make_sample(setup, key).load(setup.sample, clock())
    make_state(setup)
    failed: list[HydrometerError] = []

    def fatal(err: HydrometerError) -> None:
        failed.append(err)
        server.should_exit = True

    link = Link(setup, clock=clock, command=command, say=say, fatal=fatal)
    config = uvicorn.Config(
        make_app(link, key, attribution, tokens),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        lifespan="on",
        ws="none",
        server_header=False,
        date_header=False,
        backlog=2048,
        timeout_graceful_shutdown=30,
    )
    server = _Server(config)
    # What is loaded by now stays: without this the collector walks over it again and again, and
    # a decision waits for it.
    gc.collect()
    gc.freeze()
    say(f"listening on http://{host}:{port}; state in {setup.state}")
    try:
        server.run()
    finally:
        gc.unfreeze()
    if failed:
        raise failed[0]
