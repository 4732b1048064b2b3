"""`explora film`."""

import sys
from pathlib import Path
from typing import Annotated

import jax.random as jr
import tyro

from explora.core import between
from explora.plots import check_kind, film_of, played, write_film, write_picture
from explora.runs import read
from explora.store import RunFolder, find

from .._parse import RunPath, parse
from ._wanted import Wanted, agent_of, environment_of, own_agent, task_of

_LAST = Wanted()


def film(words: list[str]) -> int:
    """Films an episode."""

    def film(
        run: RunPath,
        wanted: Annotated[Wanted, tyro.conf.arg(name="")] = _LAST,
        agent: Annotated[int | None, tyro.conf.arg(help="member of a population; default: the task's own")] = None,
        version: Annotated[int | None, tyro.conf.arg(help="as it was after so many turns; default: newest")] = None,
        out: Annotated[
            str | None, tyro.conf.arg(help="file.gif, .mp4 or .png; default: film.gif in the folder")
        ] = None,
        size: Annotated[int | None, tyro.conf.arg(help="width [pixels]; default: 480, of a picture 1600")] = None,
        speed: Annotated[float, tyro.conf.arg(help="how many times faster than life")] = 1.0,
        seed: Annotated[int, tyro.conf.arg(help="of all chance")] = 0,
        greedy: Annotated[bool, tyro.conf.arg(help="take the likeliest actions")] = False,
    ) -> int:
        """Play one episode with what a run has learned, and write it down as a film or as one picture.

        `.gif` and `.mp4` are films (MP4 wants the extra `film`); `.png` is one picture of the whole episode, of a
        walker the terrain with its way, its body now and then, and where it put its feet. Works on a run that goes on,
        too. The path of the file is printed; what happened is said on stderr.
        """
        between("size", size, 16, 8192)
        between("speed", speed, 0, strict=True)
        path = find(run)
        target = Path(out).expanduser() if out is not None else path / "film.gif"
        kind = check_kind(target)
        with RunFolder.open(path, mend=True) as folder:
            parts, plan = read(folder)
            environment = environment_of(parts)
            called, chosen, number = task_of(wanted, folder, environment)
            if agent is None and version is None:
                agent, version = own_agent(folder, number)
            turn, actor = agent_of(folder, parts, plan, turn=version, member=agent, seed=seed, greedy=greedy)
        episode = played(environment, chosen, actor, key=jr.key(seed))
        end = "solved" if episode.solved else "not solved"
        who = "" if agent is None else f", agent {agent}"
        said = f"{called}: {end} in {episode.steps:,} steps, return {episode.returned:.1f}"
        sys.stderr.write(f"{said} (turn {turn}{who})\n")
        if kind == ".png":
            write_picture(target, environment.strip(episode.task, episode.states, size or 1600))
        else:
            write_film(target, film_of(environment, episode, kind, size=size or 480, speed=speed))
        sys.stdout.write(f"{target}\n")
        return 0

    return parse(film, words, "explora film")
