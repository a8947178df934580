"""Feeds of whole campaigns, in chapters: after one change one chapter is written anew, and not the book.

A chapter holds the events of a range of ids, compressed so that it may stand beside the others in one gzip
(`kit/deflate.py`). A book of 100,000 events takes about six megabytes in memory; none of its text is kept
unpacked, and while it is written for the first time, no more than a chapter is.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from coordinator.kit.deflate import Piece, gzip_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

BATCH = 500  # rows that are read at once
CHAPTER = 64
"""Ids in a chapter: enough to compress well, and few enough to be rewritten in a millisecond."""


@dataclass(frozen=True, slots=True)
class Text:
    """One event in a feed."""

    id: int
    body: bytes
    marks: frozenset[Hashable] = frozenset()
    """What the frame of the feed must know of it: its zone and year."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """The events of one range of ids."""

    piece: Piece
    ids: array[int]
    lengths: array[int]
    marks: frozenset[Hashable]

    @classmethod
    def of(cls, texts: Iterable[Text], separator: bytes, marks: frozenset[Hashable] = frozenset()) -> Chapter:
        """Write `texts` one after another."""
        known = list(texts)
        return cls(
            Piece.of(separator.join(text.body for text in known)),
            array("q", [text.id for text in known]),  # a fifth of what as many numbers of Python take
            array("l", [len(text.body) for text in known]),
            marks.union(*(text.marks for text in known)),
        )

    def bodies(self, separator: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield each event's id and what is written of it."""
        whole, start = self.piece.text(), 0
        for known, length in zip(self.ids, self.lengths, strict=True):
            yield known, whole[start : start + length]
            start += length + len(separator)


class Book:
    """One feed of one campaign in one language. A book is not changed; `revised` returns the next edition."""

    def __init__(self, chapters: Mapping[int, Chapter], separator: bytes, *, read_at: datetime) -> None:
        """Take the chapters by their number."""
        self._chapters = dict(sorted(chapters.items()))
        self._separator = separator
        self.read_at = read_at
        """What changed later is not in it."""

    @classmethod
    def written(cls, texts: Iterable[Text], separator: bytes, *, read_at: datetime) -> Book:
        """Write a book of `texts`, which come in the order of their ids."""
        chapters = {
            number: Chapter.of(group, separator)
            for number, group in groupby(texts, key=lambda text: text.id // CHAPTER)
        }
        return cls(chapters, separator, read_at=read_at)

    def revised(self, texts: Iterable[Text], gone: Iterable[int], *, read_at: datetime) -> Book:
        """Return the book with `texts` in place of what it says of these events, and without those `gone`."""
        new = {text.id: text for text in texts}
        chapters = dict(self._chapters)
        left_out = set(gone)
        for number in {known // CHAPTER for known in (*new, *left_out)}:
            chapter = chapters.pop(number, None)
            bodies = dict(chapter.bodies(self._separator)) if chapter else {}
            kept = {known: Text(known, body) for known, body in bodies.items() if known not in left_out}
            ours = kept | {known: text for known, text in new.items() if known // CHAPTER == number}
            if ours:
                in_order = [text for _, text in sorted(ours.items())]
                # Marks of what is gone stay: a zone too many does no harm.
                marks = chapter.marks if chapter else frozenset()
                chapters[number] = Chapter.of(in_order, self._separator, marks)
        return Book(chapters, self._separator, read_at=read_at)

    def __len__(self) -> int:
        """Return how many events are in it."""
        return sum(len(chapter.ids) for chapter in self._chapters.values())

    def marks(self) -> frozenset[Hashable]:
        """Return what the frame must know of all events."""
        return frozenset().union(*(chapter.marks for chapter in self._chapters.values()))

    def gzip(self, head: bytes, foot: bytes) -> tuple[bytes, int]:
        """Return the whole feed between `head` and `foot`, compressed, and its size unpacked."""
        return gzip_of(self._pieces(head, foot))

    def _pieces(self, head: bytes, foot: bytes) -> Iterator[Piece]:
        yield Piece.of(head)
        between = Piece.of(self._separator) if self._separator else None
        for number, chapter in enumerate(self._chapters.values()):
            if number and between:
                yield between
            yield chapter.piece
        yield Piece.of(foot)


def in_batches(ids: Iterable[int], read: Callable[[list[int]], Iterable[Text]]) -> Iterator[Text]:
    """Read the texts of many events, so many at a time that no database minds."""
    known = sorted(ids)
    for start in range(0, len(known), BATCH):
        yield from read(known[start : start + BATCH])
