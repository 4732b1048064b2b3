"""What cannot be read is said in one line that names the file, the line and the cure."""

import time

import numpy as np
import pytest

from explora.core import ArgumentError, ExploraError, MissingExtra, TaskError
from explora.domains.pool import Source, from_arrays


def refused(source: Source) -> str:
    with pytest.raises(ExploraError) as caught:
        source.read()
    message = str(caught.value)
    assert "\n" not in message
    assert message.isprintable()
    assert len(message) < len(source.path) + 260, message
    assert source.path in message
    return message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty; give a file with data"),
        (b" \n\r\n\t\n", "is empty; give a file with data"),
        (b"a,b\n", "a line of column names and no rows"),
        (b"a,b\n\n\n", "a line of column names and no rows"),
        (b"a,b", "a line of column names and no rows"),
        (b"a,b\n1,2\n3\n4,5\n", "line 3: 1 field where the first line has 2; complete the row"),
        (b"\n\r\na,b\n1,2\n\n3,4,5\n", "line 6: 3 fields where the first line has 2"),
        (b"\n\na,a\n1,2\n", "line 3: two columns are called 'a'"),
        (b"a,b\n1,2\n3,4,5\n", "line 3: 3 fields where the first line has 2"),
        (b'a,b\n1,"x\ny,"\n3,4,5\n6\n', "line 4: 3 fields where the first line has 2 (as in 1 further rows)"),
        (b"a,a\n1,2\n", "line 1: two columns are called 'a'; rename one"),
        (b"," * 30_000 + b"\n", "line 1: 30,001 columns; at most 20,000 are read"),
        (b"1,2\n3,4\n", "line 1: numbers where the names of the columns must be"),
        (b'a,b\n1,2\n3,"x\n5,6\n', "line 3: a quotation mark that is never closed"),
        (b'a,b\n1,2\n3,5" wide\n5,6\n', "line 3: a quotation mark that is never closed"),
        (b'a,b\n1,2\n3,5" x 6" wide\n"5"6,7\n', "line 3: a quotation mark inside a field"),
        (b"a,b\x01\n1,2\n", "line 1: a column name with characters that cannot be printed"),
        (b"a,b\n1,2\x00\n", "line 2: a zero byte, as in no text; save the file as text in UTF-8"),
        ("a,b\n1,ü\n".encode("utf-16"), "line 1: UTF-16 text; save the file in UTF-8"),
        ("a,b\n1,ü\n".encode("utf-32"), "line 1: UTF-32 text; save the file in UTF-8"),
        (("a,b\n1,x\n" * 9).encode("utf-16-le"), "UTF-16 text without a mark; save the file as text in UTF-8"),
        ("a,b\n1,x\n2,grün\n".encode("latin-1"), "line 3: not UTF-8 text (perhaps Latin-1, where this byte is 'ü')"),
        (b"a,b\n1,\x80\x81\xfe\xff\n", "line 2: not UTF-8 text; save the file as text in UTF-8"),
        (b"a,b\n1,x\n1,x\n", "no column to learn from in its 2 rows: 'a' never varies, 'b' never varies; add"),
        (b"a,b\n1,x\n", "no column to learn from in its 1 row"),
    ],
)
def test_tables(tmp_path, content, words):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    assert words in refused(Source(str(path)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"a": 1}\n{"a": 2\n', "line 2: not JSON"),
        ('{"a": 1}\n\n[1, 2]\n', "line 3: not an object; write a line as"),
        ("{}\n{}\n", "objects without fields"),
        ("nonsense\n", "line 1: not JSON (Expecting value); write one object a line"),
        ("[" * 10_000 + "\n", "line 1: not JSON"),
    ],
)
def test_objects(tmp_path, content, words):
    path = tmp_path / "bad.jsonl"
    path.write_text(content)
    assert words in refused(Source(str(path)))


def test_files_and_folders(tmp_path):
    assert "there is no file or folder" in refused(Source(str(tmp_path / "absent.xyz")))
    assert "there is no file " in refused(Source(str(tmp_path / "absent.csv")))
    assert "there is no folder" in refused(Source(str(tmp_path / "absent"), kind="images"))
    assert "is a folder; give a file" in refused(Source(str(tmp_path), kind="csv"))
    assert "holds neither images (PNG, JPEG) nor texts (.txt)" in refused(Source(str(tmp_path)))
    assert "holds no image" in refused(Source(str(tmp_path), kind="images"))
    assert "holds no text" in refused(Source(str(tmp_path), kind="texts"))
    (tmp_path / "t.xyz").write_text("a")
    assert "ends in '.xyz', which says nothing; give `kind`" in refused(Source(str(tmp_path / "t.xyz")))
    (tmp_path / "t.parquet").write_text("a,b\n1,2\n")
    assert "is not a Parquet file" in refused(Source(str(tmp_path / "t.parquet")))
    assert "cannot be read: File name too long" in refused(Source(str(tmp_path / ("x" * 300)) + ".csv", kind="csv"))
    (tmp_path / "t.txt").write_bytes(b"one\ntw\xf6\n")
    assert "line 2: not UTF-8 text (perhaps Latin-1" in refused(Source(str(tmp_path / "t.txt")))


def test_columns(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("name,label,x\np,a,1\np,b,2\n,b,3\n")
    assert "`target` is 'lable', but" in refused(Source(str(path), target="lable"))
    assert "no such column; did you mean 'label'?" in refused(Source(str(path), target="lable"))
    assert "`group` is 'q'" in refused(Source(str(path), group="q"))
    assert "`text` is 'q'" in refused(Source(str(path), text=("q",)))
    assert "`ignore` is 'q'" in refused(Source(str(path), ignore=("q",)))
    assert "row 2, column 'name': 'p' is also the name of row 1" in refused(Source(str(path), id="name"))
    path.write_text("name,label,x\np,a,1\nq,b,2\n,b,3\n")
    assert "row 3, column 'name': no name" in refused(Source(str(path), id="name"))
    only = tmp_path / "only.csv"
    only.write_text("label\na\nb\n")
    assert "no column to learn from; it needs at least one beside the target" in refused(
        Source(str(only), target="label")
    )


def test_what_is_right_though_it_looks_wrong(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1,a\n1,a\n2,a\n")
    assert Source(str(path), target="y").read().labels == ["a"] * 3  # a target that never varies, and doubled rows
    path.write_text("x,y\n1,\n1,\n2,\n")
    assert Source(str(path), target="y").read().labels == [None] * 3  # nobody has labelled anything yet


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "txt"])
@pytest.mark.parametrize(
    "noise",
    [
        lambda dice: dice.integers(0, 256, 10_000_000, np.uint8).tobytes(),
        lambda dice: dice.choice(np.frombuffer(b'abc, ;"\n{}', np.uint8), 10_000_000).tobytes(),
        lambda dice: b"," * 10_000_000,
        lambda dice: b'"' * 10_000_001,
        lambda dice: b"x" * 10_000_000,
    ],
)
def test_ten_megabytes_of_noise_are_answered_briefly(tmp_path, noise, ending):
    path = tmp_path / f"noise.{ending}"
    path.write_bytes(noise(np.random.default_rng(0)))
    start = time.process_time()
    if ending == "txt" and b"\xff" not in path.read_bytes():
        with pytest.raises(ArgumentError) if path.read_bytes().count(b"\n") == 0 else pytest.raises(ExploraError):
            Source(str(path), target="none").read()
    else:
        refused(Source(str(path)))
    assert time.process_time() - start < 10


def test_packages_that_are_not_there_are_named(tmp_path, monkeypatch):
    import sys

    path = tmp_path / "t.csv"
    path.write_text("x,y\n1,a\n2,b\n")
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtra, match=r"'polars': pip install 'explora\[pool\]'"):
        Source(str(path)).read()
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(MissingExtra, match=r"'scikit-learn': pip install 'explora\[pool\]'"):
        Source("sklearn:iris").read()
    # Arrays and generated sets need neither.
    assert len(from_arrays([[1.0], [2.0]])) == 2
    assert len(Source("made:requests").read()) == 3000


def test_images_that_cannot_be_opened(tmp_path):
    from PIL import Image

    Image.new("RGB", (8, 8), "red").save(tmp_path / "a.png")
    Image.new("RGB", (8, 8), "blue").save(tmp_path / "b.png")
    (tmp_path / "c.png").write_text("no image")
    assert "c.png is not an image; save it as PNG or JPEG, or leave it out" in refused(Source(str(tmp_path)))
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)).save(tmp_path / "c.png")
    whole = (tmp_path / "c.png").read_bytes()
    (tmp_path / "c.png").write_bytes(whole[: len(whole) // 2])
    assert "c.png cannot be opened (" in refused(Source(str(tmp_path)))
    (tmp_path / "t.csv").write_text("file\na.png\nnone.png\n")
    with pytest.raises(TaskError, match=r"there is no image .*none.png; correct its path"):
        Source(str(tmp_path / "t.csv"), image=("file",)).read()
