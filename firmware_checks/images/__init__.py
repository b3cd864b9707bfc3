"""Read firmware images: Intel HEX, the micro:bit's universal hex, UF2, ELF, a raw read-back of AVR flash.

`read(data)` tells the form by the content and gives every image in the file. Files come from anywhere, so each
reader bounds what it accepts and says where a file is wrong.
"""

from firmware_checks.images.image import Image, ImageFile, Segment
from firmware_checks.images.reader import FORMS, read

__all__ = ["FORMS", "Image", "ImageFile", "Segment", "read"]
