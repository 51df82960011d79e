"""Joins the gateway's parts; the only place that knows them all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from fastapi import Request

from gateway.settings import GatewaySettings
from gateway.storyboard.chain import Analysis
from gateway.vendors.deepseek import DeepSeek
from gateway.vendors.imagegen import Imagegen
from shared.core import Core, core_of
from shared.http import client
from shared.leaving import Departure
from shared.remembered import Remembered
from shared.tasks import ANALYSIS

SERVICE = "gateway"
PROBE_SECONDS = 5.0
PROBE_KEPT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Wiring:
    """What endpoints need."""

    settings: GatewaySettings
    core: Core
    deepseek: DeepSeek
    deepseek_alive: Remembered
    imagegen: Imagegen


def wiring_of(request: Request) -> Wiring:
    return cast(Wiring, request.state.wiring)


@asynccontextmanager
async def wired(settings: GatewaySettings, departure: Departure) -> AsyncIterator[Wiring]:
    """A running gateway without its HTTP side."""
    async with (
        core_of(SERVICE, settings, departure) as core,
        client() as vendor_client,
        client(own=True) as own_client,
    ):
        deepseek = DeepSeek(settings, vendor_client)
        imagegen = Imagegen(settings, own_client)
        core.engine.register(ANALYSIS, Analysis(deepseek, core.readers))
        async with core.notices.listening(), core.engine.running():
            probe = Remembered(lambda: deepseek.alive(PROBE_SECONDS), PROBE_KEPT_SECONDS)
            yield Wiring(settings, core, deepseek, probe, imagegen)
