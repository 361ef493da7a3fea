"""Vectors in memory: the nearest are found wherever in a block they stand."""

import numpy as np
import pytest

from gateway.cache.vectors import Vectors

SIZE = 16
SCOPE = b"scope"


def key(number: int) -> bytes:
    return number.to_bytes(4)


@pytest.mark.parametrize("count", [1, 5, 511, 512, 513, 1500])
def test_likeness_is_the_cosine_and_each_is_its_own_nearest(count: int) -> None:
    drawn = np.random.default_rng(7).standard_normal((count, SIZE)).astype(np.float32)
    rows = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    vectors = Vectors(10_000)
    for number, row in enumerate(rows):
        vectors.add(SCOPE, key(number), row)
    for number in {0, count // 2, count - 1}:
        found = vectors.near(SCOPE, rows[number], 3)
        assert found[0].key == key(number)
        assert [one.similarity for one in found] == sorted((one.similarity for one in found), reverse=True)
        for one in found:
            exact = float(rows[int.from_bytes(one.key)] @ rows[number])
            assert one.similarity == pytest.approx(exact, abs=0.02)
