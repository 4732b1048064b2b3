import io

import numpy as np
import pytest
from PIL import Image

from explora.core import ArgumentError
from explora.domains.pool import Source, Table, from_arrays
from explora.domains.pool._features._images import DIMS, descriptor, pixels


def stripes(angle: float) -> np.ndarray:
    y, x = np.mgrid[0:64, 0:64]
    wave = 0.5 + 0.5 * np.sin((x * np.cos(angle) + y * np.sin(angle)) / 2)
    return np.repeat(wave[:, :, None], 3, axis=2).astype(np.float32)


def parts(image: np.ndarray) -> list[np.ndarray]:
    """Brightness, edges, colours of cells, shades."""
    return np.split(descriptor(image), [256, 384, 432])


def test_a_descriptor_by_hand():
    half = np.zeros((64, 64, 3), np.float32)
    half[:, 32:] = [1.0, 0.0, 0.0]
    brightness, edges, cells, shades = parts(half)
    assert len(descriptor(half)) == DIMS == 496
    assert np.allclose(brightness.reshape(16, 16)[:, :8], 0)
    assert np.allclose(brightness.reshape(16, 16)[:, 8:], 0.299)
    # All edges point across (direction 0); they lie in the two middle columns of cells, in equal parts.
    edges = edges.reshape(4, 4, 8)
    assert np.allclose(edges[:, 1:3, 0], np.sqrt(1 / 8), atol=1e-6)
    assert np.isclose(np.linalg.norm(edges), 1)
    assert np.allclose(cells.reshape(4, 4, 3)[:, 2:], [1, 0, 0])
    assert np.allclose(shades[[0, 48]], np.sqrt(0.5))  # half black, half of the reddest shade: 3 · 16
    assert np.isclose((shades**2).sum(), 1)


def test_edges_know_their_direction_and_not_their_sign():
    for turn in range(8):
        edges = parts(stripes(turn * np.pi / 8))[1].reshape(16, 8)
        assert edges.sum(axis=0).argmax() == turn
    assert np.allclose(parts(stripes(0))[1], parts(1 - stripes(0))[1], atol=1e-5)
    assert np.allclose(parts(np.full((64, 64, 3), 0.5, np.float32))[1], 0)


def test_however_an_image_comes(tmp_path):
    array = np.zeros((10, 20, 3), np.uint8)
    array[:, :10] = [255, 0, 0]
    image = Image.fromarray(array)
    image.save(tmp_path / "a.png")
    with io.BytesIO() as file:
        image.save(file, "PNG")
        encoded = file.getvalue()
    ways = [array, array / 255, image, encoded, {"bytes": encoded, "path": None}, str(tmp_path / "a.png")]
    first = pixels(ways[0], None, 0)
    assert first.shape == (64, 64, 3)
    assert np.allclose(first[5, 5], [1, 0, 0])
    for way in ways[1:]:
        assert np.array_equal(pixels(way, None, 0), first)
    assert np.array_equal(pixels("a.png", tmp_path, 0), first)
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    assert np.allclose(pixels(clear, None, 0), 1)  # what is transparent is white, as on paper
    assert np.allclose(pixels(np.full((8, 8, 1), 128, np.uint8), None, 0), 128 / 255)
    with pytest.raises(ArgumentError, match=r"the image in row 3 must have the shape \(height, width\)"):
        pixels(np.zeros((2, 3, 5)), None, 3)
    with pytest.raises(ArgumentError, match="must be a path, bytes, an array or a Pillow image, got 7"):
        pixels(7, None, 3)


def test_folders_of_images_are_labelled_by_sub_folder(tmp_path):
    dice = np.random.default_rng(0)
    for kind, colour in (("red", 0), ("blue", 2)):
        (tmp_path / kind).mkdir()
        for i in range(4):
            array = dice.integers(0, 60, (12, 9, 3)).astype(np.uint8)
            array[:, :, colour] += 150
            Image.fromarray(array).save(tmp_path / kind / f"{i}.{'png' if i % 2 else 'JPEG'}")
    items = Source(str(tmp_path), target="folder").read()
    assert items.ids[0] == "blue/0.JPEG"
    assert items.labels == ["blue"] * 4 + ["red"] * 4
    assert all(name.startswith("image: ") for name in items.feature_names)
    assert items.inputs.shape == (8, len(items.feature_names))
    middle = items.inputs[:4].mean(axis=0) - items.inputs[4:].mean(axis=0)
    assert ((items.inputs @ middle > 0) == ([True] * 4 + [False] * 4)).all()
    bare = Source(str(tmp_path)).read()
    assert bare.labels == [None] * 8
    assert np.array_equal(bare.inputs, items.inputs)  # the folder is no property of the picture
    assert np.array_equal(items.featuriser(items.table), items.inputs)
    (tmp_path / "list.csv").write_text("picture,y\nred/1.png,r\nblue/1.png,b\n,b\n")
    table = Source(str(tmp_path / "list.csv"), target="y", image=("picture",)).read()
    assert not table.inputs[2].any()  # no picture: the middle of all
    assert table.inputs[:2].any(axis=1).all()


def test_images_as_arrays():
    grey = np.random.default_rng(0).integers(0, 256, (6, 8, 8)).astype(np.uint8)
    items = from_arrays(grey, ["a", None, "b", "a", None, "b"])
    assert items.inputs.shape[0] == 6
    assert items.labels == ["a", None, "b", "a", None, "b"]
    again = items.featuriser(Table({"image": grey[2:3]}))
    assert np.array_equal(again[0], items.inputs[2])
