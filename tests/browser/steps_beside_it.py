"""Steps of a walk without a run of their own: made-up answers, downloads, reports, and an end without a word."""

from __future__ import annotations

from typing import Any

from browser import looking
from browser.locust_page import HOSTILE
from browser.walk import DESKTOP, ON_A_PHONE, Walk
from web.pictures import document, picture


def scripted(walk: Walk) -> dict[str, Any]:
    """Every text is hostile, in the names of documents, too: shown on the live page by answers made up here."""
    documents = [
        document(index, state, path=f"folder/{HOSTILE}") for index, state in enumerate(("typing", "differs", "equal"))
    ]
    documents[1]["findings"] = [{"kind": HOSTILE, "detail": HOSTILE}]
    told = picture(documents, problems=[HOSTILE], faults=[{"name": HOSTILE, "began_s": 20.0, "ended_s": None}])
    told["run"] |= {"id": HOSTILE, "server": HOSTILE, "host": HOSTILE}
    told["findings"] = [{"kind": "server-lost", "detail": HOSTILE}]
    told["generator"] |= {"sound": False, "reasons": [HOSTILE]}
    told["generator"]["processes"][0]["name"] = HOSTILE
    difference = {
        "document": HOSTILE,
        "groups": [{"users": [HOSTILE, "1"], "digest": HOSTILE}, {"users": ["2"], "digest": "b"}],
    }
    difference |= {"diff": f"--- {HOSTILE}\n+++ b\n@@ -1 +1 @@\n-{HOSTILE}\n+{HOSTILE}\n", "note": HOSTILE}
    page = walk.page(viewport=DESKTOP)
    page.route("**/rtc/live.json", lambda route: route.fulfill(json=told))
    page.route("**/rtc/documents/*/difference", lambda route: route.fulfill(json=difference))
    page.goto(f"{walk.locust.address}/rtc/")
    page.locator("#documents .tile").nth(1).click()
    page.locator("#difference-lines span").nth(4).wait_for()
    shown = {
        "ran": page.evaluate("() => window.ran ?? null"),
        "elements": page.evaluate(
            "() => document.querySelectorAll("
            "'img, b:not(figcaption b, .counts b), iframe, [onerror], [onfocus]').length"
        ),
        "scripts": page.locator("script").count(),
        "lines": page.locator("#difference-lines span").all_text_contents(),
        "name": page.locator("#documents .tile .name").nth(1).text_content(),
        "troubles": page.locator("#troubles-list li").all_text_contents(),
        "overflow": looking.overflow(page),
    }
    page.context.close()
    return shown


def many(walk: Walk) -> dict[str, Any]:
    """Five hundred documents, three of which change from one picture to the next; then all are forgotten."""
    asked: list[dict[str, Any]] = []

    def answer(route: Any) -> None:
        number = len(asked)
        states = {**{(number * 3 + more) % 500: "typing" for more in range(3)}, 7: "differs"}
        asked.append(picture([document(index, states.get(index, "equal")) for index in range(500)]))
        route.fulfill(json=asked[-1])

    page = walk.page(viewport=DESKTOP)
    page.route("**/rtc/live.json", answer)
    page.goto(f"{walk.locust.address}/rtc/")
    page.locator(".small-tile").nth(499).wait_for(state="attached")
    looking.count_changes(page)
    pictures = len(asked)
    while len(asked) < pictures + 2:
        page.wait_for_timeout(50)
    told = {
        "changes": page.evaluate("() => window.changes"),
        "pictures": len(asked) - pictures,
        "small": page.locator(".small-tile").count(),
        "large": page.locator(".tile").count(),
        "stops": page.locator("#documents button[tabindex='0']").count(),
        "blocks": page.locator(".block h3").all_inner_texts(),
        "contrasts": looking.contrasts(page),
    }
    page.context.close()
    return told


def downloads(walk: Walk) -> dict[str, Any]:
    """What Locust's page offers is there; the report is shown, and may do nothing."""
    page = walk.page(viewport=DESKTOP)
    told: dict[str, Any] = {"ran": [], "status": {}, "types": {}}
    for name in ("report.html", "result.json", "junit.xml", "evidence.zip", "summary.md", "history.jsonl.gz"):
        answer = page.request.get(f"{walk.locust.address}/rtc/results/{name}")
        told["status"][name] = answer.status
        told["types"][name] = answer.headers["content-type"]
        walk.traffic.append(f"{name} {answer.headers} {answer.body()!r}")
    page.goto(f"{walk.locust.address}/rtc/results/report.html")
    told["title"] = page.title()
    told["ran"] = page.evaluate("() => window.ran ?? null")
    page.context.close()
    return told


def reports(walk: Walk) -> dict[str, Any]:
    """The reports of a run that failed and of one that passed, opened from disk."""
    pages = {
        "report-of-a-fail": ("fail", {"viewport": {"width": 1000, "height": 900}}),
        "report-on-a-phone": ("pass", {**ON_A_PHONE, "color_scheme": "dark"}),
    }
    told: dict[str, Any] = {"asked_for": []}
    for name, (stored, options) in pages.items():
        page = walk.page(**options)
        page.on("request", lambda request: told["asked_for"].append(request.url))
        page.goto(walk.stored[stored].report().as_uri())
        walk.shot(page, name)
        told[name] = page.title()
        page.context.close()
    return told


def gone(walk: Walk) -> dict[str, Any]:
    """The run's process ends; the page says so, and stops to say what it does not know."""
    complaints = list(walk.complaints)
    walk.locust.process.kill()
    live = walk.live
    live.locator("#gone").wait_for()
    return {
        "complaints_before": complaints,
        "told": live.inner_text("#gone"),
        "headline": live.inner_text("#headline"),
        "state": looking.state_of_headline(live),
        "buttons": live.eval_on_selector_all(
            ".controls button", "all => all.map(one => one.getAttribute('aria-disabled'))"
        ),
    }
