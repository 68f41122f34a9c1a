"""The page in a real browser: nothing breaks, nothing sticks out, nothing is asked of anybody."""

from __future__ import annotations

import pytest

from surefoot.core.records import StackSample
from surefoot.toolbox.report.page import page

OVERFLOWING = """
[...document.querySelectorAll('main, main *')].filter((node) => {
  if (node.closest('.scroll, pre, svg') || !node.getClientRects().length) return false;
  const box = node.getBoundingClientRect();
  return box.right > document.documentElement.clientWidth + 1 || box.left < -1;
}).map((node) => node.tagName + '.' + node.className)
"""
OUTSIDE = """
[...document.querySelectorAll('svg.latency')].filter((svg) => svg.getClientRects().length)
  .flatMap((svg) => {
    const [, , width, height] = svg.getAttribute('viewBox').split(' ').map(Number);
    return [...svg.querySelectorAll('text')].filter((text) => {
      const box = text.getBBox();
      return box.x < 0 || box.y < 0 || box.x + box.width > width || box.y + box.height > height;
    }).map((text) => text.textContent);
  })
"""
MEETING = """
[...document.querySelectorAll('svg.latency')].filter((svg) => svg.getClientRects().length)
  .flatMap((svg) => {
    const texts = [...svg.querySelectorAll('text')].map((t) => [t.textContent, t.getBBox()]);
    return texts.flatMap(([a, p], i) => texts.slice(i + 1)
      .filter(([b, q]) => p.x < q.x + q.width && q.x < p.x + p.width
        && p.y + 3 < q.y + q.height && q.y + 3 < p.y + p.height)
      .map(([b]) => a + ' / ' + b));
  })
"""
LOW_CONTRAST = """
(() => {
  const context = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const channels = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const [r, g, b, a] = channels(getComputedStyle(at).backgroundColor);
      if (a > 250) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const node = text.parentElement;
    if (!text.textContent.trim() || !node.getClientRects().length) continue;
    if (node.closest('script, .flame')) continue;
    const svg = node.closest('svg');
    const style = getComputedStyle(node);
    const [front, back] = [
      channels(svg ? style.fill : style.color).slice(0, 3), behind(svg ? svg.parentElement : node),
    ].map(light);
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < 4.5) found.add(node.className.baseVal ?? node.className + ' ' + ratio.toFixed(2));
  }
  return [...found];
})()
"""
# Each width of a box in the first picture, in percent of it.
WIDTHS = """
[...document.querySelector('svg.flame').children].filter((box) => box.style.display !== 'none')
  .map((box) => parseFloat(box.getAttribute('width')))
"""


def long_names(build):
    name = "GET /" + "a_very_long_name_without_any_space" * 4 + "/<int:identifier>"
    stack = StackSample(1, name, "cpu", (f"shop/{'deep/' * 20}views.py:v",), "shop/x.py:1", 9)
    return build.measurement(
        {"target": "package" * 12 + ":application", "probes": (build.probe(stacks=(stack,)),)},
        routes=tuple(build.route(f"{name}{k}") for k in range(40)),
        notes=("x" * 200,),
    )


def crowded(build):
    points = tuple(build.point(98 + k / 4, "fail" if k % 2 else "pass") for k in range(8))
    curve = tuple((8.0 * k, 0.18 + 0.001 * k, 0.2 + 0.01 * k) for k in range(1, 17))
    return build.measurement(
        {"points": points}, curve=curve, predicted_slo=99.0, predicted_saturation=98.5
    )


PAGES = {
    "usual": lambda build: build.measurement(),
    "long names": long_names,
    "crowded": crowded,
    "without curve": lambda build: build.measurement(curve=()),
    "one point": lambda build: build.measurement({"points": (build.point(92),)}),
    "invalid": lambda build: build.measurement(valid=False, why_invalid="it lagged"),
    "nothing": lambda build: build.measurement(
        {"points": (), "probes": ()}, routes=(), stations=(), changes=(), curve=()
    ),
}


@pytest.fixture(params=PAGES.values(), ids=PAGES.keys())
def written(request, build, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page(request.param(build)), encoding="utf-8")
    return path


def show(browser, path, width, scheme="light"):
    browser.open(path, width, scheme=scheme)
    browser.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_sticks_out(browser, written, width):
    show(browser, written, width)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate(OVERFLOWING) == []


@pytest.mark.parametrize("width", [360, 600, 1280])
def test_words_of_the_latency_picture_are_inside_and_do_not_meet(browser, written, width):
    show(browser, written, width)
    assert browser.evaluate(OUTSIDE) == []
    assert browser.evaluate(MEETING) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_what_is_behind_them(browser, written, scheme):
    show(browser, written, 1280, scheme)
    assert browser.evaluate(LOW_CONTRAST) == []


def test_the_browser_complains_of_nothing_and_asks_nobody(browser, written):
    show(browser, written, 1280)
    assert browser.happened("Log.entryAdded", "Runtime.exceptionThrown") == []
    asked = [
        event["request"]["url"].split(":")[0]
        for event in browser.happened("Network.requestWillBeSent")
    ]
    assert set(asked) <= {"file", "data"}
    assert asked.count("file") == 1


def test_a_dark_page_is_dark_and_a_light_one_light(browser, build, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page(build.measurement()), encoding="utf-8")
    shades = []
    for scheme in ("light", "dark"):
        browser.open(path, 1280, scheme=scheme)
        colour = browser.evaluate("getComputedStyle(document.body).backgroundColor")
        shades.append(sum(int(part) for part in colour[4:-1].split(",")))
    assert shades[0] > 600
    assert shades[1] < 150


def test_a_click_widens_a_box_and_a_click_on_the_lowest_brings_all_back(browser, build, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page(build.measurement()), encoding="utf-8")
    browser.open(path, 1280)
    before = browser.evaluate(WIDTHS)
    click = "dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    browser.evaluate(f"document.querySelector('svg.flame rect.s-lock.own').{click}")
    assert browser.evaluate(WIDTHS).count(100) == 3
    assert "shop/views.py:books" in browser.evaluate(
        "document.querySelector('.chosen').textContent"
    )
    browser.evaluate(f"document.querySelector('svg.flame rect.s-all').{click}")
    assert browser.evaluate(WIDTHS) == before


def test_a_tab_shows_the_flame_graph_of_its_route(browser, build, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page(build.measurement()), encoding="utf-8")
    browser.open(path, 1280)
    shown = "[...document.querySelectorAll('.panel')].map((p) => p.getClientRects().length > 0)"
    assert browser.evaluate(shown) == [True, False, False]
    browser.evaluate("document.querySelector('label[for=flame-2]').click()")
    assert browser.evaluate(shown) == [False, True, False]
