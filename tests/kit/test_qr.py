from __future__ import annotations

from coordinator.kit.qr import qr_png, qr_svg


def test_a_picture_for_a_letter_and_one_for_a_page() -> None:
    assert qr_png("DOA1:7x2k9c4m1p:abc").startswith(b"\x89PNG")
    assert qr_svg("DOA1:7x2k9c4m1p:abc").startswith("<svg")


def test_the_text_itself_stands_nowhere_in_the_picture() -> None:
    assert "7x2k9c4m1p" not in qr_svg("DOA1:7x2k9c4m1p:abc")
