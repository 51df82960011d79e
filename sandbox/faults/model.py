"""Misbehaviour on demand: what POST /_faults arms and each vendor route consumes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

GENERIC_KINDS = frozenset(
    {"status", "html", "empty", "reset", "reset_after", "stall", "delay", "code", "not_json", "truncate"}
)


class UnknownFaultError(ValueError):
    """This vendor has no such fault or call."""


class Fault(BaseModel):
    """One way to misbehave, for the next `times` requests that match."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vendor: str
    kind: str
    call: str = "*"
    times: int = Field(default=1, ge=-1)
    after: int = Field(default=0, ge=0)
    match: str = ""
    rate: float = Field(default=1.0, ge=0, le=1)
    value: int | float | str | None = None

    def number(self, default: float = 0) -> float:
        return default if self.value is None else float(self.value)


@dataclass(slots=True)
class _Armed:
    fault: Fault
    left: int
    calls: frozenset[str]
    passed: int = 0
    drawn: int = 0

    def matches(self, vendor: str, call: str, text: str) -> bool:
        fault = self.fault
        return fault.vendor == vendor and call in self.calls and fault.match in text and self.left != 0

    def strikes(self) -> bool:
        if self.passed < self.fault.after:
            self.passed += 1
            return False
        self.drawn += 1
        seed = f"{self.fault.vendor}/{self.fault.kind}/{self.drawn}".encode()
        return int.from_bytes(hashlib.sha256(seed).digest()[:4], "big") / 2**32 < self.fault.rate


class Faults:
    """The armed faults, and the kinds and calls that each vendor's router has declared."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self._kinds: dict[str, frozenset[str]] = {}
        self._calls: dict[str, frozenset[str]] = {}
        self._only: dict[tuple[str, str], str] = {}

    def learn(
        self, vendor: str, kinds: frozenset[str], calls: frozenset[str], only: Mapping[str, str] | None = None
    ) -> None:
        """Declares what the vendor can do beyond the generic kinds, and how its calls are named.

        `only` gives the one call at which a kind makes sense: other calls do not consume it.
        """
        self._kinds[vendor] = GENERIC_KINDS | kinds
        self._calls[vendor] = calls
        self._only.update({(vendor, kind): call for kind, call in (only or {}).items()})

    def add(self, fault: Fault) -> None:
        self.check(fault)
        self._armed.append(_Armed(fault, fault.times, self._calls_of(fault)))

    def check(self, fault: Fault) -> None:
        if fault.vendor not in self._kinds:
            raise UnknownFaultError(f"unknown vendor {fault.vendor!r}, valid: {sorted(self._kinds)}")
        if fault.kind not in self._kinds[fault.vendor]:
            raise UnknownFaultError(f"unknown kind {fault.kind!r}, valid: {sorted(self._kinds[fault.vendor])}")
        if not self._calls_of(fault):
            raise UnknownFaultError(f"no {fault.kind!r} at {fault.call!r}, valid: {sorted(self._valid_calls(fault))}")

    def clear(self, vendor: str | None = None) -> None:
        self._armed = [armed for armed in self._armed if vendor is not None and armed.fault.vendor != vendor]

    def take(self, vendor: str, call: str, text: str) -> Fault | None:
        """Consumes one matching fault, the earliest armed first."""
        for armed in self._armed:
            if armed.matches(vendor, call, text) and armed.strikes():
                armed.left -= 1 if armed.left > 0 else 0
                return armed.fault
        return None

    def _valid_calls(self, fault: Fault) -> frozenset[str]:
        only = self._only.get((fault.vendor, fault.kind))
        return self._calls[fault.vendor] if only is None else frozenset({only})

    def _calls_of(self, fault: Fault) -> frozenset[str]:
        valid = self._valid_calls(fault)
        return valid if fault.call == "*" else valid & {fault.call}

    def armed(self) -> list[Fault]:
        return [armed.fault for armed in self._armed if armed.left != 0]
