"""The entry point: which verb was typed, and what becomes of errors."""

import difflib
import importlib
import os
import sys
import time
from pathlib import Path

from explora._version import __version__

STARTED = time.monotonic()

HELP = """\
explora searches for its own training data: it decides what a learner should learn from next.

Begin here:
  explora run maze --minutes 4            an agent learns to find its way through mazes it has never seen
  explora report RUN                      one page with curves, the tasks that were found, and replays
  explora eval RUN --suite perfect-13     how well it does on other mazes
  explora suggest --data FILE --target COLUMN -n 20      which rows of a table to label next

All verbs (each has its own --help):
  run DOMAIN          search, learn, judge; Ctrl-C stops cleanly and says how to go on
  resume RUN          go on, bit for bit as if the run had never stopped
  eval RUN            play held-out tasks: --suite NAME, or --tasks FILE with your own mazes; --json for scripts
  report RUN          write report.html into the run's folder
  film RUN            one episode as GIF or MP4, or as one picture: any recorded task, suite, or file of yours
  compare RUN RUN …   runs side by side, with intervals over seeds
  tune DOMAIN         search a recipe's fields on `graded`, the same budget for every recipe
  export RUN          weights as safetensors, tasks as JSON lines
  suggest             which items of a file to label next; no run, no server
  audit               labels that look wrong, contradictions, how good they make a model
  predict RUN         what a model that was taught by labels makes of new data
  experience SOURCE   the episodes that a run has kept, or of a file; converted, counted, checked
  learn SOURCE        a model that can be asked for things learns from them
  ask RUN "…"         has such a model do what is asked, and says whether it did
  people RUN          a page in your browser to watch the run and to answer its questions
  list                the runs under ./runs
  recipes             the named algorithms, the parts they are made of, their papers
  domains             the spaces of tasks

Every field of every part is an option: `explora run maze --recipe accel --help` lists them, for instance
  explora run maze --recipe accel --explorer.capacity 1000 --learner.rate 3e-4 --domain.space.walls 25

RUN is a folder, or the name of one under ./runs. Results go to stdout, progress to stderr.
"""

VERBS = {
    "run": "_run",
    "resume": "_run",
    "eval": "_eval",
    "report": "_report",
    "film": "_film",
    "compare": "_compare",
    "tune": "_tune",
    "export": "_export",
    "suggest": "_suggest",
    "audit": "_audit",
    "predict": "_predict",
    "experience": "_ask",
    "learn": "_ask",
    "ask": "_ask",
    "people": "_people",
    "list": "_lists",
    "recipes": "_lists",
    "domains": "_lists",
}


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line.

    **Arguments:**

    - `arguments`: what was typed after `explora`; None: that of this process.

    **Returns:** the exit code: 0, or 2 for a mistake of the user, or 130 after an interruption.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(HELP)
        return 0
    if words[0] in ("-V", "--version"):
        sys.stdout.write(f"explora {__version__}\n")
        return 0
    verb, rest = words[0], words[1:]
    if verb not in VERBS:
        return _mistake(f"there is no verb {verb!r}{_suggest(verb)}")
    if verb not in ("list", "recipes", "domains"):
        _prepare_jax()
    module = importlib.import_module(f"explora.cli.{VERBS[verb]}")
    try:
        return getattr(module, verb.replace("eval", "evaluate"))(rest)
    except SystemExit as leaving:  # tyro has said what was wrong, or printed its help
        return leaving.code if isinstance(leaving.code, int) else 0
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if not _is_ours(error):
            raise
        return _mistake(str(error))


def _is_ours(error: Exception) -> bool:
    from explora.core import ExploraError  # here, so that help and lists need no JAX

    return isinstance(error, ExploraError)


def _mistake(message: str) -> int:
    sys.stderr.write(f"explora: {message}\n")
    return 2


def _suggest(verb: str) -> str:
    near = difflib.get_close_matches(verb, VERBS, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(VERBS)}"


def _prepare_jax() -> None:
    """Compiled programs are kept on disk, so that a second start costs no compilation; cores share the lanes."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(home / "explora" / "jax"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.5")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
    if "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", ""):
        return  # the variable would win over the flag
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # A power of two, because so are the lanes; beyond four, a core's share of the default lesson is too small.
    os.environ.setdefault("JAX_NUM_CPU_DEVICES", "4" if cores >= 4 else "2" if cores >= 2 else "1")
