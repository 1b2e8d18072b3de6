"""Copies of pictures, made in a worker process: decoders of strangers' files have crashed before."""

import struct
from pathlib import Path

from bot.relay.errors import Refused

PIXELS_AT_MOST = 100_000_000
"""A picture of 100 megapixels takes 300 MB as plain pixels; more is nobody's photo."""

JPEG_QUALITY = 90
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG"}

# How decoders speak of a damaged file: Pillow itself catches the first six where it only opens one, libheif's binding
# adds the others (EOFError was seen in 6 of 22,660 mutated pictures).
_DAMAGED = (OSError, SyntaxError, ValueError, IndexError, TypeError, struct.error, EOFError, RuntimeError)


def convert_picture(path: Path, copy: Path, content_type: str) -> int:
    """Write the picture as ``content_type`` (JPEG or PNG), upright; gives its size in bytes. Of an animation, the first
    frame. Refused blames the file."""
    import pillow_heif  # Pillow and libheif are loaded where they are needed: in a worker
    from PIL import Image, ImageOps

    pillow_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = PIXELS_AT_MOST
    try:
        with Image.open(path) as picture:
            upright = ImageOps.exif_transpose(picture)
            mode = "RGB" if content_type == "image/jpeg" else "RGBA"
            upright.convert(mode).save(copy, FORMATS[content_type], quality=JPEG_QUALITY)
    except (*_DAMAGED, Image.DecompressionBombError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the machine's trouble, not the picture's
        raise Refused("The picture cannot be read: it is damaged, or of an unknown kind.") from None
    return copy.stat().st_size
