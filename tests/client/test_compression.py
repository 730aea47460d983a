"""Layers are decompressed by their first bytes, and compressed to the same bytes everywhere."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import random
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from ocilot.errors import ArchiveError, DecompressionLimit, InvalidReference
from ocilot.layers import Compressor, Decompressed, compressed, compression_of
from ocilot.layers.zstd_frames import FrameHeader, zstd

from .archives_of import Counted, chunks

TEXT = b"".join(b"%d bottles of beer\n" % number for number in range(40_000))
SKIPPABLE = b"\x5a\x2a\x4d\x18\x05\0\0\0table"


def zstd_with_checksum(data: bytes) -> bytes:
    return bytes(zstd().compress(data, options={zstd().CompressionParameter.checksum_flag: 1}))


KINDS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstd_with_checksum,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
    "none": bytes,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_is_decompressed_by_its_first_bytes(kind: str) -> None:
    packed = KINDS[kind](TEXT)
    for size in (17, 1000, len(packed)):
        stream = Decompressed(chunks(packed, size))
        assert stream.compression == kind == compression_of(packed[:8])
        assert stream.read() == TEXT
        assert stream.read(10) == b""
        assert stream.position == len(TEXT)


@pytest.mark.parametrize("kind", ["gzip", "zstd", "xz", "bzip2"])
def test_all_members_and_frames_are_read(kind: str) -> None:
    """D11, D12"""
    pack = KINDS[kind]
    packed = b"".join(pack(TEXT[at : at + 50_000]) for at in range(0, len(TEXT), 50_000)) + pack(b"")
    assert Decompressed(io.BytesIO(packed)).read() == TEXT
    assert Decompressed(io.BytesIO(packed + bytes(100_000))).read() == TEXT


@pytest.mark.parametrize("kind", ["gzip", "zstd", "xz", "bzip2"])
def test_what_follows_the_end_is_reported_with_its_offset(kind: str) -> None:
    """D11"""
    packed = KINDS[kind](b"data") + bytes(1000)
    stream = Decompressed([packed + b"junk"], name="x.tar")
    with pytest.raises(
        ArchiveError, match=rf"{kind} data of x.tar has data after its end, at offset {len(packed)}:"
    ):
        stream.read()


@pytest.mark.parametrize("kind", ["gzip", "zstd", "xz", "bzip2"])
def test_a_truncated_or_damaged_stream_is_reported(kind: str) -> None:
    packed = KINDS[kind](TEXT)
    with pytest.raises(ArchiveError, match=f"{kind} data is truncated at offset {len(packed) - 9}"):
        Decompressed([packed[:-9]]).read()
    middle = len(packed) // 2
    damaged = (
        packed[:middle] + bytes(byte ^ 0xFF for byte in packed[middle : middle + 40]) + packed[middle + 40 :]
    )
    with pytest.raises(ArchiveError, match=f"{kind} data is (damaged in the stream from offset 0|truncated)"):
        Decompressed([damaged]).read()


def test_skippable_frames_are_skipped_wherever_they_are() -> None:
    """D12"""
    pack = KINDS["zstd"]
    packed = SKIPPABLE + pack(b"one") + SKIPPABLE + SKIPPABLE + pack(b"two") + SKIPPABLE
    stream = Decompressed(chunks(packed, 3))
    assert stream.compression == "zstd"
    assert stream.read() == b"onetwo"
    with pytest.raises(ArchiveError, match="truncated"):
        Decompressed([pack(b"one") + SKIPPABLE[:-1]]).read()


def test_a_window_beyond_the_limit_is_refused_with_its_size() -> None:
    """D12"""
    module = zstd()
    options = {module.CompressionParameter.window_log: 27, module.CompressionParameter.content_size_flag: 0}
    compressor = module.ZstdCompressor(options=options)
    packed = compressor.compress(b"x") + compressor.flush()
    assert Decompressed([packed]).read() == b"x"
    expected = f"window of 134217728 bytes at offset {len(SKIPPABLE)}: expected at most 8388608"
    with pytest.raises(DecompressionLimit, match=expected):
        Decompressed([SKIPPABLE + packed], window=8 << 20).read()


def test_the_window_of_a_frame_is_read_from_its_header() -> None:
    for log in (10, 17, 23, 27):
        module = zstd()
        parameter = module.CompressionParameter
        compressor = module.ZstdCompressor(
            options={parameter.window_log: log, parameter.content_size_flag: 0}
        )
        head = compressor.compress(b"x") + compressor.flush()
        assert FrameHeader.parse(head) == FrameHeader(window=1 << log)
    for size in (10, 200, 300, 70_000):
        found = FrameHeader.parse(bytes(zstd().compress(bytes(size))))
        assert found is not None
        assert found.window >= size
    assert FrameHeader.parse(b"\x28\xb5\x2f\xfd") is None


@pytest.mark.parametrize("kind", ["gzip", "zstd", "xz", "bzip2"])
def test_a_bomb_ends_at_the_limit_and_takes_little_memory(kind: str) -> None:
    packed = KINDS[kind](bytes(64 << 20))
    tracemalloc.start()
    try:
        stream = Decompressed([packed], limit=16 << 20)
        with pytest.raises(DecompressionLimit, match=f"{kind} data expands to more than 16777216 bytes"):
            for _ in stream:
                pass
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_reading_stops_where_the_reader_stops() -> None:
    noise = random.Random(1).randbytes(10 << 20)
    source = Counted(gzip.compress(noise, 1))
    stream = Decompressed(source)
    assert stream.read(1000) == noise[:1000]
    assert source.bytes < 3 << 20
    stream.close()
    assert source.closed


@pytest.mark.parametrize("kind", ["gzip", "zstd", "none"])
def test_what_is_compressed_is_read_again(kind: str) -> None:
    packed = b"".join(compressed(chunks(TEXT, 777), kind))
    assert compression_of(packed) == kind
    assert Decompressed([packed]).read() == TEXT
    assert len(packed) < len(TEXT) / 4 or kind == "none"
    assert Decompressed(compressed([], kind)).read() == b""


@pytest.mark.parametrize("level", range(1, 10))
def test_gzip_is_read_by_zlib_at_every_level(level: int) -> None:
    numbers = random.Random(level)
    noise = numbers.randbytes(100_000)
    data = TEXT + noise + bytes(300_000) + noise[:50_000] + TEXT[::-1]
    packed = b"".join(compressed([data], "gzip", level))
    assert gzip.decompress(packed) == data
    assert len(packed) < 1.05 * len(zlib.compress(data, level))


def test_gzip_is_the_same_on_every_python_and_machine() -> None:
    """F1: these digests were written down once. If one changes, so do the digests of images."""
    numbers = random.Random(7)
    data = TEXT + numbers.randbytes(70_000) + bytes(1 << 20) + TEXT[1000:200_000]
    digests = [hashlib.sha256(b"".join(compressed([data], "gzip", level))).hexdigest() for level in (1, 6, 9)]
    assert digests == GOLDEN
    assert hashlib.sha256(b"".join(compressed(chunks(data, 997)))).hexdigest() == GOLDEN[1]
    assert b"".join(compressed([])).hex() == "1f8b08000000000000ff" + "0300" + "00" * 8


GOLDEN = [
    "e57c6417e9fecc7e30f90c91949beb0182b25511424babf9ae53d1e39f5e6d47",
    "7a1249941925789fc10000bdab17ee85474cbbb1272e8651ac2498bfde0e57e0",
    "e4ea67e1d32f8e58992a60a94682667d92b3c5c8ac5a7a5eb2b753ba1c3a5e1e",
]


def test_an_unknown_compression_or_level_is_refused() -> None:
    with pytest.raises(InvalidReference, match='unknown compression "xz": expected gzip, zstd or none'):
        Compressor("xz")
    with pytest.raises(InvalidReference, match="invalid compression level 12 for gzip: expected 1 to 9"):
        Compressor("gzip", 12)
