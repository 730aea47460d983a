"""Layers without a registry: tar archives, their compression, the files of an image, unpacking.

All of it reads from objects with `read(size)`, blocks, and knows neither networks nor clients.
"""

from ocilot.layers.compression import Compressor, compressed
from ocilot.layers.decompression import Decompressed, compression_of
from ocilot.layers.entry import FileType, TarEntry
from ocilot.layers.file_entry import FileEntry
from ocilot.layers.flatten import flatten
from ocilot.layers.image_path import ImagePath
from ocilot.layers.layer_source import LayerSource
from ocilot.layers.overlay import Overlay
from ocilot.layers.source import Reader
from ocilot.layers.tar_reader import TarReader
from ocilot.layers.tar_writer import TarWriter
from ocilot.layers.unpack import Unpacked, unpack
from ocilot.layers.whole import unpack_whole

__all__ = [
    "Compressor",
    "Decompressed",
    "FileEntry",
    "FileType",
    "ImagePath",
    "LayerSource",
    "Overlay",
    "Reader",
    "TarEntry",
    "TarReader",
    "TarWriter",
    "Unpacked",
    "compressed",
    "compression_of",
    "flatten",
    "unpack",
    "unpack_whole",
]
