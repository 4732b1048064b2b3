"""A process that writes a run until it is killed; `test_folder.py` starts it."""

import os
import sys
import time

import jax.numpy as jnp

from explora.store import Record, RunFolder


def main(path: str) -> None:
    with RunFolder.create(path, config={"size": 3}) as folder:
        turn = 0
        while True:
            turn += 1
            folder.database.append(Record(turn, turn, 0, 0, 0, time.time(), 1.0, {"turn": turn}))
            folder.checkpoints.save({"w": jnp.full(1000, turn)}, turn=turn)
            if turn == 2 and not os.fork():
                time.sleep(600)  # a worker that outlives its parent
            if turn == 2:
                print("writing", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
