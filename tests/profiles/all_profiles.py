"""The profiles, in the order of docs/profiles.md, and what each must end in on jupyter-collaboration 5.0.4."""

from __future__ import annotations

from dataclasses import dataclass

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"


@dataclass(frozen=True)
class Profile:
    """A locustfile of its own. Where several verdicts are right, the server decides on the day."""

    name: str
    verdicts: tuple[str, ...] = (PASS,)
    classes: tuple[str, ...] = ()
    """The user classes that take part, where not all do."""

    @property
    def locustfile(self) -> str:
        return f"{self.name}.py"

    @property
    def shown(self) -> str:
        """How it is called in the table."""
        return " ".join((self.name, *self.classes))


PROFILES = (
    Profile("lecture", (FAIL, INCONCLUSIVE)),
    Profile("lab_class"),
    Profile("exam_start"),
    Profile("pair_programming"),
    Profile("paper_writing"),
    Profile("long_outputs"),
    Profile("big_notebook"),
    Profile("overnight_room"),
    Profile("flaky_wifi"),
    Profile("agents"),
    Profile("churn"),
    Profile("text_files"),
    Profile("outside_edits", (FAIL,), ("Typing",)),
    Profile("outside_edits", classes=("Resting",)),
    Profile("everything"),
)
