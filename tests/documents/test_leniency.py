"""What is forgiven between two states of a document, and that a real difference beside it is found."""

import copy

import pytest

from jupyter_rtc_locust.documents.conversion import to_nbformat_4
from jupyter_rtc_locust.documents.leniency import (
    first_snapshot_differences,
    rebuilt_differences,
    saved_file_differences,
)


def code(cell_id: str | None = None, source: str = "x", **more: object) -> dict:
    identity = {} if cell_id is None else {"id": cell_id}
    return {
        **identity, "cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None,
        **more,
    }  # fmt: skip


def markdown(cell_id: str | None = None, source: str = "m", **more: object) -> dict:
    identity = {} if cell_id is None else {"id": cell_id}
    return {**identity, "cell_type": "markdown", "source": source, "metadata": {}, **more}


def file(cells: list, *, minor: int = 5, **metadata: object) -> dict:
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}


def room(cells: list, *, minor: float = 5.0, **metadata: object) -> dict:
    return {"cells": cells, "meta": {"nbformat": 4.0, "nbformat_minor": minor, "metadata": metadata}}


def paths(found: list) -> list[str]:
    return [difference.path for difference in found]


class TestDocumentAndFile:
    def differ(self, content: dict, saved: dict, *copies: str) -> list[str]:
        return paths(saved_file_differences(content, saved, "notebook", copies))

    def test_what_a_healthy_server_leaves_out_or_writes_otherwise_is_no_difference(self):
        content = room(
            [
                code("a", "1\n2", execution_state="busy", execution_count=3.0, metadata={"trusted": True, "n": -0.0}),
                markdown("b", attachments={}),
            ],
            orig_nbformat=3.0,
            signature="s",
        )
        saved = file([code("a", ["1\n", "2"], execution_count=3, metadata={"n": 0}), markdown("b")])
        assert self.differ(content, saved) == []

    @pytest.mark.parametrize(
        ("damage", "path"),
        [
            (lambda nb: nb["cells"][0].update(source="1\n3"), "cells[0].source"),
            (lambda nb: nb["cells"][0].update(execution_state="idle"), "cells[0].execution_state"),
            (lambda nb: nb["cells"][0].update(id="other"), "cells[0].id"),
            (lambda nb: nb["cells"][0]["metadata"].update(flag=1), "cells[0].metadata.flag"),
            (lambda nb: nb["cells"][0]["metadata"].clear(), "cells[0].metadata.flag"),
            (lambda nb: nb["cells"][0].update(execution_count=True), "cells[0].execution_count"),
            (lambda nb: nb["cells"][1].pop("attachments"), "cells[1].attachments"),
            (lambda nb: nb["cells"].pop(), "cells[1]"),
            (lambda nb: nb["cells"].append(nb["cells"][0]), "cells[2]"),
            (lambda nb: nb["metadata"].update(kernelspec={"name": "", "display_name": ""}), "metadata.kernelspec"),
            (lambda nb: nb["metadata"].update(title="t"), "metadata.title"),
            (lambda nb: nb.update(nbformat_minor=4), "nbformat_minor"),
            (lambda nb: nb.update(extra=1), "extra"),
        ],
    )
    def test_real_differences_beside_them_are_found(self, damage, path):
        cells = [code("a", "1\n2", execution_count=1.0, metadata={"flag": True}), markdown("b", attachments={"p": {}})]
        saved = copy.deepcopy(file(cells))
        assert self.differ(room(cells), saved) == []
        damage(saved)
        assert path in self.differ(room(cells), saved)

    def test_ids_are_no_difference_while_the_format_is_4_4_or_lower_and_sources_are(self):
        assert self.differ(room([code("a")], minor=4.0), file([code()], minor=4)) == []
        assert self.differ(room([code("a")], minor=4.0), file([code(source="y")], minor=4)) == ["cells[0].source"]
        assert self.differ(room([code("a")]), file([code()])) == ["cells[0].id"]

    def test_a_file_of_another_format_is_not_forgiven_its_ids(self):
        assert self.differ(room([code("a")]), file([code()], minor=4)) != []

    def test_identical_copies_may_be_missing_where_every_replica_holds_them(self):
        cells = [code("a"), markdown("b"), code("a"), code("a")]
        for kept in ([0, 1], [0, 1, 2], [0, 1, 2, 3]):
            assert self.differ(room(cells), file([cells[index] for index in kept]), "a") == []

    def test_identical_copies_may_not_be_missing_where_they_are_not_known(self):
        cells = [code("a"), markdown("b"), code("a")]
        assert self.differ(room(cells), file(cells[:2]), "b") == ["cells[2]"]

    def test_one_of_the_copies_must_be_there_and_none_may_be_added(self):
        cells = [code("a"), markdown("b"), code("a")]
        assert self.differ(room(cells), file([cells[1]]), "a") == ["cells[0]", "cells[2]"]
        assert self.differ(room(cells), file([*cells, cells[0]]), "a") == ["cells[3]"]

    def test_a_copy_that_differs_may_not_be_missing(self):
        cells = [code("a"), markdown("b"), code("a", "more")]
        assert self.differ(room(cells), file(cells[:2]), "a") == ["cells[2]"]

    def test_a_copy_that_differs_may_have_a_new_id_and_nothing_else_new(self):
        cells = [code("a"), markdown("b"), code("a", "more")]
        assert self.differ(room(cells), file([*cells[:2], code("new", "more")]), "a") == []
        assert self.differ(room(cells), file([*cells[:2], code("new", "mire")]), "a") != []
        assert self.differ(room(cells), file([*cells[:2], code("b", "more")]), "a") != []
        assert self.differ(room(cells), file([*cells[:2], code("new", "more")])) != []

    def test_the_first_copy_keeps_its_id(self):
        cells = [code("a"), markdown("b"), code("a", "more")]
        assert self.differ(room(cells), file([code("new"), *cells[1:]]), "a") != []

    def test_copies_that_differ_in_trust_alone_may_be_renamed_too(self):
        content = room([code("a"), code("a", metadata={"trusted": True})])
        assert self.differ(content, file([code("a"), code("new")]), "a") == []

    def test_texts_are_compared_as_they_are(self):
        assert saved_file_differences({"source": "a\n"}, "a\n", "text") == []
        assert paths(saved_file_differences({"source": "a\r\n"}, "a\n", "text")) == [""]


class TestTemplateAndFirstSnapshot:
    def differ(self, template: dict | str, content: dict, kind: str = "notebook") -> list[str]:
        return paths(first_snapshot_differences(template, content, kind))

    def test_defaults_that_were_missing_may_be_added_and_others_may_not(self):
        empty = {"kernelspec": {"name": "", "display_name": ""}, "language_info": {"name": ""}}
        assert self.differ(file([code("a")]), room([code("a")], **empty)) == []
        other = {**empty, "language_info": {"name": "python"}}
        assert self.differ(file([code("a")]), room([code("a")], **other)) == ["metadata.language_info"]

    def test_defaults_may_not_replace_what_was_there(self):
        template = file([code("a")], kernelspec={"name": "python3", "display_name": "P"})
        content = room([code("a")], kernelspec={"name": "", "display_name": ""})
        assert self.differ(template, content) == ["metadata.kernelspec.display_name", "metadata.kernelspec.name"]
        assert self.differ(template, room([code("a")])) == ["metadata.kernelspec"]

    def test_one_empty_cell_may_appear_where_there_was_none(self):
        empty = code("new", "", metadata={"trusted": True}, execution_state="idle")
        assert self.differ(file([]), room([empty])) == []
        assert self.differ(file([]), room([code("new", "x")])) == ["cells[0]"]
        assert self.differ(file([]), room([empty, empty])) == ["cells[0]", "cells[1]"]
        assert self.differ(file([markdown("a")]), room([markdown("a"), empty])) == ["cells[1]"]

    def test_ids_may_be_added_where_there_were_none(self):
        template = file([code(), markdown()])
        assert self.differ(template, room([code("n1"), markdown("n2")])) == []
        assert self.differ(template, room([code("n1"), markdown("n1")])) != []
        assert self.differ(template, room([code("n1", "y"), markdown("n2")])) == ["cells[0].source"]
        assert self.differ(template, room([code(""), markdown("n2")])) != []

    def test_a_cell_that_is_lost_while_ids_are_added_is_one_difference(self):
        template = file([code(source=str(index)) for index in range(9)])
        content = room([code(f"n{index}", str(index)) for index in range(9) if index != 4])
        assert self.differ(template, content) == ["cells[4]"]

    def test_ids_that_are_there_must_stay(self):
        assert self.differ(file([code("a")]), room([code("b")])) != []

    def test_repeated_ids_may_be_renamed_from_the_second_on(self):
        template = file([code("a"), code("a", "y"), code("a", "z")])
        assert self.differ(template, room([code("a"), code("n1", "y"), code("n2", "z")])) == []
        assert self.differ(template, room([code("n0"), code("n1", "y"), code("n2", "z")])) != []
        assert self.differ(template, room([code("a"), code("n1", "y"), code("n1", "z")])) != []
        assert self.differ(template, room([code("a"), code("n1", "Y"), code("n2", "z")])) == ["cells[1].source"]

    def test_an_execution_state_in_the_template_is_nobodys_fault(self):
        assert self.differ(file([code("a", execution_state="busy")]), room([code("a", execution_state="idle")])) == []

    def test_windows_line_ends_of_text_files_become_line_feeds_and_nothing_else_does(self):
        assert self.differ("a\r\nb\n", {"source": "a\nb\n"}, "text") == []
        assert self.differ("a\rb", {"source": "a\nb"}, "text") == [""]
        assert self.differ("a\n\nb", {"source": "a\nb"}, "text") == [""]
        assert self.differ(file([code("a", "x\r\ny")]), room([code("a", "x\ny")])) == ["cells[0].source"]

    def format_3(self) -> dict:
        cells = [
            {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Title"]},
            {
                "cell_type": "code", "collapsed": False, "input": ["1 +\n", "1"], "language": "python", "metadata": {},
                "outputs": [{"metadata": {}, "output_type": "pyout", "prompt_number": 1, "text": ["2"]}],
                "prompt_number": 1,
            },
        ]  # fmt: skip
        return {
            "metadata": {"name": "old"}, "nbformat": 3, "nbformat_minor": 0,
            "worksheets": [{"cells": cells, "metadata": {}}],
        }  # fmt: skip

    def converted_room(self) -> dict:
        result = {"data": {"text/plain": "2"}, "execution_count": 1.0, "metadata": {}, "output_type": "execute_result"}
        cells = [
            markdown("r1", "## Title"),
            code("r2", "1 +\n1", metadata={"collapsed": False}, outputs=[result], execution_count=1.0),
        ]
        return room(cells, orig_nbformat=3.0, orig_nbformat_minor=0.0)

    def test_a_notebook_of_format_3_is_converted_as_servers_do(self):
        assert self.differ(self.format_3(), self.converted_room()) == []

    def test_what_is_lost_in_a_conversion_is_found(self):
        content = self.converted_room()
        content["cells"][1]["outputs"] = []
        assert self.differ(self.format_3(), content) == ["cells[1].outputs[0]"]

    def test_conversion_gives_the_same_each_time_and_leaves_its_argument_alone(self):
        old = self.format_3()
        assert to_nbformat_4(old) == to_nbformat_4(old)
        assert old == self.format_3()

    def test_what_nbformat_cannot_convert_is_an_error_in_a_sentence(self):
        with pytest.raises(ValueError, match="could not convert"):
            to_nbformat_4({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [{}]}]})
        with pytest.raises(ValueError, match="format 2 cannot"):
            to_nbformat_4({"nbformat": 2})


class TestBeforeAndAfterRebuild:
    def differ(self, before: dict, after: dict, *copies: str) -> list[str]:
        return paths(rebuilt_differences(before, after, "notebook", copies))

    def test_trust_execution_state_and_new_ids_of_old_formats_are_no_difference(self):
        before = room([code("a", execution_state="busy")], minor=2.0)
        after = room([code("b", metadata={"trusted": True}, execution_state="idle")], minor=2.0)
        assert self.differ(before, after) == []

    def test_new_ids_in_4_5_and_lost_text_are_differences(self):
        assert self.differ(room([code("a")]), room([code("b")])) != []
        assert self.differ(room([code("a", "xy")], minor=2.0), room([code("b", "x")], minor=2.0)) == ["cells[0].source"]

    def test_what_loading_adds_where_people_removed_it_is_no_difference(self):
        defaults = {"kernelspec": {"name": "", "display_name": ""}, "language_info": {"name": ""}}
        assert self.differ(room([]), room([code("new", "")], **defaults)) == []
        assert self.differ(room([markdown("a")]), room([code("new", "")], **defaults)) != []

    def test_doubled_cells_are_a_difference_also_where_copies_are_known(self):
        cells = [code("a"), markdown("b"), code("a")]
        assert self.differ(room(cells), room(cells[:2]), "a") == []
        assert self.differ(room(cells), room([*cells, code("a")]), "a") == ["cells[3]"]
        assert self.differ(room(cells[:2]), room([*cells[:2], code("n"), markdown("m")])) == ["cells[2]", "cells[3]"]

    def test_texts_must_be_equal(self):
        assert rebuilt_differences({"source": "a"}, {"source": "a"}, "text") == []
        assert rebuilt_differences({"source": "a"}, {"source": "aa"}, "text") != []
