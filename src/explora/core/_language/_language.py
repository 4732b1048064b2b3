"""A small language: a sentence is some clauses that all hold."""

import difflib
import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool

from .._errors import ArgumentError

_FILLERS = frozenset(
    "a an the and then while but also please you your it its go going walk to do that this so by in with as any".split()
)
_COUNTED = "zero one two three four five six seven eight nine ten eleven twelve"
_NUMBERS: dict[str, str] = {word: str(number) for number, word in enumerate(_COUNTED.split())}
_TWICE = re.compile(r"(.)\1$")


class Clause(NamedTuple):
    """Something that is true of an episode or not.

    **Arguments:**

    - `says`: how it is written, as a request: `"hug the left wall"`.
    - `meaning`: exactly when it is true.
    - `also`: other ways to say it.
    - `against`: what can never be true together with it, as written there.
    - `implies`: what is true wherever it is, likewise.
    """

    says: str
    meaning: str
    also: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    implies: tuple[str, ...] = ()


class Language(NamedTuple):
    """What can be said of the episodes of a domain, and asked for.

    A request is any number of clauses, in any order, joined as one likes: `"reach the goal hugging the left wall"`.
    Endings of words and small words do not matter; all other words must belong to a clause, so that nothing which was
    asked for is passed over in silence.

    **Arguments:**

    - `clauses`: all there are. Their order is that of the columns of `Environment.retell`.
    """

    clauses: tuple[Clause, ...]

    def parse(self, text: str) -> tuple[int, ...]:
        """The clauses that a request asks for, in their own order.

        **Raises:** `ArgumentError` for a request that asks for nothing, for something else, or for what cannot be true
        together; it says what can be asked.
        """
        words = _plain(text)
        phrases = sorted(self._phrases(), key=lambda phrase: -len(phrase[0]))
        found, strange, place = set(), [], 0
        while place < len(words):
            fits = (p for p in phrases if words[place : place + len(p[0])] == p[0])
            phrase, clause = next(fits, ((), -1))
            if clause < 0:
                strange.append(words[place])
            else:
                found.add(clause)
            place += max(1, len(phrase))
        if strange or not found:
            raise ArgumentError(self._misunderstood(text, strange))
        self._check_together(found)
        return tuple(sorted(found))

    def sentence(self, true: Bool[np.ndarray, " clauses"]) -> str:
        """The clauses that are true, as one sentence without what others of them imply."""
        said = [clause for clause, holds in zip(self.clauses, true, strict=True) if holds]
        implied = {name for clause in said for name in clause.implies}
        return ", ".join(clause.says for clause in said if clause.says not in implied) or "nothing that has a name"

    def asked(self, clauses: Iterable[int]) -> Bool[np.ndarray, " clauses"]:
        """Clauses as a row of bools."""
        row = np.zeros(len(self.clauses), bool)
        row[list(clauses)] = True
        return row

    @property
    def help(self) -> str:
        """What can be asked, one clause a line."""
        wide = max(len(clause.says) for clause in self.clauses)
        return "\n".join(f"  {clause.says:<{wide}}  {clause.meaning}" for clause in self.clauses)

    def _phrases(self) -> list[tuple[tuple[str, ...], int]]:
        """All ways to say something, as plain words, and which clause it is."""
        return [(_plain(way), at) for at, clause in enumerate(self.clauses) for way in (clause.says, *clause.also)]

    def _check_together(self, found: set[int]) -> None:
        said = {self.clauses[at].says for at in found}
        for at in sorted(found):
            clash = said & set(self.clauses[at].against)
            if clash:
                raise ArgumentError(
                    f"nothing can {self.clauses[at].says} and {min(clash)} at once: ask for one of the two"
                )

    def _misunderstood(self, text: str, strange: list[str]) -> str:
        can = f"what can be asked:\n{self.help}"
        if not strange:
            return f"{text.strip()!r} asks for nothing; {can}"
        says = [way for clause in self.clauses for way in (clause.says, *clause.also)]
        near = difflib.get_close_matches(text.lower().strip(), says, n=1, cutoff=0.6)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        words = dict(zip(_stems(text), _split(text)))
        unknown = ", ".join(repr(words.get(word, word)) for word in dict.fromkeys(strange))
        return f"{text.strip()!r} is not understood from {unknown} on{hint}; {can}"


def _plain(text: str) -> tuple[str, ...]:
    """The words that matter, without their endings."""
    return tuple(stem for stem, word in zip(_stems(text), _split(text)) if word not in _FILLERS)


def _split(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def _stems(text: str) -> list[str]:
    return [_stem(_NUMBERS.get(word, word)) for word in _split(text)]


def _stem(word: str) -> str:
    """A word without the endings of verbs and plurals; all that counts is that both sides do the same."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = _TWICE.sub(r"\1", word[: -len(ending)])
            break
    return word.removesuffix("e") if len(word) > 3 else word
