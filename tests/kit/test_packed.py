"""Answers are packed once, in the way that the browser reads best."""

from __future__ import annotations

import gzip

import brotli
import pytest
import zstandard

from coordinator.kit.packed import IDENTITY, WORTH_COMPRESSING, Packed, best_encoding

UNPACK = {"br": brotli.decompress, "zstd": zstandard.decompress, "gzip": gzip.decompress, IDENTITY: bytes}
TEXT = "Протест у консульства. ".encode() * 200


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("gzip, zstd", "zstd"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("identity", IDENTITY),
        ("", IDENTITY),
        ("*;q=0", IDENTITY),
        ("nonsense;;q=x,", IDENTITY),
    ],
)
def test_the_smallest_that_a_browser_reads_is_sent(accepted: str, encoding: str) -> None:
    assert best_encoding(accepted) == encoding


@pytest.mark.parametrize("is_settled", [True, False])
@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip", IDENTITY])
def test_every_form_holds_the_same_bytes(encoding: str, is_settled: bool) -> None:
    packed = Packed(TEXT)
    if is_settled:
        packed.settle()

    assert UNPACK[encoding](packed.body(encoding)) == TEXT


def test_what_comes_as_gzip_goes_out_as_gzip_or_plain() -> None:
    packed = Packed.of_gzip(gzip.compress(TEXT), len(TEXT), "text/calendar")
    packed.settle()

    assert packed.encoding_for("br, zstd, gzip") == "gzip"
    assert packed.encoding_for("br") == IDENTITY
    assert gzip.decompress(packed.body("gzip")) == packed.body(IDENTITY) == TEXT
    assert packed.kept_bytes < packed.size


def test_a_form_is_made_once() -> None:
    packed = Packed(TEXT)

    assert packed.body("br") is packed.body("br")


def test_what_fits_into_one_packet_goes_as_it_is() -> None:
    packed = Packed(b"a" * WORTH_COMPRESSING)
    packed.settle()

    assert packed.encoding_for("br, gzip") == IDENTITY
    assert packed.body() == b"a" * WORTH_COMPRESSING


def test_what_is_kept_takes_less_room_than_it_is_long() -> None:
    packed = Packed(TEXT)
    packed.settle()

    assert packed.kept_bytes < packed.size / 5


def test_each_form_has_a_tag_of_its_own_that_begins_alike() -> None:
    packed = Packed(TEXT)

    assert packed.etag_in("br") == f"{packed.etag}-br"
    assert packed.etag_in(IDENTITY) == packed.etag
