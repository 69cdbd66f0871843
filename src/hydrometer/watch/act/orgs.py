"""Which accounts belong to organisations that a policy spares."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hydrometer.watch.event import Kind

__all__ = ["orgs_of"]


def orgs_of(batch: pa.RecordBatch, wanted: Collection[int]) -> dict[int, int]:
    """Return the organisation of each account of a batch of events that has a wanted one."""
    if not wanted:
        return {}
    links = batch.column("links")
    flat = links.flatten().to_numpy()
    at = np.flatnonzero(flat >> np.uint64(60) == Kind.ORG)
    rows = pc.list_parent_indices(links).to_numpy()[at]
    accounts = batch.column("account").to_numpy()[rows]
    pairs = zip(accounts.tolist(), flat[at].tolist(), strict=True)
    return {account: org for account, org in pairs if org in wanted}
