"""Mistakes in the checks of saves, each of which a test of the verdict has to notice."""

from __future__ import annotations

from mutants.mistakes_of_the_verdict import Mutant

SAVES = "checks/saving.py"
AGES = "save_ages.py"
ORDER = "server_order.py"

MUTANTS_ABOUT_SAVES = (
    Mutant("saves: any pause will do", SAVES, "max(limits.timeout, SHORTEST_PAUSE_S)", "0.1"),
    Mutant("saves: no shortest pause", SAVES, "max(limits.timeout, SHORTEST_PAUSE_S)", "limits.timeout"),
    Mutant("saves: pauses pass", SAVES, "        if following - time >= patience:", "        if False:"),
    Mutant(
        "saves: only the last pause", SAVES, "        if following - time >= patience:", "        if following == inf:"
    ),
    Mutant("saves: the look may be early", SAVES, "max(version.since, began + patience)", "version.since"),
    Mutant(
        "saves: overload ignored, by hand",
        SAVES,
        "Finding(Kind.SAVE_NOT_DONE, document.path, detail, users)], sound)",
        "Finding(Kind.SAVE_NOT_DONE, document.path, detail, users)], True)",
    ),
    Mutant(
        "saves: overload ignored, ages",
        SAVES,
        "Finding(Kind.SAVE_STARVED, document.path, detail, users)], sound)",
        "Finding(Kind.SAVE_STARVED, document.path, detail, users)], True)",
    ),
    Mutant("saves: limit ignored", SAVES, "too_old = 0 < limits.max_age < worst.seconds", "too_old = False"),
    Mutant("saves: starved unsaid", SAVES, "worst.seconds <= STARVED_S", "worst.seconds <= 1000"),
    Mutant("saves: starved at once", SAVES, "worst.seconds <= STARVED_S", "worst.seconds <= 0"),
    Mutant("saves: failed ones lie", SAVES, "save.status != SUCCESS or ", ""),
    Mutant("saves: by hand at once", SAVES, "deadline = save.answered + MANUAL_SAVE_S", "deadline = save.answered + 1"),
    Mutant("saves: by hand never", SAVES, "        if version.until >= deadline:", "        if False:"),
    Mutant("saves: by hand before it was time", SAVES, "        if version.until >= deadline:", "        if True:"),
    Mutant("saves: unknown is a lie", SAVES, "            return  # it may be the one", "            continue"),
    Mutant(
        "saves: others just before",
        SAVES,
        "save.asked - (0.0 if edit.user == save.user else history.clocks_differ)",
        "save.asked",
    ),
    Mutant("saves: unplaced unsaid", SAVES, "    if not history.unplaced:", "    if True:"),
    Mutant("saves: the first version unknown", AGES, "places[first.digest].append(0)", "pass"),
    Mutant("saves: the earliest state counts", AGES, "return places[max(possible - 1, 0)]", "return places[0]"),
    Mutant("saves: states of the future count", AGES, "return places[max(possible - 1, 0)]", "return places[-1]"),
    Mutant(
        "saves: the latest edit is the oldest",
        AGES,
        "accumulate(reversed(acknowledged), min",
        "accumulate(reversed(acknowledged), max",
    ),
    Mutant("saves: unread is known", AGES, "[] if version.problem else ", ""),
    Mutant(
        "saves: the unacknowledged is missed",
        AGES,
        "one.acknowledged is not None and one.acknowledged <= moment",
        "True",
    ),
    Mutant(
        "saves: many edits, none looked at",
        AGES,
        "    wanted = [later - time > _PAUSE_S",
        "    wanted = [later - time > 1000",
    ),
    Mutant(
        "saves: in the order of echoes",
        ORDER,
        "one.edit.arrived or inf, elsewhere.get(one.edit.update, inf), ",
        "one.edit.acknowledged or inf, ",
    ),
    Mutant("saves: notes are waited for", ORDER, "== STATE_ROOT", "== 'nothing'"),
    Mutant(
        "saves: what was never sent is waited for",
        ORDER,
        "                continue\n",
        "                arrived = one.edit.due\n",
    ),
    Mutant(
        "saves: renamed copies unknown",
        ORDER,
        "        if content or deletions:\n            yield",
        "        if False:\n            yield",
    ),
)
