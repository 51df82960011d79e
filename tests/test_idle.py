"""A stack without work leaves the machine alone."""

import time

import psutil
import pytest

from tests.stack import Process, Stack

_WATCHED_SECONDS = 4.0
_MOST_OF_A_CORE = 0.25


def cpu_seconds(process: Process) -> float:
    spent = psutil.Process(process.pid).cpu_times()
    return float(spent.user + spent.system)


@pytest.mark.parametrize("service", ["imagegen", "gateway"])
def test_an_idle_service_does_not_spin(stack: Stack, service: str) -> None:
    process = stack.of(service)[0]
    before = cpu_seconds(process)
    time.sleep(_WATCHED_SECONDS)
    assert cpu_seconds(process) - before < _MOST_OF_A_CORE * _WATCHED_SECONDS
