"""Runs a service as a test sees it: BlockBuster raises wherever library code would block the event loop."""

import ctypes
import runpy
import signal
import sys

from blockbuster import BlockBuster

SERVICE = sys.argv[1]
_PR_SET_PDEATHSIG = 1


def die_with_the_tests() -> None:
    """A test run that is killed leaves nothing behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def watched_modules() -> list[str]:
    return ["gateway", "imagegen", "shared"]


if SERVICE != "sandbox":
    guard = BlockBuster(scanned_modules=watched_modules())
    # Files of the package itself, each read once.
    guard.functions["io.TextIOWrapper.read"].can_block_in("gateway/templating.py", "template")
    guard.functions["os.stat"].can_block_in("psycopg/_tz.py", "get_tzinfo")
    guard.activate()

die_with_the_tests()
sys.argv = [SERVICE]
runpy.run_module(SERVICE, run_name="__main__")
