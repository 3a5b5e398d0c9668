"""Text that people supply, made safe for a database and back.

SQLite functions stop at a NUL, PostgreSQL refuses one, and neither takes the lone
surrogates that stand for undecodable bytes in arguments and paths. So these, and the
backslash itself, are escaped on the way in. What is longer than `MAX_TEXT_CHARS` is
cut, visibly.
"""

import re

MAX_TEXT_CHARS = 65_536
"""Longest name, tag, argument or note that is kept whole."""
MAX_ITEMS = 4096
"""Most arguments, tags or notes of one run that are kept."""
MAX_LIST_CHARS = 4 * MAX_TEXT_CHARS
"""Most characters that all arguments of a command, or all tags, take together."""
CUT_MARK = "… [cut by greenops: {} characters]"

_ESCAPED = re.compile(r"\\(\\|0|u[0-9a-f]{4})")


def escape(text: str) -> str:
    r"""Return `text` without NUL and lone surrogates: `\0`, `\udc80`, `\\`."""
    text = text.replace("\\", "\\\\").replace("\0", "\\0")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text


def unescape(stored: str) -> str:
    """Return what `escape` was given."""
    return _ESCAPED.sub(_original, stored) if "\\" in stored else stored


def cut(text: str, limit: int = MAX_TEXT_CHARS) -> str:
    """Return `text`, or its first `limit` characters and a mark that says so."""
    if len(text) <= limit:
        return text
    return text[:limit] + CUT_MARK.format(len(text))


def cut_all(texts: list[str]) -> list[str]:
    """Cut each of `texts`, and drop those beyond what all may take together."""
    kept: list[str] = []
    left = MAX_LIST_CHARS
    for text in texts[:MAX_ITEMS]:
        short = cut(text)
        left -= len(short)
        if left < 0:
            break
        kept.append(short)
    return kept


def _original(match: re.Match[str]) -> str:
    code = match[1]
    if code == "\\":
        return "\\"
    return "\0" if code == "0" else chr(int(code[1:], 16))
