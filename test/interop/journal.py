"""A run's journal, read by somebody else's msgpack: frames of [u32 length][u32 CRC-32][msgpack], little-endian, with typed arrays
in extensions of type 0x74, whose first byte says of which kind they are.

Knows nothing of what the records mean.
"""

import struct
import zlib

import msgpack
import numpy

TYPED_ARRAY = 0x74
#: Kinds of typed arrays that Gyre writes, by that first byte.
KINDS = {1: "<u1", 6: "<u4", 7: "<f4", 8: "<f8"}


def records(folder):
    """The records of the journal in a run's folder, in order. Raises where a frame is not whole."""
    for path, until in parts(folder / "journal"):
        yield from frames(path.read_bytes()[:until])


def parts(folder):
    """The files that the history is made of, oldest first, each with the bytes of it that count (None: all)."""
    path, until = max(file for file in folder.iterdir() if file.stat().st_size > 0), None
    found = [(path, until)]
    while (after := next(frames(path.read_bytes()))["after"]) is not None:
        path, until = folder / f"{after['session']:04d}.msgpack", after["bytes"]
        found.insert(0, (path, until))
    return found


def frames(data):
    """The records in the bytes of a file."""
    at = 0
    while at < len(data):
        length, checksum = struct.unpack_from("<II", data, at)
        payload = data[at + 8 : at + 8 + length]
        assert len(payload) == length and zlib.crc32(payload) == checksum, f"no whole frame at byte {at}"
        yield msgpack.unpackb(payload, ext_hook=typed_array)
        at += 8 + length


def typed_array(code, data):
    """A typed array as numpy has it."""
    assert code == TYPED_ARRAY, f"an extension of type {code}"
    return numpy.frombuffer(data[1:], dtype=KINDS[data[0]])
