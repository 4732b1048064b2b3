"""A process that appends episodes until it is killed; `test_experience.py` starts it."""

import sys

from test_experience import made

from explora.store.experience import EpisodeStore


def main(path: str) -> None:
    with EpisodeStore.open(path, write=True) as store:
        while True:
            store.append(made(len(store) // 3, 3))
            print(len(store), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
