"""Runs a service as a test sees it: BlockBuster raises wherever library code would block the event loop."""

import runpy
import sys

from blockbuster import BlockBuster

SERVICE = sys.argv[1]


def watched_modules() -> list[str]:
    return ["gateway", "imagegen", "shared"]


if SERVICE != "sandbox":
    guard = BlockBuster(scanned_modules=watched_modules())
    # Files of the package itself, each read once.
    guard.functions["io.TextIOWrapper.read"].can_block_in("gateway/templating.py", "template")
    guard.functions["os.stat"].can_block_in("psycopg/_tz.py", "get_tzinfo")
    guard.activate()

sys.argv = [SERVICE]
runpy.run_module(SERVICE, run_name="__main__")
