"""The steps of a walk before, during and at the end of a run, in the order in which they are taken."""

from __future__ import annotations

import json
from typing import Any

from browser import looking
from browser.walk import DESKTOP, ON_A_PHONE, Walk


def alert_of(page: Any) -> str:
    """What Locust's form says in its red box."""
    return str(page.locator(".MuiAlert-standardError, .MuiAlert-colorError").first.inner_text())


def form(walk: Walk) -> dict[str, Any]:
    """The form is filled in wrongly, refused, and mended."""
    page = walk.desktop
    page.set_viewport_size({"width": 900, "height": 430})
    page.goto(f"{walk.locust.address}/")
    page.get_by_text("Custom parameters").click()
    page.locator(".rtc-group").first.wait_for()
    told: dict[str, Any] = {
        "order": page.eval_on_selector_all(
            "form .rtc-group h3, form [name^='rtc']", "all => all.map(one => one.name || one.textContent)"
        ),
        "explained": page.locator("form .rtc-group p").all_inner_texts(),
        "lists": page.eval_on_selector_all("form select[name^='rtc']", "all => all.map(one => one.name)"),
        "values": page.eval_on_selector_all("form [name]", "all => all.map(one => `${one.name}=${one.value}`)"),
        "refused": {},
    }
    page.wait_for_timeout(400)  # the accordion opens
    walk.shot(page, "form", full_page=True, clip={"x": 0, "y": 0, "width": 900, "height": 1340})
    for field, wrong, right in (
        ("rtcDocuments", "many", "5"),
        ("rtcEditRate", "-1", "1.5"),
        ("rtcDocuments", "22", "5"),
    ):
        page.fill(f"[name={field}]", wrong)
        page.get_by_role("button", name="Start").click()
        told["refused"][f"{field} {wrong}"] = alert_of(page)
        if wrong == "22":
            walk.shot(page, "form-refused", bottom=True)
        page.fill(f"[name={field}]", right)
    page.set_viewport_size(DESKTOP)
    told["state"] = walk.locust.get("/stats/requests")["state"]
    return told


def beginning(walk: Walk) -> dict[str, Any]:
    """The run starts from the form; the live page was open before, and follows it."""
    live = walk.live
    live.goto(f"{walk.locust.address}/rtc/")
    live.wait_for_function("() => document.getElementById('sentence').textContent.startsWith('No run')")
    before = live.inner_text("#headline")
    walk.desktop.get_by_role("button", name="Start").click()
    walk.desktop.get_by_role("button", name="Stop").wait_for()
    return {"before": before}


def typing(walk: Walk) -> dict[str, Any]:
    """People type in all documents."""
    live = walk.live
    live.wait_for_function("() => (document.querySelector('#charts path.series')?.getAttribute('d').length ?? 0) > 60")
    at_once = looking.when_all_are(live, "typing", 5)
    walk.shot(live, "live-typing")
    told = at_once | {
        "outline": live.locator("body").aria_snapshot(),
        "stops": looking.stops(live, 7),
        "charts": live.eval_on_selector_all(
            "#charts svg[role=img]", "all => all.map(one => one.getAttribute('aria-label'))"
        ),
        "generator": live.inner_text("#generator"),
    }
    live.keyboard.press("Shift+Tab")
    return told


def tab(walk: Walk) -> dict[str, Any]:
    """The tab of Locust's own page, and the way from it to the live page and to what can be downloaded."""
    page = walk.desktop
    page.get_by_role("tab", name="Convergence").click()
    page.locator("table tbody tr", has_text="typing").nth(2).wait_for()
    link = page.locator(".rtc-link a")
    link.wait_for()
    told = {
        "columns": page.locator("table thead th").all_inner_texts(),
        "rows": [row.split("\t") for row in page.locator("table tbody tr").all_inner_texts()],
        "link": link.get_attribute("href"),
    }
    walk.shot(page, "tab")
    page.get_by_role("tab", name="Download Data").click()
    page.get_by_text("result.json of the last run").wait_for()
    told["downloads"] = page.eval_on_selector_all(
        "a[href^='./rtc']", "all => all.map(one => [one.getAttribute('href'), one.textContent])"
    )
    told["link_elsewhere"] = link.is_visible()
    page.get_by_role("tab", name="Convergence").click()
    return told


def phone(walk: Walk) -> dict[str, Any]:
    """The same on a phone, in the dark."""
    page = walk.page(**ON_A_PHONE, color_scheme="dark")
    page.goto(f"{walk.locust.address}/rtc/")
    page.locator("#documents .tile").nth(4).wait_for()
    page.wait_for_function("() => document.querySelectorAll('.tile[data-state=typing]').length >= 3")
    walk.shot(page, "live-phone-dark")
    told = {
        "overflow": looking.overflow(page),
        "contrasts": looking.contrasts(page),
        "headline": page.inner_text("#headline"),
    }
    page.context.close()
    return told


def pause(walk: Walk) -> dict[str, Any]:
    """Pause editing by the button: everything settles, and one document is seen to differ."""
    live = walk.live
    walk.locust.wait_until(walk.locust.fault_struck, "the fault")
    kept_back = _documents(walk)[0]["edits"] + 12
    walk.locust.wait_until(lambda: _documents(walk)[0]["edits"] > kept_back, "edits that the fault keeps from somebody")
    told = {"before": live.locator("#pause").get_attribute("aria-disabled")}
    live.locator("#pause").click()
    live.wait_for_function("() => document.getElementById('detail').textContent.includes('paused')")
    live.wait_for_function("() => document.getElementById('answer').textContent.length > 12")
    told |= {"answer": live.inner_text("#answer"), "resume": live.locator("#resume").get_attribute("aria-disabled")}
    live.wait_for_function("() => !document.querySelector('.tile[data-state=typing]')")
    edits = walk.locust.get("/rtc/live.json")["figures"]["edits"]
    live.locator(".tile[data-state=differs]").wait_for()
    live.wait_for_function("() => document.querySelectorAll('.tile[data-state=equal]').length === 4")
    told |= {"edits": [edits, walk.locust.get("/rtc/live.json")["figures"]["edits"]], "tiles": looking.tiles(live)}
    told["headline"] = live.inner_text("#headline")
    told["contrasts"] = looking.contrasts(live)
    live.emulate_media(color_scheme="dark")
    told["contrasts_dark"] = looking.contrasts(live)
    live.emulate_media(color_scheme="light")
    walk.shot(live, "live-difference")
    return told


def difference(walk: Walk) -> dict[str, Any]:
    """The differing document is opened with the keyboard, read, and closed again."""
    live = walk.live
    live.focus("#documents button[tabindex='0']")
    for _ in range(5):
        if live.evaluate("() => document.activeElement.dataset.state") == "differs":
            break
        live.keyboard.press("ArrowRight")
    opener = looking.focused(live)
    live.keyboard.press("Enter")
    live.locator("#difference[open]").wait_for()
    live.wait_for_function("() => !document.getElementById('difference-note').textContent.startsWith('Everybody is')")
    told = {
        "opener": opener,
        "focus": looking.focused(live),
        "title": live.inner_text("#difference-title"),
        "groups": live.locator("#difference-groups li").all_inner_texts(),
        "note": live.inner_text("#difference-note"),
        "lines": live.locator("#difference-lines span").all_text_contents()[:400],
        "ran": live.evaluate("() => window.ran ?? null"),
        "contrasts": looking.contrasts(live),
    }
    live.locator("#difference-lines").scroll_into_view_if_needed()
    live.evaluate("() => document.getElementById('difference').scrollTo(0, 0)")
    walk.shot(live, "live-copies")
    live.keyboard.press("Escape")
    live.locator("#difference[open]").wait_for(state="hidden")
    return {**told, "focus_after": looking.focused(live)}


def resume(walk: Walk) -> dict[str, Any]:
    """Editing goes on by the other button; a second press is answered with a sentence."""
    live = walk.live
    live.locator("#resume").click()
    live.wait_for_function("() => document.querySelectorAll('.tile[data-state=typing]').length >= 1")
    answer = live.inner_text("#answer")
    live.locator("#resume").click(force=True)  # Playwright would wait for a button that does something
    again = live.inner_text("#answer")
    return {"answer": answer, "again": again, "state": walk.locust.get("/rtc/live.json")["run"]["state"]}


def compare(walk: Walk) -> dict[str, Any]:
    """Compare now: a checkpoint, whose verdict each document tells."""
    live = walk.live
    live.locator("#compare").click()
    live.wait_for_function("() => document.getElementById('sentence').textContent.includes('everything is compared')")
    answer = live.inner_text("#answer")
    walk.locust.wait_until(lambda: all(_checkpoints(walk)), "a checkpoint of every document")
    return {"answer": answer, "checkpoints": _checkpoints(walk)}


def _checkpoints(walk: Walk) -> list[Any]:
    return [one["checkpoint"] for one in _documents(walk)]


def _documents(walk: Walk) -> list[dict[str, Any]]:
    return list(walk.locust.get("/rtc/live.json")["documents"])


def end(walk: Walk) -> dict[str, Any]:
    """The run is stopped on Locust's own page; the live page tells the verdict."""
    live = walk.live
    walk.desktop.get_by_role("button", name="Stop").click()
    walk.make_reports()  # while everybody waits
    live.wait_for_function(
        "() => /^(Pass|Fail|Inconclusive)/.test(document.getElementById('sentence').textContent)", timeout=60_000
    )
    walk.locust.wait_until((walk.locust.results / "report.html").exists, "a report")
    live.locator("#after a").wait_for()
    walk.shot(live, "live-after")
    return {
        "headline": live.inner_text("#headline"),
        "spoken": live.inner_text("#spoken"),
        "verdict": json.loads((walk.locust.results / "result.json").read_text())["verdict"],
        "ran": live.evaluate("() => window.ran ?? null"),
    }
