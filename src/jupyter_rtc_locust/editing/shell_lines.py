"""Which code would start a shell, or another program, from a notebook's cell.

Simulated people type lines of their pools one after the other, and `!ls -l *.csv` is one of them. In Python their words
can do no harm; what a shell would make of a line that was cut in two and joined with another is nobody's wish. So a
cell with such a line is not given to a kernel. IPython's own syntax, as its documentation describes it.
"""

import re

_SHELL_LINE = re.compile(
    r"""
      (?: ^ | = ) \s* !                                     # !command, !!command, files = !command
    | (?: ^ | = ) \s* %{1,2} (?: ! | (?: sx | system | sc | script | bash | sh | cmd | perl | ruby | writefile | file
                                     | run | cd | rehashx | alias | pip | conda | uv ) \b )
    """,
    re.MULTILINE | re.VERBOSE,
)


def starts_a_shell(code: str) -> bool:
    """Whether a line of the code asks IPython for a shell, another program, or a file that it writes."""
    return _SHELL_LINE.search(code) is not None
