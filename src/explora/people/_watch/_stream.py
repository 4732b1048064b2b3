"""Server-sent events: a page learns at once that there is something new."""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator
from typing import Any

from ._follower import Follower, Known

_PAUSE = 0.25  # how often it is looked whether there is news [s]
_BEAT = 15.0  # after so long without news a comment is sent, so that nobody takes the line for dead [s]


async def stream(follower: Follower, *, pause: float = _PAUSE) -> AsyncIterator[str]:
    """The news of a run as server-sent events.

    `news` comes at once and then whenever something changed: totals, the latest metrics, how many tasks and versions
    there are. After the news of a run that does not go on comes `end`: there is nothing to wait for.

    **Arguments:**

    - `follower`: what is known of the run.
    - `pause`: how often it is looked whether there is news [s].
    """
    seen, last = -1, time.monotonic()
    while not follower.stopped:
        if follower.version != seen:
            seen, last, known = follower.version, time.monotonic(), follower.known
            yield f"id: {seen}\nevent: news\ndata: {json.dumps(_news(known))}\n\n"
            if known.whole and not known.live:
                yield "event: end\ndata: {}\n\n"
                return
        elif time.monotonic() - last > _BEAT:
            last = time.monotonic()
            yield ": still here\n\n"
        await asyncio.sleep(pause)


def _news(known: Known) -> dict[str, Any]:
    records = known.records
    news: dict[str, Any] = {
        "state": str(known.facts.get("state", "unknown")),
        "whole": known.whole,
        "problem": known.problem,
        "records": len(records.turn),
        "tasks": len(known.tasks.id),
        "versions": max((len(matrix.turns) for matrix in known.matrices), default=0),
    }
    if len(records.turn):
        news |= {name: int(getattr(records, name)[-1]) for name in ("turn", "steps", "updates", "calls", "episodes")}
        news["seconds"] = float(records.seconds[-1])
        latest = {name: float(column[-1]) for name, column in records.metrics.items()}
        news["metrics"] = {name: value for name, value in latest.items() if math.isfinite(value)}
    return news
