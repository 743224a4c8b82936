"""Templates: what is loaded, and what is refused with which sentence."""

import base64
import json
import struct
import zlib

import pytest

from jupyter_rtc_locust.documents.default_notebook import default_notebook
from jupyter_rtc_locust.documents.templates import TemplateError, load_templates
from jupyter_rtc_locust.documents.validity import template_malformations


def notebook(*cells: dict, major: object = 4, minor: object = 5, metadata: dict | None = None) -> dict:
    return {"cells": list(cells), "metadata": metadata or {}, "nbformat": major, "nbformat_minor": minor}


def raw(cell_id: str = "a", source: object = "x", **metadata: object) -> dict:
    return {"cell_type": "raw", "id": cell_id, "metadata": metadata, "source": source}


@pytest.fixture
def write(tmp_path):
    def written(content: object, name: str = "one.ipynb"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return written


def refusal(path) -> str:
    with pytest.raises(TemplateError) as caught:
        load_templates(path)
    return str(caught.value)


def test_a_notebook_is_loaded_as_it_stands_on_disk(write):
    content = notebook(raw(source=["é\n", "b"]))
    text = json.dumps(content, ensure_ascii=False, indent=3)
    (template,) = load_templates(write(text))
    assert (template.name, template.kind, template.content, template.text) == ("one.ipynb", "notebook", content, text)


def test_a_folder_gives_its_notebooks_sorted_and_nothing_else(write, tmp_path):
    for name in ("b.ipynb", "a.ipynb", "c.txt"):
        write(notebook(raw()), name)
    (tmp_path / "inner.ipynb").mkdir()
    assert [template.name for template in load_templates(str(tmp_path))] == ["a.ipynb", "b.ipynb"]


@pytest.mark.parametrize("name", ["notes.md", "a.txt", "script.py", "none"])
def test_another_file_is_a_text_with_its_line_ends(tmp_path, name):
    (tmp_path / name).write_bytes("é\r\nb\n".encode())
    (template,) = load_templates(tmp_path / name)
    assert (template.kind, template.content, template.text) == ("text", "é\r\nb\n", "é\r\nb\n")


def test_a_notebook_of_format_3_is_loaded_and_not_converted(write):
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "x"}]
    old = {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells}]}
    (template,) = load_templates(write(old))
    assert template.content == old


def test_missing_and_repeated_ids_are_no_reason_to_refuse(write):
    missing = {"cell_type": "raw", "metadata": {}, "source": ""}
    assert len(load_templates(write(notebook(missing, raw("a"), raw("a"))))) == 1


def test_a_path_that_does_not_exist_is_refused(tmp_path):
    assert "does not exist" in refusal(tmp_path / "none.ipynb")


def test_a_folder_without_notebooks_is_refused(tmp_path):
    assert "holds no notebook" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"cells": [', "JSON is broken"),
        ("[" * 100_000, "JSON is broken"),
        ("[]", "JSON but no notebook"),
        ({"cells": []}, "no nbformat"),
        ({"nbformat": 4, "nbformat_minor": 5}, "no list of cells"),
        ({"nbformat": 3, "nbformat_minor": 0, "cells": []}, "no list of worksheets"),
        (notebook(major="4"), "not made of whole numbers"),
        (notebook(minor=6), "too new: it has notebook format 4.6, and 4.5"),
        (notebook(major=5, minor=0), "too new"),
        (notebook(major=2, minor=0), "too old"),
        (notebook(raw(x=float("nan"))), "cells[0].metadata.x is nan, which is no number"),
        (notebook(raw(x=[float("inf")])), "cells[0].metadata.x[0] is inf"),
        (notebook(raw(x=2**53 + 1)), "cells[0].metadata.x is 9007199254740993, beyond"),
        (notebook(raw(x=-1e300)), "beyond the whole numbers"),
        (notebook(raw(source="a\ud800")), "cells[0].source holds a lone surrogate at character 1"),
        (notebook(raw(**{"\udc00": 1})), "a key at cells[0].metadata holds a lone surrogate"),
        (notebook({"cell_type": "raw", "id": "a", "source": ""}), "no valid notebook: cells[0]"),
        (notebook(raw("not an id!")), "no valid notebook"),
        ({**notebook(), "surplus": 1}, "surplus"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_a_sentence(write, content, words):
    path = write(content)
    message = refusal(path)
    assert words in message
    assert str(path) in message


def test_the_largest_whole_number_that_is_kept_is_accepted(write):
    assert len(load_templates(write(notebook(raw(x=2**53, y=0.1, z=True))))) == 1


def test_a_file_that_is_not_utf_8_is_refused(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"caf\xe9")
    assert "not text in UTF-8 (byte 3" in refusal(tmp_path / "a.txt")


def test_one_bad_notebook_in_a_folder_is_named(write, tmp_path):
    write(notebook(raw()), "good.ipynb")
    write("{", "bad.ipynb")
    assert "bad.ipynb" in refusal(tmp_path)


class TestDefaultNotebook:
    def test_it_can_be_loaded_from_disk_and_is_the_same_there(self, write):
        template = default_notebook()
        (loaded,) = load_templates(write(template.text))
        assert loaded.content == template.content
        assert template_malformations(template.content) == []

    def test_it_is_the_same_each_time_and_belongs_to_the_caller(self):
        first = default_notebook("other.ipynb")
        first.content["cells"].clear()
        assert first.name == "other.ipynb"
        assert default_notebook() == default_notebook()
        assert default_notebook().content["cells"]

    def test_it_has_something_of_everything(self):
        cells = default_notebook().content["cells"]
        assert {cell["cell_type"] for cell in cells} == {"code", "markdown", "raw"}
        assert any(cell.get("outputs") for cell in cells)
        assert any(cell.get("attachments") for cell in cells)
        assert not default_notebook().text.isascii()

    def test_its_picture_is_a_sound_png(self):
        (attached,) = [cell["attachments"] for cell in default_notebook().content["cells"] if "attachments" in cell]
        picture = base64.b64decode(attached["pixel.png"]["image/png"])
        assert picture.startswith(b"\x89PNG\r\n\x1a\n")
        position, chunks = 8, []
        while position < len(picture):
            (length,) = struct.unpack_from(">I", picture, position)
            checked = picture[position + 4 : position + 8 + length]
            assert struct.unpack_from(">I", picture, position + 8 + length) == (zlib.crc32(checked),)
            chunks.append(checked[:4])
            position += 12 + length
        assert chunks == [b"IHDR", b"IDAT", b"IEND"]
