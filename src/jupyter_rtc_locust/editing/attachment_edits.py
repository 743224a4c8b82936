"""How a picture is attached to a Markdown or raw cell, as dropping an image into it does."""

from jupyter_rtc_locust.editing.cell_edits import insert_this_cell
from jupyter_rtc_locust.editing.choices import WHICH_VALUE
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.images import png_of
from jupyter_rtc_locust.editing.operations import SetEntry
from jupyter_rtc_locust.editing.situation import MARKDOWN, Situation, entries_of, takes_attachments


def attach_image(situation: Situation) -> Edit:
    """
    Attach a picture to a cell that can have one; where there is none, insert a Markdown cell that has it.

    The attachments of a cell are one value, set whole: of two people who attach at once, one wins.
    """
    picture = {"image/png": png_of(situation.choice.fractions[WHICH_VALUE])}
    index = situation.some_cell(takes_attachments)
    number = situation.choice.number
    if index is None:
        name = f"image-{number}.png"
        source = f"{situation.choice.text}\n\n![{name}](attachment:{name})"
        return insert_this_cell(situation, MARKDOWN, source=source, attachments={name: picture})
    present = entries_of(situation.cells[index].get("attachments"))
    while f"image-{number}.png" in present:
        number += 1
    # Sorted, because a shared document does not keep the order of keys within a value.
    kept = sorted(present)[: situation.limits.most_attachments - 1]
    attachments = {name: present[name] for name in kept} | {f"image-{number}.png": picture}
    operation = SetEntry(index, "attachments", attachments)
    return situation.edit_of_cell(index, f"attached image-{number}.png to", operation)
