"""How often one address may try to log in: a token bucket for each, in memory, of bounded number."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Throttle:
    """`burst` tries at once, then one every `seconds`. Addresses beyond `most` push out those quiet for longest."""

    burst: int = 10
    seconds: float = 30.0
    most: int = 10_000
    clock: Callable[[], float] = time.monotonic
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def allows(self, address: str) -> bool:
        """Count one try of this address; False when it has used up its tries."""
        name, now = _network(address), self.clock()
        left, at = self._left.pop(name, (float(self.burst), now))
        left = min(float(self.burst), left + (now - at) / self.seconds)
        allowed = left >= 1
        self._left[name] = (left - 1 if allowed else left, now)
        while len(self._left) > self.most:
            self._left.popitem(last=False)
        return allowed


def _network(address: str) -> str:
    """An IPv6 host has a whole /64 to itself, so that counts as one address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return address
