"""What simulated people type: words of many scripts, emoji, combining marks, lines to paste. Material as data.

`text_for` draws from it with dice: bytes that the caller derived from seed, user and edit number. It is a pure
function, and the same in every version of Python, so that workers on different machines agree.

Never in here: carriage returns and lone surrogates (a healthy stack cannot keep them), and the control characters
that ask for trouble of their own.
"""

from collections.abc import Callable, Mapping, Sequence

from jupyter_rtc_locust.editing.kinds import EditKind

ZERO_WIDTH_JOINER = "\u200d"
EMOJI_PRESENTATION = "\ufe0f"

WORDS = (
    "signal", "noise", "mean", "median", "sample", "axis", "curve", "slope", "batch", "epoch", "kernel", "matrix",
    "vector", "tensor", "gradient", "residual", "weight", "bias", "column", "index", "merge", "split", "filter",
    "group", "window", "offset", "stride", "buffer", "queue", "worker", "thread", "socket", "notebook", "figure",
    "legend", "label", "title", "margin", "river", "garden", "lantern", "pepper", "violet", "copper", "meadow",
    "harbour", "x = 1", "y += 2", "for", "while", "return", "import", "lambda", "None", "True", "0.5", "1e-3", "42",
    "a, b", "f(x)", "# why", "\"quoted\"", "'single'", "[0]", "{}", "\\alpha", "$x^2$", "**bold**",
)  # fmt: skip
"""What is typed most: Latin letters, figures and the signs of code and Markdown."""

SCRIPT_WORDS: Mapping[str, tuple[str, ...]] = {
    "Chinese": ("数据", "样本均值", "你好，世界", "𠮷野家", "梯度"),
    "Japanese": ("データ", "ノートブック", "ひらがな", "図１", "試験"),
    "Korean": ("안녕하세요", "데이터", "평균값", "그림"),
    "Arabic": ("بيانات", "مرحبا", "متوسط", "دفتر"),
    "Hebrew": ("שלום", "נתונים", "ממוצע", "מחברת"),
    "Devanagari": ("नमस्ते", "आँकड़े", "क्षेत्र", "औसत"),
    "Bengali": ("নমস্কার", "তথ্য", "গড়"),
    "Tamil": ("வணக்கம்", "தரவு", "சராசரி"),
    "Thai": ("สวัสดี", "ข้อมูล", "ค่าเฉลี่ย"),
    "Cyrillic": ("данные", "среднее", "привет", "їжак", "градиент"),
    "Greek": ("δεδομένα", "μέσος", "Ωμέγα", "καλημέρα"),
    "Georgian": ("მონაცემები", "გამარჯობა"),
    "Armenian": ("տվյալներ", "բարև"),
    "Ethiopic": ("ሰላም", "መረጃ"),
    "Latin with marks": ("naïve", "Ångström", "čeština", "Straße", "İstanbul", "ﬁnal", "Việt"),
    "mathematical": ("𝔐𝔞𝔱𝔥", "∑∞", "ℝ³", "𝑥²", "→⇒", "½¾"),
}
"""Words by script. Among them right-to-left scripts, conjuncts, and characters beyond the basic plane."""

EMOJI = (
    "😀",
    "🎉",
    "🐍",
    "📈",
    "👍🏽",
    "👋🏿",
    "🧑🏻" + ZERO_WIDTH_JOINER + "🔬",
    "👩" + ZERO_WIDTH_JOINER + "💻",
    "👨" + ZERO_WIDTH_JOINER + "👩" + ZERO_WIDTH_JOINER + "👧" + ZERO_WIDTH_JOINER + "👦",
    "🏳" + EMOJI_PRESENTATION + ZERO_WIDTH_JOINER + "🌈",
    "❤" + EMOJI_PRESENTATION + ZERO_WIDTH_JOINER + "🔥",
    "🇩🇪",
    "🇯🇵",
    "🇧🇷",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "1" + EMOJI_PRESENTATION + "\u20e3",
    "☕" + EMOJI_PRESENTATION,
)
"""Simple ones, skin tones, sequences joined by ZWJ, flags of letters and of tags, a keycap."""

COMBINING = (
    "e\u0301",
    "n\u0303",
    "a\u030a\u0323",
    "s\u0323\u0307",
    "o\u0302\u0301",
    "q\u0307\u0323",
    "Z\u0351\u036b\u0343\u0314",
    "\u0301",
    "\u0308",
    "\u1100\u1161\u11a8",
    "क\u094d\u200dष",
    "ש\u05c1\u05b8",
    "x\u20d7",
)
"""Letters with marks as separate code points, marks alone (they join whatever stands before), Hangul by its parts."""

INDENTED_NEWLINES = ("\n", "\n", "\n    ", "\n\t", "\n\n", "\n- ")
TABS = ("\t", "\t\t", "\t\t\t")
BLANKS = (" ", "  ", "   ", "\u00a0", " \t")

PASTED_LINES = (
    "import math",
    "from statistics import mean",
    "",
    "def area(radius):",
    "    return math.pi * radius ** 2",
    "\tif radius < 0:",
    '\t\traise ValueError("a circle\'s radius is not negative")',
    "for name, value in sorted(readings.items()):",
    "    print(f'{name:>12}: {value:8.3f}')",
    "# Findings of the second week",
    "## Method",
    "- three sensors, one reading each minute",
    "- the *outliers* stay in  ",
    "1. open the valve",
    "| station | °C | ok |",
    "|---|---:|:-:|",
    "| Zürich | -3.5 | ✅ |",
    "| 札幌 | -11.0 | ❌ |",
    "$$\\int_0^1 x^2\\,dx = \\tfrac{1}{3}$$",
    "time;place;reading",
    "08:15;roof;17.25",
    '{"key": [1, 2, {"deep": null}]}',
    "<b>bold</b> &amp; <i>not escaped</i>",
    "    indented by four, with a blank at the end ",
    "\\begin{align} a &= b \\\\ c &= d \\end{align}",
    "%timeit area(2.0)",
    "!ls -l *.csv",
    "result = [x for x in range(100) if x % 7 == 0]",
    "привет = 'мир'  # имена тоже бывают такими",
    "مرحبا بالعالم",
    "família = ['👩', '👧', '👦']",
    "https://example.org/a?b=c&d=%20#e",
    "assert area(1) == math.pi",
    "[1] 0.1+0.2 != 0.3",
)
"""Lines as people paste them: code, Markdown, tables, data, tabs, blanks at the end, empty lines."""


def text_for(kind: EditKind, dice: bytes) -> str:
    """
    Draw the text of an edit of this kind with dice (at least 24 bytes of any value).

    Kinds that write no text (a deletion, a move) get an empty string; all others at least one character.
    """
    draw = _DRAWS.get(kind)
    return "" if draw is None else draw(dice)


def _pick(material: Sequence[str], die: int) -> str:
    return material[die % len(material)]


def _words(dice: bytes) -> str:
    """One to four words, and often a blank after them, so that words typed one after the other stay apart."""
    words = " ".join([_pick(WORDS, die) for die in dice[1 : 2 + dice[0] % 4]])
    return words + " " if dice[5] % 2 else words


def _name(dice: bytes) -> str:
    """Two words of which the second may be of any script: a title, a tag, a note."""
    return f"{_pick(WORDS[:46], dice[0])} {_pick(_ALL_SCRIPT_WORDS, dice[1])}"


def _script_words(dice: bytes) -> str:
    """One to three words of one script."""
    words = SCRIPT_WORDS[_pick(_SCRIPTS, dice[0])]
    return " ".join([_pick(words, die) for die in dice[2 : 3 + dice[1] % 3]])


def _emoji(dice: bytes) -> str:
    return "".join([_pick(EMOJI, die) for die in dice[1 : 2 + dice[0] % 3]])


def _combining(dice: bytes) -> str:
    return "".join([_pick(COMBINING, die) for die in dice[1 : 2 + dice[0] % 3]])


def _block(dice: bytes) -> str:
    """Four to twenty-one whole lines."""
    return "".join([_pick(PASTED_LINES, die) + "\n" for die in dice[1 : 5 + dice[0] % 18]])


def _few_lines(dice: bytes) -> str:
    """A first line of words and up to five lines more, without a newline at the end: the source of a cell."""
    return "\n".join([_words(dice).strip(), *[_pick(PASTED_LINES, die) for die in dice[8 : 8 + dice[7] % 6]]])


def _printed_lines(dice: bytes) -> str:
    """One to three lines as a program prints them."""
    return "".join([f"{_pick(WORDS, die)} {die}: {_name(dice[die % 8 :])}\n" for die in dice[1 : 2 + dice[0] % 3]])


_SCRIPTS = tuple(SCRIPT_WORDS)
_ALL_SCRIPT_WORDS = tuple(word for words in SCRIPT_WORDS.values() for word in words)

_DRAWS: Mapping[EditKind, Callable[[bytes], str]] = {
    EditKind.INSERT_LETTERS: _words,
    EditKind.INSERT_SCRIPTS: _script_words,
    EditKind.INSERT_EMOJI: _emoji,
    EditKind.INSERT_COMBINING_MARKS: _combining,
    EditKind.INSERT_TAB: lambda dice: _pick(TABS, dice[0]),
    EditKind.INSERT_TRAILING_BLANK: lambda dice: _pick(BLANKS, dice[0]),
    EditKind.INSERT_NEWLINE: lambda dice: _pick(INDENTED_NEWLINES, dice[0]),
    EditKind.PASTE: _block,
    EditKind.SET_SOURCE: _few_lines,
    EditKind.INSERT_CELL: _few_lines,
    EditKind.SET_CELL_METADATA: _name,
    EditKind.SET_NOTEBOOK_METADATA: _name,
    EditKind.SET_TAGS: _name,
    EditKind.OUTPUT_STREAM: _printed_lines,
    EditKind.OUTPUT_DISPLAY_DATA: _name,
    EditKind.OUTPUT_ERROR: _name,
    EditKind.ATTACH_IMAGE: _name,
}
