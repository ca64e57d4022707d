"""Names of files, programs and addresses as they are said: of a path, the last part."""

from __future__ import annotations

import re
from collections.abc import Callable

from pipeline.speech_text.marks import LINK
from pipeline.speech_text.vocabulary import Vocabulary

_EXTENSIONS = (
    r"(?:py|js|mjs|ts|tsx|jsx|json|jsonl|ya?ml|toml|md|txt|sh|rs|go|c|h|cpp|java|kt|html|css|csv|pdf"
    r"|png|jpe?g|gif|svg|webp|zip|tar\.gz|gz|log|env|ini|cfg|conf|lock|db|sqlite|wav|mp3|mp4|docx?"
    r"|xlsx?|pptx?|exe|dll|so|service|onnx|bak)"
)
_DOMAINS = r"(?:com|org|net|io|dev|no|de|jp|ai|app|co\.uk|eu|gov|edu|info|fr|ch|at|se|dk)"

_MAIL = r"(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
_WEB = r"(?P<web>\bwww\.[^\s,;)]*[\w/])"
_ID = (
    r"(?P<id>=?(?:\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"
    r"|\b(?=[0-9a-f]*\d[a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,}\b"
    r"|(?<![\w./-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=(?:[A-Za-z_-]*\d+){4})[\w-]{16,}))"
)
"""Of a commit, a ticket or a key: letters and digits that make no word."""

_FIND_ID = re.compile(_ID)
_PATH = (
    r"(?P<path>(?<![\w/.~])(?:(?:~|\.{1,2})?/(?:[\w.@+-]+/)+[\w.@+-]*\w/?|(?:~|\.{1,2})/[\w.@+-]*\w/?"
    rf"|[A-Za-z]:\\[\w.@+\\ -]*\w|(?:[\w@+-][\w.@+-]*/)+[\w.@+-]*\.{_EXTENSIONS}\b))"
)
_FILE = rf"(?P<file>(?<![\w/])\.?[\w-]+(?:\.[\w-]+)*\.{_EXTENSIONS}(?![\w-])(?::\d+)*)"
_HIDDEN = r"(?P<hidden>(?<![\w.])\.[a-z]\w+)"
_DOMAIN = rf"(?P<domain>(?<![\w.])(?:[\w-]+\.)+{_DOMAINS}\b(?:/[\w./%#?=&-]*[\w/])?)"
_COMMAND = r"(?P<command>(?<![\w/])/[a-z][\w-]+(?![\w/]))"
_HASHTAG = r"(?P<hashtag>(?<!\w)#(?=[^\W\d])[\w-]+)"
_PERSON = r"(?P<person>(?<!\w)@(?=[^\W\d]))"
_SNAKE = r"(?P<snake>\b[^\W\d]\w*_\w+\b)"
_WRITTEN = re.compile(
    rf"{_MAIL}|{_WEB}|{_ID}|{_PATH}|{_FILE}|{_DOMAIN}|{_HIDDEN}|{_COMMAND}|{_HASHTAG}|{_PERSON}"
    rf"|{_SNAKE}"
)
"""Names that stand in a text without backticks."""

_HUMP = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_IS_PATH = re.compile(r"(?:~|\.{1,2}|[A-Za-z]:)?[/\\].*[^/\\]?|[^\s]+/[^\s]*\.\w{1,5}")
_IS_COMMAND = re.compile(r"/[a-z][\w-]*")


def has_id(text: str) -> bool:
    """Whether a text has an identifier in it, which nobody wants to hear."""
    return bool(_FIND_ID.search(text))


def say_written_names(text: str, words: Vocabulary) -> str:
    """Replace the names in a plain text by what is said for them."""

    def say(match: re.Match[str]) -> str:
        return _SAY[match.lastgroup or ""](match[0], words)

    return _WRITTEN.sub(say, text)


def say_code(code: str, words: Vocabulary) -> str:
    """Return what is said for inline code that is a name, a path or a short command."""
    return " ".join(_say_word(word, words) for word in code.split() if word)


def _say_word(word: str, words: Vocabulary) -> str:
    if _FIND_ID.fullmatch(word):
        return ""
    if "@" in word[1:] and _WRITTEN.fullmatch(word):
        return _say_mail(word, words)
    if _IS_COMMAND.fullmatch(word):
        return _say_command(word, words)
    if _IS_PATH.fullmatch(word):
        return _say_path(word, words)
    return _say_parts(word, words)


def _say_command(command: str, words: Vocabulary) -> str:
    return f"{words.slash} {_say_parts(command, words)}"


def _say_path(path: str, words: Vocabulary) -> str:
    """Say the last part of a path: nobody listens to the way there."""
    return _say_parts(re.split(r"[/\\]", path.rstrip("/\\"))[-1], words)


def _say_file(name: str, words: Vocabulary) -> str:
    """Say a file, and the line in it that was named."""
    file, *place = name.split(":")
    line = f" {words.line} {place[0]}" if place else ""
    return _say_parts(file, words) + line


def _say_hashtag(tag: str, words: Vocabulary) -> str:
    return " ".join(_HUMP.sub(" ", part) for part in re.split("[#_]", tag) if part)


def _say_parts(name: str, words: Vocabulary) -> str:
    """Say a name: its dots in words, its other signs as the gaps they are."""
    tail = name[-1] if name[-1:] in {",", ":", ";", "!", "?"} else ""
    name = name.removesuffix(tail).removesuffix("()")
    name = name.replace("++", " plus plus ").replace("C#", "C sharp")
    parts = re.sub(r"(?<!\d)\.(?=\w)|\.(?=[^\W\d])", f" {words.dot} ", name)
    parts = re.sub(r"(?<!\w)-+|[/\\_@:+#~=<>]+", " ", parts)
    spoken = " ".join(_HUMP.sub(" ", part) for part in parts.split())
    return (spoken.lower() if name[:1].islower() and _HUMP.search(name) else spoken) + tail


def _say_domain(domain: str, words: Vocabulary) -> str:
    return domain.partition("/")[0].replace(".", f" {words.dot} ")


def _say_mail(mail: str, words: Vocabulary) -> str:
    user, _, domain = mail.partition("@")
    return f"{_say_parts(user, words)} {words.at} {_say_domain(domain, words)}"


_SAY: dict[str, Callable[[str, Vocabulary], str]] = {
    "mail": _say_mail,
    "web": lambda _, words: words.stand_ins[LINK],
    "id": lambda _, words: "",
    "path": _say_path,
    "file": _say_file,
    "hidden": _say_parts,
    "domain": _say_domain,
    "command": _say_command,
    "hashtag": _say_hashtag,
    "person": lambda _, words: "",
    "snake": _say_parts,
}
