"""What a person would notice of a page, asked of the page itself: contrast, overflow, focus, what changed."""

from __future__ import annotations

from typing import Any

_CONTRAST = """
() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const channel = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = numbers(getComputedStyle(one).backgroundColor);
      if (colour.length < 4 || colour[3] > 0.99) return colour;
      if (one.tagName === "DIALOG") return numbers(getComputedStyle(one).backgroundColor);
    }
    return [255, 255, 255];
  };
  const ratio = (element, colour) => {
    const [high, low] = [light(numbers(colour)), light(behind(element))].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const seen = (element) => element.checkVisibility() && element.getClientRects().length > 0;
  const told = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !seen(element)) continue;
    if (element.closest("script, style, noscript, .spoken, .skip")) continue;
    const style = getComputedStyle(element);
    const colour = element instanceof SVGElement ? style.fill : style.color;
    told.push([ratio(element, colour), "text", texts.currentNode.data.trim().slice(0, 40)]);
  }
  for (const shape of document.querySelectorAll("svg.shape")) {
    const colour = getComputedStyle(shape).color;
    if (seen(shape)) told.push([ratio(shape, colour), "shape", shape.firstElementChild.getAttribute("href")]);
  }
  return told.sort((a, b) => a[0] - b[0]).slice(0, 12).concat([[told.length, "all", ""]]);
}
"""

_COUNT_CHANGES = """
() => {
  window.changes = 0;
  new MutationObserver((records) => { window.changes += records.length; }).observe(document.getElementById("documents"),
    { childList: true, subtree: true, attributes: true, characterData: true });
}
"""


def contrasts(page: Any) -> list[tuple[float, str, str]]:
    """The lowest contrasts of texts and shapes with what is behind them (by WCAG 2), and last how many there are."""
    return [(round(ratio, 2), kind, what) for ratio, kind, what in page.evaluate(_CONTRAST)]


def count_changes(page: Any) -> None:
    """From now on, count what changes among the tiles; `window.changes` has the number."""
    page.evaluate(_COUNT_CHANGES)


def overflow(page: Any) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def focused(page: Any) -> str:
    """What has the focus: its text or name, cut short."""
    return str(
        page.evaluate(
            "() => { const one = document.activeElement;"
            " return (one.getAttribute('aria-label') || one.id || one.textContent.trim()).slice(0, 60); }"
        )
    )


def stops(page: Any, number: int) -> list[str]:
    """What has the focus after each of so many presses of the Tab key, from the beginning of the page."""
    page.focus(".skip")
    told = [focused(page)]
    for _ in range(number - 1):
        page.keyboard.press("Tab")
        told.append(focused(page))
    return told


def state_of_headline(page: Any) -> str:
    """The state that the page tells of everything."""
    return str(page.get_attribute("#headline", "data-state"))


_TILES = """
() => [...document.querySelectorAll("#documents .tile")].map((one) => ({
  state: one.dataset.state, word: one.querySelector(".state span").textContent,
  shape: one.querySelector("use").getAttribute("href"), name: one.querySelector(".name").textContent,
  text: one.innerText }))
"""

_WHEN_ALL_ARE = (
    """
([state, number]) => {
  const tiles = ("""
    + _TILES.strip()
    + """)();
  const all = tiles.length === number && tiles.every((one) => one.state === state);
  return all && { tiles, title: document.title, headline: document.getElementById("headline").innerText,
    spoken: document.getElementById("spoken").textContent };
}
"""
)


def tiles(page: Any) -> list[dict[str, str]]:
    """Each large tile: its state by attribute, by word and by shape, its name, all it says."""
    return list(page.evaluate(_TILES))


def when_all_are(page: Any, state: str, number: int) -> dict[str, Any]:
    """The tiles and what the page says of them, at a moment at which so many documents are all in this state."""
    return dict(page.wait_for_function(_WHEN_ALL_ARE, arg=[state, number]).json_value())
