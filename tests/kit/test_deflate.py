"""Pieces that were compressed apart are one gzip, as if it had been made at once."""

from __future__ import annotations

import gzip
import zlib

from hypothesis import given, strategies as st

from coordinator.kit.deflate import Piece, gzip_of


@given(st.lists(st.binary(max_size=300), max_size=12))
def test_all_pieces_are_one_gzip(texts: list[bytes]) -> None:
    packed, size = gzip_of(Piece.of(text) for text in texts)

    whole = b"".join(texts)
    assert gzip.decompress(packed) == whole  # which checks the checksum
    assert size == len(whole)


@given(st.binary(max_size=2_000))
def test_a_piece_gives_its_text_back(text: bytes) -> None:
    piece = Piece.of(text)

    assert (piece.text(), piece.crc) == (text, zlib.crc32(text))


def test_a_large_piece_is_no_exception() -> None:
    texts = [bytes([number]) * 200_000 for number in range(3)]

    assert gzip.decompress(gzip_of(map(Piece.of, texts))[0]) == b"".join(texts)
