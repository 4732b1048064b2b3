"""`explora ask`: has a model do what is asked, shows it, and says whether it did."""

import dataclasses
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import tyro

from explora.core import ArgumentError, Environment, Episodes, NotThere, Policy, Suite, record
from explora.domains.views import CONDITIONS, Asking, Request, Spoken
from explora.learners.sequence import Sequence, SequencePolicy
from explora.runs import Player, load
from explora.store import find
from explora.store.experience import is_store

from .._parse import RunPath, parse
from .._screen import Quiet

_SHOWN = 3  # how many tasks are drawn
_OPTIONS = {"return": "return", "horizon": "within", "skill": "skill"}  # what a condition is called there


class _Answer(NamedTuple):
    """What came of a request in one task.

    **Arguments:**

    - `name`: of the task.
    - `did`: the share of episodes in which all of it came true; None if nothing was asked in words.
    - `clauses`: that of each clause.
    - `unasked`: that of all of it when nothing is asked: how much it means.
    - `returns`: the mean return.
    - `story`: what the first episode did.
    - `picture`: where it went.
    """

    name: str
    did: float | None
    clauses: dict[str, float]
    unasked: float | None
    returns: float
    story: str
    picture: str


@dataclasses.dataclass(frozen=True)
class _Played:
    """How it is played."""

    insist: Annotated[
        float, tyro.conf.arg(help="how much what is asked counts; above 1: more than in what it learned from")
    ] = 1.0
    episodes: Annotated[int, tyro.conf.arg(help="how often each task is played")] = 20
    seed: Annotated[int, tyro.conf.arg(help="of what is drawn")] = 0
    greedy: Annotated[bool, tyro.conf.arg(help="take the likeliest actions")] = False


def ask(words: list[str]) -> int:
    """Asks a model for something."""

    def ask(
        run: RunPath,
        request: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar='"…"', help="what it is to do")] = "",
        task: Annotated[str | None, tyro.conf.arg(help="a file of tasks; default: some that are drawn")] = None,
        value: Annotated[
            float | None, tyro.conf.arg(name="return", help="the return that it is to get, if it learned to heed it")
        ] = None,
        within: Annotated[float | None, tyro.conf.arg(help="in how many steps, likewise")] = None,
        skill: Annotated[float | None, tyro.conf.arg(help="play as the learner did at that turn, likewise")] = None,
        played: Annotated[_Played, tyro.conf.arg(name="")] = _Played(),
        as_json: Annotated[bool, tyro.conf.arg(name="json", help="one JSON object a task on stdout")] = False,
    ) -> int:
        """Have a model that learned from stored episodes do what is asked, show it, and say whether it did.

        A request is some clauses: "reach the goal hugging the left wall". What cannot be asked is answered with what
        can. Beside the share of episodes that did what was asked stands that of the same model asked for nothing.
        """
        player = load(run, noted=Quiet().noted)
        asking = _asking(player, find(run))
        if played.episodes < 1:
            raise ArgumentError(f"`episodes` must be at least 1, got {played.episodes}")
        numbers = {"return": value, "horizon": within, "skill": skill}
        wanted = _Wanted.of(
            asking.environment, _heeds(player), getattr(player.state.learner, "ranges", {}), request, numbers
        )
        policy = _insisting(player, played.insist)
        policy = policy.greedy() if played.greedy else policy
        for suite in _suites(asking, task, played.seed):
            for answer in _answers(policy, asking, suite, wanted, played.episodes, played.seed):
                sys.stdout.write(json.dumps(answer._asdict()) + "\n" if as_json else _text(answer))
        return 0

    return parse(ask, words, "explora ask")


class _Wanted(NamedTuple):
    """A request that was understood.

    **Arguments:**

    - `clauses`: what is asked for in words.
    - `numbers`: return, horizon and skill; None: not told.
    - `goal`: whether the task's own goal is asked for, of a model that learned to reach places.
    """

    clauses: tuple[int, ...] = ()
    numbers: Mapping[str, float | None] = MappingProxyType({})
    goal: bool = False

    @staticmethod
    def of(
        environment: Environment,
        heeds: tuple[str, ...],
        ranges: Mapping[str, Any],
        text: str,
        numbers: Mapping[str, float | None],
    ) -> "_Wanted":
        """Reads a request, or says what can be asked."""
        for name, number in numbers.items():
            if number is not None:
                _check(name, number, heeds, ranges)
        language = environment.language if isinstance(environment, Spoken) else None
        if language is None and text:
            raise ArgumentError(
                f"`request` must be left out: this model learned no words, and heeds {', '.join(heeds) or 'nothing'}; "
                "`explora learn … --recipe words` trains one that does"
            )
        if language is None or (not text and any(number is not None for number in numbers.values())):
            return _Wanted((), numbers, goal=language is None and "goal" in heeds)
        return _Wanted(language.parse(text), numbers)


def _heeds(player: Player) -> tuple[str, ...]:
    """Which conditions a model learned to heed."""
    learner: Any = player.parts.learner
    return getattr(getattr(learner, "learner", learner), "told", ())


def _insisting(player: Player, insist: float) -> Policy:
    """Who is asked, heeding it so much."""
    if insist == 1:
        return player.policy
    learner: Any = player.parts.learner
    learner = getattr(learner, "learner", learner)
    if not isinstance(learner, Sequence) or not isinstance(player.policy, SequencePolicy):
        raise ArgumentError(f"`insist` is for sequence models, and {type(learner).__name__} is none: leave it out")
    dataclasses.replace(learner, insist=insist)  # complains where that cannot be
    return dataclasses.replace(player.policy, insist=insist)


def _check(name: str, number: float, heeds: tuple[str, ...], ranges: Mapping[str, Any]) -> None:
    """Complains about a number that means nothing to a model, and notes one beyond what it has seen."""
    option = _OPTIONS[name]
    if name not in heeds:
        raise ArgumentError(
            f"`{option}` is nothing that this model learned to heed: it heeds {', '.join(heeds) or 'nothing'}"
        )
    low, high = (float(x) for x in ranges[name])
    if not np.isfinite(number):
        raise ArgumentError(f"`{option}` must be a finite number, got {number}; in its data it is {low:g} to {high:g}")
    if name == "return" and not low <= number <= high:
        Quiet().noted(f"a return of {number:g} is beyond all that it has seen, {low:g} to {high:g}: it may not follow")
    elif not low <= number <= high:
        raise ArgumentError(f"`{option}` must be from {low:g} to {high:g}, as in its data; got {number:g}")


def _asking(player: Player, path: Path) -> Asking:
    """The domain of a model that can be asked."""
    domain = player.parts.domain
    if isinstance(domain, Asking):
        return domain
    if not isinstance(domain, Environment):
        raise NotThere(f"{path} plays no episodes, so there is nothing to ask: its learner answers questions")
    if is_store(path / "experience"):
        raise NotThere(f"{path} has no sequence model yet: `explora learn {path}` trains one from the episodes it kept")
    raise NotThere(
        f"{path} has no sequence model and kept no episodes to train one from: `explora run … --keep-experience` keeps "
        "some, and `explora learn RUN` trains a model that can be asked"
    )


def _suites(asking: Asking, task: str | None, seed: int) -> list[Suite]:
    """The tasks in which it is asked, in groups of one shape."""
    inner = _inner(asking.environment)
    if task is not None:
        return inner.read_tasks(task)
    some = eqx.filter_jit(inner.space.samples)(_SHOWN, key=jr.fold_in(jr.key(seed), 0xA5C))
    return [Suite(some, tuple(f"drawn {number}" for number in range(1, _SHOWN + 1)))]


def _inner(environment: Environment) -> Environment:
    return environment.environment if isinstance(environment, Spoken) else environment


def _answers(policy: Policy, asking: Asking, suite: Suite, wanted: _Wanted, episodes: int, seed: int) -> list[_Answer]:
    """What comes of a request in the tasks of a suite."""
    tasks = jax.tree.map(lambda x: jnp.repeat(x, episodes, axis=0), suite.tasks)
    inner = _inner(asking.environment)
    # the inner environment says what was reached; that goals are words is between the request and the model
    played = Asking(inner, conditions=())
    usual = eqx.filter_jit(jax.vmap(asking.space.of))(tasks)
    asked, plain = (
        record(played, policy, request, key=jr.fold_in(jr.key(seed), 1))
        for request in (_request(asking, usual, wanted), _request(asking, usual, _Wanted()))
    )
    true, control = (_retold(inner, found, tasks) for found in (asked, plain))
    return [
        _answer(inner, suite, row, wanted, slice(row * episodes, (row + 1) * episodes), asked, true, control)
        for row in range(len(suite.names))
    ]


def _request(asking: Asking, usual: Request, wanted: _Wanted) -> Request:
    """The usual requests with something else asked."""
    rows = usual.told.shape[0]
    number = wanted.numbers.get
    fill = lambda name: jnp.full((rows,), number(name) or 0.0, jnp.float32)
    said = {name: number(name) is not None for name in _OPTIONS} | {"goal": wanted.goal or bool(wanted.clauses)}
    told = jnp.array([said[name] for name in CONDITIONS])
    steps = usual.horizon if number("horizon") is None else fill("horizon").astype(jnp.int32)
    goal = usual.goal
    if isinstance(asking.environment, Spoken):
        bits = asking.environment.language.asked(wanted.clauses).astype(np.uint8)
        goal = jnp.broadcast_to(jnp.asarray(bits), (rows, len(bits)))
    return Request(usual.task, fill("return"), steps, goal, fill("skill"), jnp.broadcast_to(told, (rows, 4)))


def _retold(environment: Environment, episodes: Episodes, tasks: Any) -> np.ndarray | None:
    """Which clauses came true, where there are words."""
    if environment.language is None:
        return None
    seen = lambda moments: moments["seen"]
    leaves = jax.tree_util.tree_leaves_with_path(tasks)
    places = {f"task.{jax.tree_util.keystr(p, simple=True, separator='.')}": np.asarray(x) for p, x in leaves}
    fields = {"observation": seen(episodes.observation), "final": seen(episodes.final), "columns": places}
    return environment.retell(Episodes(**{**vars(episodes), **fields}))


def _answer(
    environment: Environment,
    suite: Suite,
    row: int,
    wanted: _Wanted,
    rows: slice,
    asked: Episodes,
    true: np.ndarray | None,
    control: np.ndarray | None,
) -> _Answer:
    task = jax.tree.map(lambda x: x[row], suite.tasks)
    returns = float(asked.returns[rows].mean())
    first = asked.take(np.array([rows.start]))
    picture = _picture(environment, task, first)
    if true is None or control is None or environment.language is None:
        return _Answer(suite.names[row], None, {}, None, returns, "", picture)
    clauses, says = list(wanted.clauses), environment.language.clauses
    did = lambda found: float(found[rows][:, clauses].all(1).mean()) if clauses else None
    each = {says[at].says: float(true[rows, at].mean()) for at in clauses}
    story = environment.language.sentence(true[rows.start])
    return _Answer(suite.names[row], did(true), each, did(control), returns, story, picture)


def _picture(environment: Environment, task: Any, episode: Episodes) -> str:
    """The cells of a grid in which an episode was, as `o`, on top of what stands there."""
    scene = environment.scene(task)
    if not isinstance(scene, dict) or scene.get("kind") != "grid" or not isinstance(episode.achieved, np.ndarray):
        return ""
    letters = [list(line) for line in scene["text"].split("\n")]
    for row, column in episode.achieved.tolist():
        if letters[row][column] == ".":
            letters[row][column] = "o"
    return "\n".join("".join(line) for line in letters)


def _text(answer: _Answer) -> str:
    lines = [answer.name, *(f"  {line}" for line in answer.picture.split("\n") if answer.picture)]
    if answer.story:
        lines.append(f"  the first time it did this: {answer.story}")
    lines += [f"  {share:6.1%}  {clause}" for clause, share in answer.clauses.items()]
    if answer.did is not None:
        lines.append(f"  {answer.did:6.1%}  all that was asked ({answer.unasked:.1%} when nothing is asked)")
    lines.append(f"  mean return {answer.returns:.3f}")
    return "\n".join(lines) + "\n\n"
