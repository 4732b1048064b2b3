"""The two rules of transfer on the same pairs, and the two measures of novelty on the same children.

Both look at moments of the runs with transfer, just before agents may go to other niches.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import PRNGKeyArray

from explora.explorers.niches import NOBODY
from explora.explorers.niches._contest import novelty_of, opinion
from explora.learners._es import ESState

from ._engine import Bench
from ._statistics import spearman

NEIGHBOURS = 5
LAST = 5


def pairs(bench: Bench, moment: dict[str, Any], key: PRNGKeyArray) -> dict[str, Any]:
    """Every stranger for every niche, by both rules, and what fresh episodes say.

    **Arguments:**

    - `bench`: domain, learner, settings.
    - `moment`: from `Diary.keep`.
    - `key`: for all episodes.

    **Returns:** one entry a pair, and the steps of the direct returns and of the proposals.
    """
    first, direct_key, again = jr.split(key, 3)
    state, tasks, many = _restored(bench, moment, first), [bench.task(x) for x in moment["genes"]], len(moment["genes"])
    everybody = [(i, j) for i in range(many) for j in range(many)]
    direct, direct_steps = bench.trial(
        state, [tasks[j] for _, j in everybody], [i for i, _ in everybody], 1, direct_key
    )
    matrix = direct.reshape(many, many)
    facts, proposal_steps = [], 0
    for shift in range(1, many):
        keys = jr.split(jr.fold_in(again, shift), 4)
        strangers = [(place + shift) % many for place in range(many)]
        scratch = [bench.preset.capacity + place for place in range(many)]
        source = np.full(bench.learner.members, NOBODY, np.int32)
        source[scratch] = strangers
        copied = bench.learner.start(state, jnp.asarray(source), key=keys[0])
        learned, _, spent = bench.practise(copied, tasks, scratch, keys[1])
        tried, tried_steps = bench.trial(learned, tasks, scratch, 1, keys[2])
        players = [*range(many), *strangers, *scratch]
        truth, _ = bench.trial(learned, tasks * 3, players, bench.preset.fresh, keys[3])
        shown = truth.mean(1).reshape(3, many)
        proposal_steps += int(spent.sum()) + tried_steps
        for place, stranger in enumerate(strangers):
            own = float(matrix[place, place])
            last = [own, *(float(x) for x in moment["recent"][place][: LAST - 1])]
            facts.append(
                {
                    "niche": place,
                    "stranger": stranger,
                    "own": own,
                    "bar": max(x for x in last if np.isfinite(x)),
                    "direct": float(matrix[stranger, place]),
                    "proposal": float(tried[place, 0]),
                    "steps": int(spent[place]),
                    "true": [float(x) for x in shown[:, place]],
                }
            )
    return {"pairs": facts, "direct_steps": direct_steps, "proposal_steps": proposal_steps, "matrix": matrix}


def decide(pair: dict[str, Any], rule: str) -> dict[str, Any]:
    """What a rule makes of a pair: whether a proposal is computed, who is accepted, and whether that was right.

    **Arguments:**

    - `pair`: returns of the incumbent (`own`; `bar`, the best of its last ones), of the stranger as it is and after a
      step of learning, and the `true` means of incumbent, stranger and proposal.
    - `rule`: `"poet"` or `"enhanced"`.

    **Returns:** `proposed`, `accepted` and, if it is accepted, its true `gain` over the incumbent.
    """
    own, bar, direct, proposal = (pair[name] for name in ("own", "bar", "direct", "proposal"))
    incumbent, stranger, learned = pair["true"]
    if rule == "enhanced":
        proposed = direct > bar
        accepted, gain, claim = proposed and proposal > bar, learned - incumbent, proposal
    else:
        proposed, accepted, claim = True, max(direct, proposal) > own, max(direct, proposal)
        gain = (stranger if direct >= proposal else learned) - incumbent
    return {"proposed": proposed, "accepted": accepted, "gain": gain if accepted else None, "claim": claim}


def tally(moments: list[list[dict[str, Any]]], rule: str) -> dict[str, Any]:
    """All decisions of a rule: about pairs, and about who takes each niche over in the end.

    **Arguments:**

    - `moments`: the pairs of each moment.
    - `rule`: as for `decide`.
    """
    told = [[(pair, decide(pair, rule)) for pair in moment] for moment in moments]
    flat = [said for moment in told for _, said in moment]
    winners: list[float] = []
    niches = 0
    for moment in told:
        for niche in sorted({pair["niche"] for pair, _ in moment}):
            accepted = [said for pair, said in moment if pair["niche"] == niche and said["accepted"]]
            niches += 1
            winners += [max(accepted, key=lambda said: said["claim"])["gain"]] if accepted else []
    gains = [said["gain"] for said in flat if said["accepted"]]
    return {
        "pairs": len(flat),
        "proposed": sum(said["proposed"] for said in flat),
        "proposal_steps": sum(pair["steps"] for m in told for pair, said in m if said["proposed"]),
        "accepted": len(gains),
        "wrong": sum(gain <= 0 for gain in gains),
        "gain": float(np.mean(gains)) if gains else None,
        "niches": niches,
        "taken": len(winners),
        "taken_wrongly": sum(gain <= 0 for gain in winners),
        "taken_gain": float(np.mean(winners)) if winners else None,
    }


def novelties(bench: Bench, moment: dict[str, Any], matrix: np.ndarray, key: PRNGKeyArray) -> dict[str, Any] | None:
    """Both measures of novelty of the same children; None if nobody may have any.

    **Arguments:**

    - `bench`, `moment`, `key`: as for `pairs`.
    - `matrix`: the return of each agent in each niche.

    **Returns:** the novelty of each child by encoding and by what agents make of it, and what the latter costs.
    """
    preset = bench.preset
    able = np.flatnonzero(moment["score"] >= preset.reproduce)
    if not len(able):
        return None
    pick, change, first, play = jr.split(key, 4)
    parents = np.asarray(jr.choice(pick, jnp.asarray(able), (preset.brood,)))
    stacked = jax.tree.map(lambda *x: jnp.stack(x), *(bench.task(moment["genes"][int(p)]) for p in parents))
    children = bench.space.mutants(stacked, key=change)
    features = jax.vmap(bench.space.features)(children)
    known = jnp.asarray(moment["known"])
    by_code = novelty_of(features, known, jnp.ones(known.shape[0], bool), NEIGHBOURS)
    many, brood = len(moment["genes"]), preset.brood
    tasks = [jax.tree.map(lambda x: x[child], children) for child in range(brood)]  # noqa: B023
    state = _restored(bench, moment, first)
    everybody = [(i, j) for i in range(many) for j in range(brood)]
    returns, steps = bench.trial(state, [tasks[j] for _, j in everybody], [i for i, _ in everybody], 1, play)
    there = jnp.ones((many,), bool)
    mine = opinion(jnp.asarray(returns.reshape(many, brood)), there, preset.low, preset.high)
    others = opinion(jnp.asarray(matrix), there, preset.low, preset.high)
    by_rank = novelty_of(mine, others, there, NEIGHBOURS)
    one, other = (np.asarray(x, float).tolist() for x in (by_code, by_rank))
    return {
        "encoding": one,
        "agents": other,
        "rho": spearman(one, other),
        "same_first": int(np.argmax(one)) == int(np.argmax(other)),
        "episodes": many * brood + many * many,
        "steps": steps,
    }


def rules(bench: Bench, moments: list[dict[str, Any]], seed: int) -> dict[str, Any]:
    """Both comparisons at all moments of one run."""
    contests, broods, direct, since = [], [], [], None
    for number, moment in enumerate(moments):
        key = jr.fold_in(jr.key(40_000 + seed), number)
        found = pairs(bench, moment, jr.fold_in(key, 0))
        brood = novelties(bench, moment, found["matrix"], jr.fold_in(key, 1))
        contests.append(found["pairs"])
        direct.append(found["direct_steps"])
        if brood is not None:
            generation = None if since is None else moment["steps"] - since
            broods.append(brood | {"direct_steps": found["direct_steps"], "generation": generation})
        since = moment["steps"]
    return {
        "moments": len(moments),
        "direct_steps": int(sum(direct)),
        "poet": tally(contests, "poet"),
        "enhanced": tally(contests, "enhanced"),
        "broods": broods,
        "pairs": [[{**pair, "true": [round(x, 2) for x in pair["true"]]} for pair in moment] for moment in contests],
    }


def _restored(bench: Bench, moment: dict[str, Any], key: PRNGKeyArray) -> ESState:
    """The agents of a moment; all else is new."""
    state = bench.fresh(key)
    many = len(moment["centre"])
    centre = state.centre.at[:many].set(jnp.asarray(moment["centre"]))
    earned = state.earned.at[:many].set(jnp.asarray(moment["earned"]))
    return bench.everywhere(eqx.tree_at(lambda s: (s.centre, s.earned), state, (centre, earned)))
