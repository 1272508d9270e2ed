"""LaTeX text as it stands in bibliographies, to Unicode and back.

Not a TeX interpreter: accents, letters, quotes, dashes, formatting commands (whose text stays) and simple
formulas. It never fails and reads each character once, whatever the nesting. What it does not know is
named by `decode`, so that the importer can say what was lost.
"""

import re
import unicodedata
from functools import lru_cache

from dissemination.bibliography.vocabulary import words

ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306", ".": "\u0307",
    '"': "\u0308", "r": "\u030a", "H": "\u030b", "v": "\u030c", "d": "\u0323", "c": "\u0327", "k": "\u0328",
    "b": "\u0331",
}  # fmt: skip
LETTERS = {
    "ss": "ß", "SS": "ẞ", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł",
    "aa": "å", "AA": "Å", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ",
    "DJ": "Đ",
    "ng": "ŋ", "NG": "Ŋ", "S": "§", "P": "¶", "copyright": "©", "textcopyright": "©", "textregistered": "®",
    "texttrademark": "™", "euro": "€", "texteuro": "€", "EUR": "€", "pounds": "£", "textsterling": "£",
    "textdegree": "°", "degree": "°", "textmu": "µ", "textbackslash": "\\", "textbraceleft": "{",
    "textbraceright": "}", "textasciitilde": "~", "textasciicircum": "^", "textunderscore": "_",
    "textdollar": "$", "textless": "<", "textgreater": ">", "textbar": "|", "textquotedbl": '"',
    "textendash": "–", "textemdash": "—", "textellipsis": "…", "ldots": "…", "dots": "…",
    "textquoteleft": "‘", "textquoteright": "’", "textquotedblleft": "“", "textquotedblright": "”",
    "guillemotleft": "«", "guillemotright": "»", "quotedblbase": "„", "textexclamdown": "¡",
    "textquestiondown": "¿", "textordfeminine": "ª", "textordmasculine": "º", "textperiodcentered": "·",
    "slash": "/", "hyphen": "-", "TeX": "TeX", "LaTeX": "LaTeX", "LaTeXe": "LaTeX2e", "BibTeX": "BibTeX",
    "newline": "\n", "par": "\n\n", "space": " ", "quad": " ", "nobreakspace": " ", "lq": "‘", "rq": "’",
}  # fmt: skip
GREEK = dict(zip(
    words(
        "alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma "
        "tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega infty "
        "times cdot pm leq le geq ge neq approx sim to rightarrow degree circ"
    ),
    "αβγδεεζηθικλμνξπρστυφφχψωΓΔΘΛΞΠΣΦΨΩ∞×·±≤≤≥≥≠≈∼→→°°", strict=True,
))  # fmt: skip
QUOTES = {"enquote", "mkbibquote", "textquote", "enquote*"}
FORMATS = frozenset(words(
    "textit textbf texttt textsc textrm textsf textsl textup textnormal emph mbox text mkbibemph "
    "mkbibitalic mkbibbold mkbibparens mkbibbrackets autocap MakeUppercase MakeLowercase uppercase "
    "lowercase url path underline it bf tt sc rm sf em itshape bfseries scshape protect relax "
    "ensuremath mathrm mathbf mathit mathcal mathsf mathbb textsuperscript textsubscript noopsort "
    "foreignlanguage uline small large NoCaseChange bibstring"
))  # fmt: skip
SYMBOLS = {
    "\\": "\n", " ": " ", "\n": " ", "\t": " ", ",": " ", ";": " ", ":": " ", **dict.fromkeys("-/!@", ""),
}  # fmt: skip
UP = str.maketrans("0123456789+-()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ")
DOWN = str.maketrans("0123456789+-()", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎")

_PLAIN = re.compile(r"[^\\{}$~`'\-]*(?:[`'\-](?![`'\-])[^\\{}$~`'\-]*)*\Z")
_TOKEN = re.compile(
    r"\\(?P<word>[A-Za-z]+\*?)[ \t\n]*|\\(?P<symbol>.)|(?P<math>\$[^$\\]*(?:\\.[^$\\]*)*\$)"
    r"|(?P<open>\{)|(?P<close>\})|(?P<tie>~)|(?P<dash>---?)|(?P<quote>``|'')"
    r"|(?P<text>[^\\{}$~`'\-]+|.)",
    re.DOTALL,
)
_MARK = r"([`'^\"~=.])"
_ACCENT = re.compile(
    rf"\{{(?<!\\\{{)\\{_MARK}(?:([A-Za-z])\}}|\{{([A-Za-z])\}}\}})|\\(?<!\\\\){_MARK}(?:\{{([A-Za-z])\}}|([A-Za-z]))"
)
"""An accent on a letter in its four usual spellings: most LaTeX in bibliographies is nothing else. (What
must not stand before is asked behind the first sign: then `re` looks for that sign alone.)"""
LIGATURES = (("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("{", ""), ("}", ""), ("~", " "))
"""In this order: braces part what would else become one (`-{}-`)."""
_LINE = "\x01"
"""Stands for a wanted line break while the source's own line ends are turned into spaces."""
_SCRIPT = re.compile(r"([\^_])(?:\{([^{}]*)\}|(.))")


_NONE: frozenset[str] = frozenset()


def decode(source: str) -> tuple[str, frozenset[str]]:
    """The plain text of `source`, and the names of commands that are not known (their text is kept).

    Blank lines separate paragraphs and come out as an empty line; `\\\\` and `\\newline` as a line break.
    """
    if source.isalnum() and source.isascii():
        return source, _NONE
    if _PLAIN.match(source) and "\n" not in source:
        return unicodedata.normalize("NFC", " ".join(source.split())), _NONE
    if "\n\n" not in source and "$" not in source:
        quick = _ACCENT.sub(_accented, source)
        if "\\" not in quick:
            for mark, text in LIGATURES:
                quick = quick.replace(mark, text)
            return unicodedata.normalize("NFC", " ".join(quick.split())), _NONE
    return _remembered(source) if len(source) <= 200 else _decode(source)


def _accented(match) -> str:
    return match[match.lastindex] + ACCENTS[match[1] or match[4]]


def _decode(source: str) -> tuple[str, frozenset[str]]:
    unknown: set[str] = set()
    paragraphs = [_Decoder(unknown).run(p) for p in re.split(r"\n[ \t]*\n\s*", source)]
    text = "\n\n".join(p for p in paragraphs if p)
    return re.sub(r"\n{3,}", "\n\n", text), frozenset(unknown)


_remembered = lru_cache(maxsize=4096)(_decode)  # names and journals come back many times in one file


class _Decoder:
    def __init__(self, unknown: set[str]):
        self.unknown = unknown
        self.out: list[str] = []
        self.accents: list[str] = []  # waiting for their letter
        self.closing: list[str] = []  # what to write at the end of each open group
        self.quoting = False

    def run(self, source: str) -> str:
        for match in _TOKEN.finditer(source):
            kind = match.lastgroup or ""  # every alternative is named
            getattr(self, f"_{kind}")(match[kind])
        self.out.extend(reversed(self.closing))
        text = unicodedata.normalize("NFC", "".join(self.out))
        lines = (" ".join(line.split()) for line in text.split(_LINE))
        return "\n".join(lines).strip("\n")

    def _write(self, text: str) -> None:
        if self.accents and text:
            text = text.lstrip()
            if not text:
                return
            first = {"ı": "i", "ȷ": "j"}.get(text[0], text[0])
            text = first + "".join(reversed(self.accents)) + text[1:]
            self.accents.clear()
        self.out.append(text)

    def _text(self, text: str) -> None:
        self._write(text)

    def _tie(self, _tie: str) -> None:
        self._write(" ")

    def _dash(self, dashes: str) -> None:
        self._write("–" if len(dashes) == 2 else "—")

    def _quote(self, marks: str) -> None:
        self._write("“" if marks == "``" else "”")

    def _open(self, _brace: str) -> None:
        self.closing.append("”" if self.quoting else "")
        if self.quoting:
            self._write("“")
        self.quoting = False

    def _close(self, _brace: str) -> None:
        self.accents.clear()  # an accent without a letter
        if self.closing:
            self.out.append(self.closing.pop())

    def _symbol(self, symbol: str) -> None:
        if symbol in ACCENTS:
            self.accents.append(ACCENTS[symbol])
        elif symbol == "\\":
            self.out.append(_LINE)
        else:
            self._write(SYMBOLS.get(symbol, symbol))

    def _word(self, name: str) -> None:
        if name in ACCENTS:
            self.accents.append(ACCENTS[name])
        elif name in LETTERS:
            self._write(LETTERS[name].replace("\n", _LINE))
        elif name in GREEK:
            self._write(GREEK[name])
        elif name in QUOTES:
            self.quoting = True
        elif name not in FORMATS:
            self.unknown.add(name)

    def _math(self, formula: str) -> None:
        self._write(_formula(formula))


def _formula(source: str) -> str:
    """A formula as text when it is simple (`$\\alpha_2$` → α₂), else as it stands, with its dollars."""
    text = re.sub(r"\\(?:mathrm|mathbf|mathit|mathcal|mathbb|text|ensuremath)\b\s*", "", source[1:-1])
    text = re.sub(r"\\([A-Za-z]+)\s*", lambda m: GREEK.get(m[1], m[0]), text)
    text = _SCRIPT.sub(_script, text)
    text = re.sub(r"\\[,;:! ]", " ", text).replace("{", "").replace("}", "")
    return source if "\\" in text or "^" in text or "_" in text else text


def _script(match) -> str:
    table = UP if match[1] == "^" else DOWN
    inner = match[2] if match[2] is not None else match[3]
    if match[1] == "^" and inner in ("°", "∘"):
        return inner
    moved = inner.translate(table)
    return moved if all(ord(c) in table for c in inner) else match[0]


_ESCAPES = str.maketrans({
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_", "@": "{@}",
    "\n": "\\newline{}\n", '"': r"\textquotedbl{}",
})  # fmt: skip
"""Braces as commands: BibTeX itself counts a brace after a backslash. `@` in braces never opens an entry."""
_LIGATURES = re.compile(r"([-`'])(?=\1)")


def encode(text: str) -> str:
    """`text` as LaTeX that `decode` reads back as the same text. Letters stay Unicode (UTF-8)."""
    return "\n\n".join(_LIGATURES.sub(r"\1{}", p.translate(_ESCAPES)) for p in text.split("\n\n"))


def balanced(source: str) -> bool:
    """Whether the braces of `source` pair up as BibTeX counts them (escaped ones too)."""
    depth = 0
    for brace in re.findall(r"[{}]", source):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0
