"""`explora people`."""

import sys
from pathlib import Path
from typing import Annotated

import tyro

from explora.core import ArgumentError, between
from explora.store import find

from .._parse import RunPath, parse
from ._instead import Instead

_SERVE = Instead()


def people(words: list[str]) -> int:
    """Serves the pages of a run to people."""

    def people(
        run: RunPath,
        port: Annotated[int, tyro.conf.arg(help="on this machine; 0 takes any that is free")] = 8321,
        queue: Annotated[
            str | None, tyro.conf.arg(help="file of questions, or postgresql://…; default: as the run has it")
        ] = None,
        store: Annotated[
            str | None, tyro.conf.arg(help="postgresql://… for what people do; default: people.db in the folder")
        ] = None,
        public: Annotated[
            str | None, tyro.conf.arg(help="https://… under which a reverse proxy of yours serves it")
        ] = None,
        rate: Annotated[float, tyro.conf.arg(help="requests a second that each person may make; 0: any number")] = 50.0,
        instead: Annotated[Instead, tyro.conf.arg(name="")] = _SERVE,
    ) -> int:
        """Let people watch a run and answer its questions, in a browser.

        Prints a link that signs you in as the owner, once; there you invite others. Only this machine can reach the
        server. Ctrl-C stops it; what people said is kept, and the run itself is never touched. With `--export`,
        `--gold`, `--backup`, `--restore` or `--forget` nothing is served: that is done, and it ends.
        """
        between("rate", rate, 0.0)
        if public is not None and not public.startswith(("https://", "http://")):
            raise ArgumentError(f"`public` must be an address such as https://labels.example.org, got {public!r}")
        path = find(run)
        if queue is not None and "://" not in queue and not Path(queue).is_file():
            raise ArgumentError(f"`queue` must be the file of a queue, and there is no {queue}")
        chosen = queue if queue is None or "://" in queue else Path(queue)
        if instead.done(path, store, chosen):
            return 0
        from explora.people import Rules, serve  # here, so that a missing package is one sentence

        rules = Rules(public=public, rate=rate)
        try:
            serve(path, port=port, rules=rules, store=store, queue=chosen, said=_say)
        except KeyboardInterrupt:  # the server has ended in good order and says how
            sys.stderr.write("stopped\n")
        return 0

    return parse(people, words, "explora people")


def _say(link: str) -> None:
    sys.stdout.write(f"{link}\n")
    sys.stdout.flush()
    sys.stderr.write("This link signs you in once. Ctrl-C stops the server.\n")
