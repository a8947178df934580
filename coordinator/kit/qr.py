"""QR codes: a picture of a short text, for a phone at a door and for paper."""

from __future__ import annotations

import io
from functools import lru_cache

import segno

QUIET_ZONE = 4  # modules of white around the code; ISO/IEC 18004 asks for four
PIXELS = 6  # per module of the PNG: about 250 across for a code of ours


@lru_cache(maxsize=256)
def qr_png(text: str) -> bytes:
    """Return a black and white PNG of `text`, for a letter."""
    out = io.BytesIO()
    _code(text).save(out, kind="png", scale=PIXELS, border=QUIET_ZONE)
    return out.getvalue()


@lru_cache(maxsize=256)
def qr_svg(text: str) -> str:
    """Return an SVG document of `text`, for a page: sharp at any size, on white in every colour scheme."""
    out = io.BytesIO()
    _code(text).save(out, kind="svg", border=QUIET_ZONE, light="#fff", omitsize=True, xmldecl=False)
    return out.getvalue().decode()


def _code(text: str) -> segno.QRCode:
    """Return the code with 15 % to spare (level M): screens are scratched, prints are creased."""
    return segno.make_qr(text, error="m", boost_error=False)
