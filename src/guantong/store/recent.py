"""What was lately read and can not change? A bounded memory, shared by threads.

Two halves: what is asked for moves to the young one; when that is full the old one is dropped.
So what is used stays, nothing is sorted, and no lock is needed (each step is one dict operation).
"""

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Values by key; at most twice `weight_max` in all."""

    def __init__(self, weight_max: int) -> None:
        """Begin empty.

        Args:
            weight_max: Weight of one half, in whatever unit `put` is told.
        """
        self._weight_max = weight_max
        self._weight = 0
        self._young: dict[K, tuple[V, int]] = {}
        self._old: dict[K, tuple[V, int]] = {}

    def get(self, key: K) -> V | None:
        """What was put under the key, None when it is not known (any more)."""
        found = self._young.get(key)
        if found is not None:
            return found[0]
        found = self._old.get(key)
        if found is None:
            return None
        self.put(key, *found)
        return found[0]

    def put(self, key: K, value: V, weight: int = 1) -> None:
        """Remember a value, instead of the one before."""
        if self._weight + weight > self._weight_max:
            self._old, self._young, self._weight = self._young, {}, 0
        self._young[key] = value, weight
        self._weight += weight
