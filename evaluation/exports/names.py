"""Sixty-four bits that stand for a name: millions of names are compared without being held."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Names = npt.NDArray[np.uint64]
SIGN = "\x1f"  # ids and codes hold no control characters
ABSENT = "\x1e"


def name_hashes(table: pa.Table, columns: Sequence[str]) -> Names:
    """Return what stands for the name that these columns make together, of each row."""
    parts = [pc.fill_null(pc.cast(table[name], pa.string()), ABSENT) for name in columns]
    joined = pc.binary_join_element_wise(*parts, SIGN).combine_chunks()
    coded = joined.dictionary_encode()
    values = np.array([_hash(name) for name in coded.dictionary.to_pylist()], dtype=np.uint64)
    found: Names = values[coded.indices.to_numpy()]
    return found


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
