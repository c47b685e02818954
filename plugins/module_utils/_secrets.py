# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The mask over credentials in what comes back, such as from a proxy that echoes the request.

An echo may be encoded, several times and in a mixture. Therefore text is decoded step by step, and each step is
searched for each secret. A table says where each decoded character stands in the original text.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "********"
WHOLE = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
LEAST = 4
"""Characters of the shortest secret that is masked. A mask over less shreds ordinary words, which reveals it."""
ENOUGH = 16
"""First characters that give a secret away where its echo was cut, and length of those that data is searched for."""
STEPS = 8
"""Steps of decoding, more than an echo has encodings."""
LONGEST_GAP = 24 * ENOUGH
"""Characters that an encoder makes at most of what stands between two words of a secret's beginning."""
LAYERS = 3
"""How deep base64 in base64 is looked into."""

_ESCAPE = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+"
    r"|\\u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}"
    r"|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\[\"'\\/bfnrt]"
    r"|&(?:#[0-9]{1,7}|#[Xx][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?"
)
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_SPELLED_OUT = {
    b"%": re.compile(rb"%[2-7][0-9A-Fa-f](?:%[2-7][0-9A-Fa-f]){3}"),
    rb"\u00": re.compile(rb"\\+u00[2-7][0-9A-Fa-f](?:\\+u00[2-7][0-9A-Fa-f]){3}"),
    rb"\x": re.compile(rb"\\+x[2-7][0-9A-Fa-f](?:\\+x[2-7][0-9A-Fa-f]){3}"),
    b"&#": re.compile(rb"&#[Xx]?[0-9A-Fa-f]{2,7}(?:;?&#[Xx]?[0-9A-Fa-f]{2,7}){3}"),
}
"""By how they begin: plain characters in a row that no encoder needs to escape."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{60,}(?:\r?\n[A-Za-z0-9+/_-]+)+=*|[A-Za-z0-9+/_-]{6,}=*")
_STANDARD = str.maketrans("-_", "+/", "\r\n=")


class Secrets:
    """The credentials that a connection uses, and the mask over them.

    `register` is called with each secret. Inside Ansible it makes ansible-core 2.22 mask the secret as well.
    """

    def __init__(self, register: Callable[[str], object] | None = None) -> None:
        self._register = register
        self._known: frozenset[str] = frozenset()
        self._forms = _Forms()
        self._rows: frozenset[tuple[bytes, re.Pattern[bytes]]] = frozenset()
        self._traces: frozenset[bytes] = frozenset()

    def __repr__(self) -> str:
        return f"<{len(self._known)} secrets>"

    def add(self, *secrets: str | None) -> None:
        """Learn secrets. Texts that are too short to be masked are ignored."""
        for given in secrets:
            secret = (given or "").strip()
            if len(secret) < LEAST or secret in self._known:
                continue
            if self._register:
                self._register(secret)
            self._known |= {secret}
            for part in _parts(secret):
                self._forms = _Forms(self._forms.texts | _forms(part))
                if len(part) >= ENOUGH:
                    self._rows |= {_row(part)}
                    self._traces |= _traces(part)

    def masked(self, text: str) -> str:
        """Return a text from elsewhere without the secrets in it, whatever their encoding."""
        return _masked(text, self._forms)

    def masked_error(self, content: Any) -> Any:
        """Return the JSON of an error without the secrets in it."""
        return _everywhere(content, self.masked)

    def masked_data(self, content: Any, raw: bytes | bytearray) -> Any:
        """Return the JSON of a successful answer, which `raw` is the text of, without the long secrets in it.

        Short ones are left: they may be part of an honest name or value, and a masked one would find nobody.
        """
        if not self._leaves_trace(raw):
            return content
        long = _Forms(form for form in self._forms.texts if len(form) >= ENOUGH)
        return _everywhere(content, lambda text: _masked(text, long))

    def _leaves_trace(self, raw: bytes | bytearray) -> bool:
        """Return whether a text may hold a long secret in any of the usual encodings."""
        # The search for a text is faster than that for a pattern, and the search for one byte faster than both.
        if any(trace in raw for trace in self._traces) or any(
            word in raw and row.search(raw) for word, row in self._rows
        ):
            return True
        spelled_out = (pattern.search(raw) for mark, pattern in _SPELLED_OUT.items() if mark[:1] in raw and mark in raw)
        return bool(self._traces) and any(spelled_out)


class _Forms:
    """The texts to search for: by their beginnings, which many of them share, and the length of the shortest."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self.texts = frozenset(texts)
        self.by_beginning: dict[str, list[str]] = {}
        for text in self.texts:
            self.by_beginning.setdefault(text[:ENOUGH], []).append(text)
        self.shortest = min(map(len, self.by_beginning), default=0)


def without_options(result: Any, secrets: Collection[str]) -> Any:
    """Return a task's result with the secrets of its options masked, as Ansible does it before 2.22.

    Each part of it is searched separately: the invocation holds the secrets, and other parts can have many values.
    """
    if isinstance(result, Mapping):
        return {name: _without(part, secrets) if _may_hold(part, secrets) else part for name, part in result.items()}
    return _without(result, secrets) if _may_hold(result, secrets) else result


def _may_hold(result: Any, secrets: Collection[str]) -> bool:
    """Return whether a secret may be in a part of a result: one search for all its values."""
    try:
        text = json.dumps(result, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):  # it has other types
        return True
    return any(json.dumps(secret, ensure_ascii=False)[1:-1] in text for secret in secrets)


def _without(result: Any, secrets: Collection[str]) -> Any:
    if result is None or isinstance(result, bool) or not secrets:
        return result
    if isinstance(result, Mapping):
        return {name: _without(item, secrets) for name, item in result.items()}
    if isinstance(result, (list, tuple)):
        return [_without(item, secrets) for item in result]
    text = str(result)
    if text in secrets:
        return WHOLE
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, MASK) if isinstance(result, str) else WHOLE
    return text if isinstance(result, str) or text == WHOLE else result


def _everywhere(value: Any, masked: Callable[[str], str]) -> Any:
    """Return JSON with each text in it masked."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {masked(str(name)): _everywhere(item, masked) for name, item in value.items()}
    if isinstance(value, list):
        return [_everywhere(item, masked) for item in value]
    return value


def _parts(secret: str) -> list[str]:
    """Return a secret and, if it is a signed token, its segments."""
    segments = secret.split(".") if secret.count(".") == 2 else []
    return [secret, *(segment for segment in segments if len(segment) >= ENOUGH)]


def _forms(secret: str) -> frozenset[str]:
    """Return the texts that decoding can make of a secret: each step of decoding turns its own escapes as well."""
    spellings = {secret, secret.replace(" ", "+"), secret.encode("utf-8", "replace").decode("latin-1")}
    forms = {text for spelling in spellings for text, _places in _steps(spelling)}
    return frozenset(form for form in forms if len(form) >= LEAST)


def _row(secret: str) -> tuple[bytes, re.Pattern[bytes]]:
    """Return a pattern that is in each encoding of a secret that leaves letters and digits alone, and its longest word.

    Such an encoder makes some characters of each other one. A secret without a word, which none is that Entra makes,
    leaves a trace everywhere: then all data is searched.
    """
    words = [word.encode() for word in re.findall(r"[A-Za-z0-9]+", secret[:ENOUGH])]
    return max(words, key=len, default=b""), re.compile((b".{1,%d}?" % LONGEST_GAP).join(words), re.DOTALL)


def _traces(secret: str) -> frozenset[bytes]:
    """Return texts of which at least one is in each usual base64 of a secret."""
    first = secret[:ENOUGH]
    traces: set[bytes] = set()
    for spelling in dict.fromkeys((first, quote(first, safe=""), quote_plus(first))):
        data = spelling.encode("utf-8", "replace")
        for shift in range(3):
            begin, end = -(-8 * shift // 6), 8 * (shift + len(data)) // 6
            core = base64.b64encode(b"\0" * shift + data)[begin:end]
            traces |= {core, core.replace(b"+", b"-").replace(b"/", b"_")}
    return frozenset(traces)


def _masked(text: str, forms: _Forms) -> str:
    spans = sorted(
        (places[begin], places[end]) for step, places in _steps(text) for begin, end in _found(step, forms, LAYERS)
    )
    pieces, done = [], 0
    for begin, end in spans:
        if end <= done:
            continue
        if begin > done or not done:
            pieces += [text[done:begin], MASK]
        done = end
    return "".join([*pieces, text[done:]])


def _steps(text: str) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield a text as it is, then decoded once more each time, with the place in the original of each character."""
    places: Sequence[int] = range(len(text) + 1)
    for _step in range(STEPS):
        yield text, places
        characters: list[str] = []
        origins: list[int] = []
        done = 0
        for escape in _ESCAPE.finditer(text):
            characters.append(text[done : escape.start()])
            origins += places[done : escape.start()]
            for character, offset in _decoded(escape.group()):
                characters.append(character)
                origins.append(places[escape.start() + offset])
            done = escape.end()
        decoded = "".join(characters) + text[done:]
        if decoded == text:
            return
        text, places = decoded, origins + list(places[done:])


def _decoded(escape: str) -> list[tuple[str, int]]:
    """Return the characters of an escape, each with where in it that begins."""
    if escape[0] == "%":
        data = bytes.fromhex(escape.replace("%", ""))
        try:
            text, size = data.decode(), 0
        except UnicodeDecodeError:
            text, size = data.decode("latin-1"), 1
        found, offset = [], 0
        for character in text:
            found.append((character, offset))
            offset += 3 * (size or len(character.encode()))
        return found
    if escape[0] == "&":
        return [(character, min(place, len(escape) - 1)) for place, character in enumerate(html.unescape(escape))]
    if escape[1] not in "ux":
        return [(_LETTERS.get(escape[1], escape[1]), 0)]
    units = [int(unit, 16) for unit in re.findall(r"[0-9A-Fa-f]{4}|[0-9A-Fa-f]{2}$", escape)]
    code = units[0] if len(units) == 1 else 0x10000 + ((units[0] - 0xD800) << 10) + units[1] - 0xDC00
    return [(chr(code), 0)]


def _found(text: str, forms: _Forms, depth: int) -> Iterator[tuple[int, int]]:
    """Yield where a decoded text holds a secret, the beginning of one, or base64 that holds one."""
    if len(text) < forms.shortest:
        return
    for anchor, alike in forms.by_beginning.items():
        begin = text.find(anchor)
        while begin >= 0:
            for form in alike:
                end = begin + len(anchor)
                while end < len(text) and end - begin < len(form) and text[end] == form[end - begin]:
                    end += 1
                yield begin, end
            begin = text.find(anchor, begin + 1)
    if depth and forms.texts:
        for run in _BASE64.finditer(text):
            # Each byte becomes one character at most, and no further step of decoding makes a text longer.
            if len(run.group()) * 3 // 4 < forms.shortest:
                continue
            if any(_holds(inner, forms, depth - 1) for inner in _from_base64(run.group())):
                yield run.span()


def _holds(text: str, forms: _Forms, depth: int) -> bool:
    return any(True for step, _places in _steps(text) for _span in _found(step, forms, depth))


def _from_base64(run: str) -> Iterator[str]:
    """Yield what a run of base64 decodes to, from each place in it where a group of four may begin."""
    digits = run.translate(_STANDARD)
    for shift in range(4):
        group = digits[shift:]
        group = group[:-1] if len(group) % 4 == 1 else group
        data = base64.b64decode(group + "=" * (-len(group) % 4))
        yield data.decode("utf-8", "replace").replace("\0", "")
