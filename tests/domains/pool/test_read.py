"""What is read, of every kind of file."""

import csv
import json
import subprocess
import sys

import equinox as eqx
import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explora.core import ArgumentError, UnknownName, build, spec
from explora.domains.pool import Source, Table
from explora.domains.pool._reading._csv import read_csv

PEOPLE = """\
name;age;city;kind
Ada;36;Rome;a
Bo;41;"Bonn; on the Rhine";
Cy;;"a ""town"",
really";b
Di;29;Rome; a
"""


def written(tmp_path, text: str, name: str = "people.csv"):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_a_table_of_text(tmp_path):
    path = written(tmp_path, PEOPLE)
    items = Source(str(path), target="kind", id="name").read()
    assert items.ids == ["Ada", "Bo", "Cy", "Di"]
    assert items.labels == ["a", None, "b", "a"]
    assert items.labelled.tolist() == [0, 2, 3]
    assert len(items) == 4
    assert items.groups is None
    assert items.row(2) == {"name": "Cy", "age": None, "city": 'a "town",\nreally', "kind": "b"}
    assert items.feature_names[:2] == ("age", "age is missing")
    assert items.inputs.shape == (4, len(items.feature_names))
    assert items.table.frame().height == 4
    assert items.table.take([3, 0]).row(0)["name"] == "Di"


def test_what_was_fitted_reads_new_rows(tmp_path):
    old = Source(str(written(tmp_path, PEOPLE)), target="kind", id="name").read()
    new = written(tmp_path, "city,age,name\nRome,36,Ada\nOslo,,Ed\n", "new.csv")
    items = Source(str(new), target="kind", id="name").read(old.featuriser)
    assert items.labels == [None, None]
    assert np.array_equal(items.inputs[0], old.inputs[0])
    assert items.inputs[1, 1] == 1
    bare = Source(str(written(tmp_path, "city,age\nRome,36\n", "bare.csv")), target="kind", id="name", group="house")
    assert bare.read(old.featuriser).ids == ["0"]
    with pytest.raises(ArgumentError, match=r"few.csv lacks the column 'age', which the model was made with"):
        Source(str(written(tmp_path, "city\nRome\n", "few.csv"))).read(old.featuriser)


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,x\n2,y\n3,x\n",
        "\ufeffa,b\n1,x\n2,y\n3,x",
        "a\tb\r\n1\tx\r\n2\ty\r\n3\tx\r\n",
        "a|b\n1|x\n\n2|y\n  \n3|x\n\n\n".replace("  \n", "\n"),
        "a;b\r1;x\r2;y\r3;x\r",
        "\n\na, b\n1,x\n2,y\n3,x\n",
        '"a","b"\n"1","x"\n"2","y"\n3,x\n',
    ],
)
def test_ways_of_writing_a_table(tmp_path, text):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode("utf-8"))
    items = Source(str(path), target="b").read()
    assert items.labels == ["x", "y", "x"]
    assert items.ids == ["0", "1", "2"]
    assert np.allclose(items.inputs[:, 0], [-np.sqrt(1.5), 0, np.sqrt(1.5)])


def test_a_comma_may_be_the_decimal_point(tmp_path):
    path = written(tmp_path, "size;price;day\n1,5;2;21.11.2026\n2,5;3;22.11.2026\n3,5;5;24.11.2026\n")
    items = Source(str(path)).read()
    assert items.feature_names[:3] == ("size", "price", "day: days")
    assert items.row(0) == {"size": 1.5, "price": 2, "day": "21.11.2026"}
    path = written(tmp_path, "size;names\n1.5;Ada, Bo\n2.5;Cy, Di\n3.5;Ada, Bo\n")
    assert Source(str(path)).read().row(0) == {"size": 1.5, "names": "Ada, Bo"}


def test_kinds_that_change_after_many_rows(tmp_path):
    rows = "".join(f"{i % 7},{i % 3}\n" for i in range(12_000)) + "none of these,2.5\n"
    items = Source(str(written(tmp_path, f"a,b\n{rows}"))).read()
    assert items.feature_names == ("a", "a is missing", "b")
    assert items.row(12_000) == {"a": "none of these", "b": 2.5}
    assert items.inputs[12_000, 1] == 1


def test_names_are_found_or_made(tmp_path):
    unique = Source(str(written(tmp_path, "ID,x\np,1\nq,2\n"))).read()
    assert unique.ids == ["p", "q"]
    assert unique.feature_names == ("x",)
    twice = Source(str(written(tmp_path, "ID,x\np,1\np,2\n"))).read()
    assert twice.ids == ["0", "1"]


def test_groups_belong_together(tmp_path):
    path = written(tmp_path, "x,who,y\n1,p,0\n2,p,1\n3,,0\n4,q,1\n")
    items = Source(str(path), target="y", group="who").read()
    assert items.groups == ["p", "p", "row 2", "q"]
    assert items.feature_names == ("x",)
    assert items.labels == [0, 1, 0, 1]


def test_what_is_ignored_is_not_learned_from(tmp_path):
    path = written(tmp_path, "x,z,text\n1,5,one\n2,7,two\n3,6,three\n")
    assert Source(str(path), ignore=("z", "text")).read().feature_names == ("x",)
    names = Source(str(path), ignore=("z",), text=("text",)).read().feature_names
    assert names[1] == "text: axis 0"


def test_objects_a_line(tmp_path):
    lines = [
        {"text": "red lamp", "own": [1, 2.5], "y": ["a", " b"]},
        {"text": None, "own": [0, 1], "y": []},
        {"own": [3, 1]},
    ]
    path = written(tmp_path, "\n".join(map(json.dumps, lines)) + "\n\n", "t.jsonl")
    items = Source(str(path), target="y", ignore=("text",)).read()
    assert items.labels == [["a", "b"], [], None]
    assert items.feature_names == ("own 0", "own 1")
    assert items.row(0)["own"] == [1, 2.5]
    mixed = written(tmp_path, '{"a": 1, "y": "x"}\n{"a": "two", "y": 3}\n{"a": 5, "y": [1]}\n', "mixed.jsonl")
    items = Source(str(mixed), target="y", kind="jsonl").read()
    assert len(items) == 3


def test_objects_that_polars_refuses_are_read_one_by_one(tmp_path):
    path = written(
        tmp_path, '{"a": 1}\n{"a": {"b": [1]}}\n{"a": [[{"c": 2}]]}\n{"a": 99999999999999999999999999}\n', "t.jsonl"
    )
    assert len(Source(str(path)).read()) == 4


def test_parquet(tmp_path):
    path = tmp_path / "t.parquet"
    frame = pl.DataFrame(
        {"a": [1, None, 3], "d": ["2026-01-01", "2026-02-01", None], "e": [[1.0, 2], [3.0, 4], [5.0, 7]]}
    )
    frame = frame.with_columns(pl.col("d").str.to_date(), y=pl.Series(["u", "v", None], dtype=pl.Categorical))
    frame.write_parquet(path)
    items = Source(str(path), target="y").read()
    assert items.labels == ["u", "v", None]
    assert {"a", "a is missing", "d: days", "e 0", "e 1"} <= set(items.feature_names)


def test_every_type_of_polars(tmp_path):
    from datetime import UTC, datetime, time, timedelta
    from decimal import Decimal

    frame = pl.DataFrame(
        {
            "zone": [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC), None],
            "time": [time(1), time(2), None],
            "span": [timedelta(1), timedelta(3), None],
            "money": [Decimal("1.5"), Decimal("2.5"), None],
            "flag": [True, False, None],
            "enum": pl.Series(["a", "b", None], dtype=pl.Enum(["a", "b"])),
            "tags": [["x", "y"], ["x"], None],
            "fixed": pl.Series([[1, 2], [3, 4], [1, 4]], dtype=pl.Array(pl.Int8, 2)),
            "inner": [{"p": 1}, {"p": 2}, None],
        }
    )
    path = tmp_path / "t.parquet"
    frame.write_parquet(path)
    items = Source(str(path)).read()
    starts = {name.split(":")[0].split(" ")[0] for name in items.feature_names}
    assert starts == set(frame.columns)
    assert np.isfinite(items.inputs).all()


def test_lines_and_folders_of_texts(tmp_path):
    lines = Source(str(written(tmp_path, "a red lamp\n\n  a blue lamp \nred\n", "t.txt"))).read()
    assert [lines.row(i)["text"] for i in range(3)] == ["a red lamp", "a blue lamp", "red"]
    for name, text in {
        "spam/1.txt": "buy a lamp",
        "spam/2.txt": "buy two",
        "ham/1.txt": "dear friend",
        "top.txt": "x y",
    }.items():
        (tmp_path / "mail" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mail" / name).write_text(text, "utf-8")
    (tmp_path / "mail" / ".hidden").mkdir()
    (tmp_path / "mail" / ".hidden" / "no.txt").write_text("no")
    items = Source(str(tmp_path / "mail"), target="folder").read()
    assert items.ids == ["ham/1.txt", "spam/1.txt", "spam/2.txt", "top.txt"]
    assert items.labels == ["ham", "spam", "spam", None]
    assert all(name.startswith("text: axis") for name in items.feature_names)


def test_the_sets_of_scikit_learn():
    shapes = {
        "iris": (150, 4),
        "wine": (178, 13),
        "breast_cancer": (569, 30),
        "digits": (1797, 61),
        "diabetes": (442, 10),
    }
    for name, shape in shapes.items():  # three of the 64 pixels of a digit are never inked
        items = Source(f"sklearn:{name}").read()
        assert items.inputs.shape == shape
        assert len(items.labelled) == shape[0]
    assert set(Source("sklearn:iris").read().labels) == {"setosa", "versicolor", "virginica"}
    assert np.allclose(Source("iris", kind="sklearn").read().inputs.std(axis=0), 1, atol=1e-5)
    with pytest.raises(UnknownName, match=r"no data set of scikit-learn 'irsi'; did you mean 'iris'"):
        Source("sklearn:irsi").read()


def test_the_content_has_a_fingerprint(tmp_path):
    path = written(tmp_path, "a,b\n1,2\n3,4\n")
    first = Source(str(path)).read().fingerprint
    assert len(first) == 64
    assert Source(str(path), target="b").read().fingerprint == first
    assert Source(str(written(tmp_path, "a,b\n1,2\n3,4\n", "other.csv"))).read().fingerprint == first
    assert Source(str(written(tmp_path, "a,b\n1,2\n3,5\n"))).read().fingerprint != first
    folder = tmp_path / "f"
    folder.mkdir()
    marks = set()
    for name, text in (("a.txt", "one two"), ("b.txt", "two three"), ("b.txt", "two four")):
        (folder / "first.txt").write_text("zero")
        (folder / name).write_text(text)
        marks.add(Source(str(folder)).read().fingerprint)
    assert len(marks) == 3
    made = [Source("made:noise", seed=seed).read().fingerprint for seed in (0, 0, 1)]
    assert made[0] == made[1] != made[2]


def test_importing_the_pool_loads_no_optional_package():
    heavy = ("polars", "sklearn", "pandas", "PIL")
    code = f"import sys, explora.domains.pool; print([x for x in {heavy} if x in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_source_is_configuration():
    source = Source("x.csv", target="y", text=("a", "b"), seed=3)
    again = build(json.loads(json.dumps(spec(source))))
    assert again == source
    assert eqx.tree_equal(again, source)
    assert spec(source)["type"] == "explora.domains.pool.Source"


def test_roles_are_checked_at_construction():
    with pytest.raises(UnknownName, match=r"no kind of data 'cvs'; did you mean 'csv'"):
        Source("x", kind="cvs")
    with pytest.raises(ArgumentError, match="'float32' or 'float64'"):
        Source("x", dtype="int")
    with pytest.raises(ArgumentError, match="column 'y' has two roles"):
        Source("x", target="y", ignore=("y",))


def test_reading_twice_is_reading_once(tmp_path):
    path = written(tmp_path, "t,x\n" + "".join(f"word{i % 7} word{i % 5} and more of it,{i % 4}\n" for i in range(60)))
    one, two = (Source(str(path)).read() for _ in range(2))
    assert np.array_equal(one.inputs, two.inputs)
    assert one.ids == two.ids


def test_columns_of_a_table_must_be_equally_long():
    with pytest.raises(ArgumentError, match="equal lengths"):
        Table({"a": [1], "b": [1, 2]})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.text('ab",;\n |\t€', max_size=5), min_size=3, max_size=3), min_size=1, max_size=8),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_whatever_was_written_as_csv_is_read_back(tmp_path, rows, separator, ending, everything):
    path = tmp_path / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        quoting = csv.QUOTE_ALL if everything else csv.QUOTE_MINIMAL
        csv.writer(file, delimiter=separator, lineterminator=ending, quoting=quoting).writerows(
            [["p", "q", "r"], *rows]
        )
    table, _ = read_csv(path)
    found = [[table.row(i)[name] for name in "pqr"] for i in range(table.rows)]
    assert found == [[cell if cell.strip() else None for cell in row] for row in rows]
