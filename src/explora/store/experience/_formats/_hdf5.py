"""Episodes as an HDF5 file in the layout of Minari, which its own tools and what is built on them can read.

A group `episode_N` for each, with `observations` (one more than actions), `actions`, `rewards`, `terminations` and
`truncations`; a dictionary is a group, a tuple a group of `_index_0`, `_index_1`, … What Minari has no place for
(columns, what was achieved) lies in a group `explora` beside them, which it passes over.
"""

import json
from pathlib import Path
from typing import Any

import jax
import numpy as np

from explora.core import Episodes, MissingExtra

from .._layout import Layout, put_together, take_apart

_OURS, _FORMAT = "explora", 1
_OWN = ("achieved", "columns")


def write(path: Path, episodes: Episodes) -> None:
    """Writes a file."""
    h5py = _h5py()
    layout, arrays = take_apart(episodes)
    with h5py.File(path, "w", track_order=True) as file:
        for number, (first, stop) in enumerate(zip(episodes.offsets[:-1].tolist(), episodes.offsets[1:].tolist())):
            group = file.create_group(f"episode_{number}")
            group.attrs.update({"id": number, "total_steps": stop - first})
            if "seed" in episodes.columns and episodes.columns["seed"].ndim == 1:
                group.attrs["seed"] = int(episodes.columns["seed"][number])
            seen = jax.tree.map(
                lambda x, last, n=number, at=slice(first, stop): np.concatenate([x[at], last[n : n + 1]]),
                episodes.observation,
                episodes.final,
            )
            _put(group, "observations", seen)
            group["actions"], group["rewards"] = episodes.action[first:stop], episodes.reward[first:stop]
            ended = np.zeros(stop - first, bool)
            ended[-1] = True
            group["terminations"] = ended & episodes.terminated[number]
            group["truncations"] = ended & ~episodes.terminated[number]
        ours = file.create_group(_OURS)
        ours.attrs["layout"] = json.dumps({"format": _FORMAT, **layout.to_json()})
        for place, (name, array) in enumerate((n, x) for n, x in arrays.items() if n.partition(".")[0] in _OWN):
            text = array.dtype.kind == "U"
            data = ours.create_dataset(f"array_{place}", data=np.char.encode(array, "utf-8") if text else array)
            data.attrs["name"] = name


def read(path: Path) -> Episodes:
    """Reads a file, whoever wrote it."""
    h5py = _h5py()
    if not h5py.is_hdf5(path):
        raise ValueError("it is no HDF5 file, or not a whole one")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise ValueError(f"it is damaged ({error})") from error
    with file:
        names = sorted((name for name in file if name.startswith("episode_")), key=_number)
        if not names:
            raise ValueError("it has no group `episode_0`, as files of Minari have")
        found = [_episode(file, name) for name in names]
        lengths = [len(rewards) for _, _, rewards, _ in found]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        seen = [tree for tree, *_ in found]
        episodes = Episodes(
            offsets,
            observation=_joined(seen, slice(None, -1)),
            final=_joined(seen, slice(-1, None)),
            action=np.concatenate([actions for _, actions, _, _ in found]),
            reward=np.concatenate([rewards for _, _, rewards, _ in found]).astype(np.float32),
            terminated=np.array([ended for *_, ended in found], bool),
        ).checked()
        return episodes if _OURS not in file else _with_ours(file[_OURS], episodes)


def _episode(file: Any, name: str) -> tuple[Any, np.ndarray, np.ndarray, bool]:
    """What was seen, done and earned in an episode, and whether it ended by its own rules."""
    group = file[name]
    for wanted in ("observations", "actions", "rewards", "terminations"):
        if wanted not in group:
            raise ValueError(f"`{name}/{wanted}` is missing")
    rewards, ended = _array(group, "rewards"), _array(group, "terminations")
    seen, actions = _get(group["observations"]), _get(group["actions"])
    if not isinstance(actions, np.ndarray):
        raise ValueError(f"`{name}/actions` is a group: actions of several parts are not supported")
    if not len(rewards) or len(actions) != len(rewards) or len(ended) != len(rewards):
        raise ValueError(
            f"`{name}` has {len(actions)} actions, {len(rewards)} rewards and {len(ended)} terminations: there must be "
            "as many of each, and at least one"
        )
    for path, x in jax.tree_util.tree_leaves_with_path(seen):
        if len(x) != len(rewards) + 1:
            raise ValueError(
                f"`{name}/observations{jax.tree_util.keystr(path)}` has {len(x)} entries for {len(rewards)} actions; "
                "one more than actions is expected"
            )
    return seen, actions, rewards, bool(ended[-1])


def _with_ours(group: Any, episodes: Episodes) -> Episodes:
    """The episodes with what Minari has no place for, made into the trees that they were."""
    content = json.loads(group.attrs["layout"])
    if content.get("format") != _FORMAT:
        raise ValueError(f"its layout is not of format {_FORMAT}: a newer explora wrote it")
    layout = Layout.from_json(content)
    _, arrays = take_apart(episodes)
    for data in (group[name] for name in group):
        name = str(data.attrs["name"])
        array = data[()]
        arrays[name] = np.char.decode(array, "utf-8") if layout.fields[name].dtype == "text" else array
    missing = [name for name in layout.fields if name not in arrays]
    if missing:
        raise ValueError(f"the array `{missing[0]}` is missing")
    return put_together(layout, episodes.offsets, arrays)


def _put(group: Any, name: str, tree: Any) -> None:
    if isinstance(tree, dict | tuple | list):
        items = tree.items() if isinstance(tree, dict) else ((f"_index_{i}", x) for i, x in enumerate(tree))
        inner = group.create_group(name)
        for key, value in items:
            _put(inner, key, value)
    else:
        group[name] = tree


def _get(node: Any) -> Any:
    if not hasattr(node, "keys"):
        return _plain(node)
    names = sorted(node.keys())
    if names and all(name.startswith("_index_") for name in names):
        return tuple(_get(node[f"_index_{place}"]) for place in range(len(names)))
    return {name: _get(node[name]) for name in names}


def _array(group: Any, name: str) -> np.ndarray:
    found = _get(group[name])
    if not isinstance(found, np.ndarray):
        raise ValueError(f"`{group.name}/{name}` must be an array and is a group")
    return found


def _plain(data: Any) -> np.ndarray:
    array = np.asarray(data[()])
    if array.dtype.kind not in "biufc":
        raise ValueError(
            f"`{data.name}` holds {array.dtype}: only arrays of numbers are read (images that Minari wrote as JPEG are "
            "not: write them with `jpeg_encoding=False`)"
        )
    return array


def _joined(trees: list[Any], part: slice) -> Any:
    shapes = {jax.tree.structure(tree) for tree in trees}
    if len(shapes) > 1:
        raise ValueError("the observations of its episodes are made otherwise from one to the next")
    return jax.tree.map(lambda *x: np.concatenate([one[part] for one in x]), *trees)


def _number(name: str) -> int:
    number = name.removeprefix("episode_")
    if not number.isdigit():
        raise ValueError(f"the group `{name}` has no number")
    return int(number)


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise MissingExtra("h5py", "experience") from error
    return h5py
