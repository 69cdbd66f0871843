"""How much memory answering takes, measured in a process that does nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict

from hydrometer.exchange import Message
from hydrometer.models.spec import Spec

__all__ = ["answering_memory"]

PROGRAM = """\
import json, resource, sys
from datetime import UTC, datetime
from hydrometer.exchange import Message, Sampling
from hydrometer.models.model import Query
from hydrometer.models.spec import Spec, open_model
spec, prompts, limit = json.loads(sys.argv[1])
model = open_model(Spec(**spec), clock=lambda: datetime(2000, 1, 1, tzinfo=UTC), seed=0)
asked = [tuple(Message(**m) for m in p) for p in prompts]
model.answer([Query(p, Sampling(0.0, max_tokens=limit)) for p in asked])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
sys.stdout.write(str(peak * (1 if sys.platform == "darwin" else 1024)))
"""


def answering_memory(
    spec: Spec, prompts: Sequence[Sequence[Message]], *, max_tokens: int
) -> int | None:
    """Return the most bytes that a process held while it answered; None where it failed.

    The libraries count too: they are needed to answer.

    Parameters
    ----------
    spec : Spec
        A model on this machine.
    prompts : sequence of sequence of Message
        What it is asked, a batch.
    max_tokens : int
        Of an answer.
    """
    asked = [[asdict(m) for m in p] for p in prompts]
    given = json.dumps([asdict(spec), asked, max_tokens])
    done = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-c", PROGRAM, given], capture_output=True, text=True, check=False
    )
    return int(done.stdout) if done.returncode == 0 and done.stdout.isdecimal() else None
