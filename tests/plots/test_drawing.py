"""Charts are well-formed and show what they were given; pictures can be read back."""

import base64
import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from explora.plots import _drawing as draw
from explora.plots._drawing._tree import Node

X = np.array([0.0, 1e6, 2e6])


def _read(svg: str) -> ET.Element:
    return ET.fromstring(svg)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, [0, 0.25, 0.5, 0.75, 1]),
        (0.0, 1.5e6, [0, 5e5, 1e6, 1.5e6]),
        (-3.0, 7.0, [-2.5, 0, 2.5, 5]),
        (5.0, 5.0, [5.0]),
        (0.0, float("nan"), [0.0]),
    ],
)
def test_ticks_are_round_and_inside(low, high, expected):
    assert draw.ticks(low, high) == expected


def test_numbers_of_axes_are_short():
    assert [draw.short(x) for x in (0.0, 0.25, 999.0, 1500.0, 2e6, -3.5e9)] == [
        "0",
        "0.25",
        "999",
        "1.5k",
        "2M",
        "-3.5G",
    ]


def test_a_chart_has_its_line_its_band_its_points_and_a_title():
    line = draw.Line(X, np.array([0.0, 0.5, 1.0]), np.zeros(3), np.ones(3), "a < b")
    chart = _read(draw.line_chart([line], title="solved & more", x_label="steps", shares=True, size=(400, 230)))
    assert chart.attrib["aria-label"] == "solved & more, over steps"
    path = next(e for e in chart.iter("path") if e.attrib["class"].startswith("line"))
    # 400 wide with margins 44 and 12, 230 high with margins 10 and 36: from the lower left to the upper right corner
    assert path.attrib["d"] == "M44.0 194.0L216.0 102.0L388.0 10.0"
    assert len(list(chart.iter("circle"))) == 3
    assert any(e.attrib["class"].startswith("band") for e in chart.iter("path"))
    assert [e.text for e in chart.iter("text")][:5] == ["0%", "25%", "50%", "75%", "100%"]


def test_a_chart_leaves_out_what_is_not_a_number_and_survives_no_data_at_all():
    line = draw.Line(X, np.array([1.0, np.nan, 3.0]))
    chart = draw.line_chart([line], title="t", x_label="x", level=draw.Band(0.0, 1.0, 2.0, "usual"))
    assert "nan" not in chart
    assert len(list(_read(chart).iter("circle"))) == 2
    empty = draw.Line(np.zeros(0), np.zeros(0))
    for lines in ([], [empty], [draw.Line(X, np.full(3, np.nan))]):
        assert "nan" not in draw.line_chart(lines, title="t", x_label="x")


def test_a_single_point_has_an_error_bar():
    line = draw.Line(np.ones(1), np.array([0.5]), np.array([0.0]), np.array([1.0]))
    chart = _read(draw.line_chart([line], title="t", x_label="x", shares=True))
    bars = [e.attrib["d"] for e in chart.iter("path") if e.attrib["class"] == "line c0"]
    assert bars[0] == "M388.0 10.0V194.0"


def test_a_long_line_is_thinned_to_what_the_eye_can_tell_apart():
    many = np.linspace(0, 1, 5000)
    chart = draw.line_chart([draw.Line(many, many)], title="t", x_label="x")
    assert len(chart) < 8000
    assert chart.count("<circle") == 0


def test_a_heat_map_has_a_number_for_every_known_cell():
    values = np.array([[0.0, 0.4], [1.0, np.nan]])
    chart = _read(draw.heat_map(values, title="t", rows=["<a>", "b"], columns=["1k", "2k"], x_label="steps"))
    numbers = [e.text for e in chart.iter("text") if e.attrib.get("class", "").startswith("number")]
    assert numbers == ["0", "40", "100"]
    titles = [e.text for e in chart.iter("title")]
    assert titles == ["<a>, 1k steps: 0%", "<a>, 2k steps: 40%", "b, 1k steps: 100%", "b, 2k steps: not played"]


def test_a_tree_links_each_child_to_its_parent():
    nodes = [Node(7, -1, 0, 0.5, 1.0, True, "#7"), Node(8, 7, 1, 0.0, 0.2, False, "&"), Node(9, 7, 1, 1.0, 0, True, "")]
    chart = _read(draw.tree(nodes, title="t", x_label="generation"))
    links = [e.attrib["class"] for e in chart.iter("path")]
    assert sorted(links) == ["link", "link chosen"]
    assert [e.text for e in chart.iter("title")] == ["#7", "&", None]


def _decode(uri: str) -> Image.Image:
    kind, _, data = uri.partition(";base64,")
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert kind == f"data:image/{(image.format or '').lower()}"
    return image


def test_a_picture_can_be_read_back():
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:, 15:] = (255, 0, 0)
    image = _decode(draw.png_uri(pixels))
    np.testing.assert_array_equal(np.asarray(image.convert("RGB")), pixels)


def test_an_animation_keeps_its_frames_and_rests_on_the_last():
    frames = [np.zeros((16, 16, 3), np.uint8) for _ in range(5)]
    for i, frame in enumerate(frames):
        frame[3 * i : 3 * i + 2, :] = (0, 200, 0)
    image = _decode(draw.gif_uri(frames, milliseconds=100, rest=1000))
    assert getattr(image, "n_frames", 0) == 5
    durations = []
    for i, frame in enumerate(frames):
        image.seek(i)
        durations.append(image.info["duration"])
        np.testing.assert_allclose(np.asarray(image.convert("RGB")), frame, atol=2)
    assert durations == [100, 100, 100, 100, 1000]
    assert image.info["loop"] == 0


def test_a_page_stands_on_its_own():
    page = draw.page("a <title>", draw.section("s", "x & y", draw.paragraph("1 < 2"), draw.details("more", "<i>b</i>")))
    assert "<title>a &lt;title&gt;</title>" in page
    assert "x &amp; y" in page
    assert "1 &lt; 2" in page
    assert "prefers-color-scheme: dark" in page
    assert "http" not in page
    assert not re.search(r"url\(|@import|<script|<link", page)


def test_a_single_view_needs_no_tabs():
    assert draw.tabs("axis", "over", [("steps", "<p>1</p>")]) == "<p>1</p>"


def test_tabs_show_the_first_view_without_a_script():
    tabs = draw.tabs("axis", "over", [("steps", "<p>1</p>"), ("minutes", "<p>2</p>")])
    inputs = re.findall("<input [^>]*>", tabs)
    assert ["checked" in one for one in inputs] == [True, False]
    assert all('name="axis"' in one for one in inputs)
    # the style sheet pairs the class of a button with that of its view
    assert all(f".t{i}:checked ~ .views > .v{i}" in draw.page("", "") for i in range(8))
    assert [re.findall(f'class="(t{i}|view v{i})"', tabs) for i in range(2)] == [["t0", "view v0"], ["t1", "view v1"]]
