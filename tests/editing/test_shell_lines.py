"""What would start a shell from a cell is known, and plain Python and harmless magics are not taken for it."""

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from jupyter_rtc_locust.editing.shell_lines import starts_a_shell

SHELLS = (
    "!ls -l *.csv",
    "x = 1\n  !rm -r folder",
    "!!ls",
    "files = !ls",
    "files =!ls",
    "%%bash\nls",
    "%%sh\nls",
    "%%!\nls",
    "%sx ls",
    "%system ls",
    "%%writefile x.py\nx = 1",
    "%run x.py",
    "%pip install x",
    "!= 0.3",
)
NO_SHELLS = ("", "x != 1", "print('!')", "%timeit area(2.0)", "%matplotlib inline", "a = 5 % 3", "x = 1\n# !", "'%run'")


@pytest.mark.parametrize("code", SHELLS)
def test_a_line_for_a_shell_is_found(code):
    assert starts_a_shell(code)


@pytest.mark.parametrize("code", NO_SHELLS)
def test_other_code_is_none(code):
    assert not starts_a_shell(code)


@pytest.mark.parametrize("code", [*SHELLS, *NO_SHELLS])
def test_what_ipython_would_give_to_a_shell_is_found(code):
    if "getoutput" in (turned := TransformerManager().transform_cell(code)) or ".system(" in turned:
        assert starts_a_shell(code), turned
