"""Joins the gateway's parts; the only place that knows them all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import cast

import httpx
from fastapi import Request

from gateway.cached_probe import CachedProbe
from gateway.imagegen.client import Imagegen
from gateway.imagegen.feed import PictureFeeds
from gateway.imagegen.orders import ImagegenPictures
from gateway.imagegen.runninghub import RunningHub
from gateway.llm.claude import Claude
from gateway.llm.deepseek import DeepSeek
from gateway.llm.openai_chat import OpenAIChat
from gateway.scene_images.workflow import Processing, request_cancel
from gateway.screenplay.episode import EpisodeWriter
from gateway.screenplay.merge import Patience
from gateway.screenplay.model import ScriptModel
from gateway.screenplay.store import ScriptStore
from gateway.screenplay.workflow import Screenplay
from gateway.settings import GatewaySettings
from gateway.storyboard.analysis import Analysis, stored_data
from gateway.storyboard.batch import Batch, frames_so_far
from gateway.storyboard.cancel import cancel
from shared.concurrency import alongside
from shared.errors import ConfigurationError
from shared.outbound.client import client, proxy_of
from shared.outbound.vendor_report import VendorCheck, report
from shared.shutdown import Shutdown
from shared.tasks.engine import TaskKind
from shared.tasks.model import ANALYSIS, BATCH, RUNNINGHUB, SCRIPT
from shared.tasks.retention import Kept, Retention
from shared.tasks.runtime import Core, core_of
from shared.web.tickets import Tickets, database_secret

SERVICE = "gateway"
PROBE_SECONDS = 5.0
PROBE_KEPT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Wiring:
    """What endpoints need."""

    settings: GatewaySettings
    core: Core
    kinds: dict[str, TaskKind]
    deepseek: DeepSeek
    deepseek_alive: CachedProbe
    imagegen: Imagegen
    runninghub: RunningHub
    script_model: ScriptModel
    scripts: ScriptStore
    tickets: Tickets


def wiring_of(request: Request) -> Wiring:
    return cast(Wiring, request.state.wiring)


@asynccontextmanager
async def wired(settings: GatewaySettings, shutdown: Shutdown) -> AsyncIterator[Wiring]:
    """A running gateway without its HTTP side."""
    async with (
        core_of(SERVICE, settings, shutdown) as core,
        client(proxy=proxy_of(settings)) as vendor_client,
        client(own=True) as own_client,
        client(own=True) as waiting_client,
        _script_model(settings, vendor_client) as script_model,
    ):
        deepseek = DeepSeek(settings, vendor_client)
        imagegen = Imagegen(settings, own_client, waiting_client)
        scripts = ScriptStore(core.database.engine)
        feeds = PictureFeeds(imagegen)
        pictures = ImagegenPictures(imagegen, feeds)
        runninghub = RunningHub(imagegen)
        analysis = Analysis(deepseek, core.readers)
        batch = Batch(pictures, core.readers)
        scene_images = Processing(scripts, pictures, runninghub)
        patience = Patience(settings.llm_silence_seconds, settings.llm_text_seconds)
        screenplay = Screenplay(EpisodeWriter(script_model, patience), scripts, core.log)
        drawn = partial(frames_so_far, core.log.following)
        stop = partial(cancel, core.log, runninghub)
        kinds = {
            kind.name: kind
            for kind in (
                TaskKind(SCRIPT, screenplay, cancel=screenplay.cancel, details=screenplay.details),
                TaskKind(RUNNINGHUB, scene_images, cancel=partial(request_cancel, core.log)),
                TaskKind(ANALYSIS, analysis, cancel=stop, details=stored_data, needs_reader=True),
                TaskKind(BATCH, batch, cancel=stop, details=drawn, needs_reader=True),
            )
        }
        retention = Retention(core.database.engine, Kept(SERVICE, tuple(kinds), settings.retention_days))
        probe = CachedProbe(lambda: deepseek.alive(PROBE_SECONDS), PROBE_KEPT_SECONDS)
        vendors = {
            "deepseek": VendorCheck(deepseek.check_configured, probe),
            "claude": VendorCheck(script_model.check_configured, script_model.alive),
        }
        async with (
            feeds.running(),
            core.running(kinds.values()),
            retention.running(),
            alongside(report(vendors), "vendors.report"),
        ):
            tickets = await _tickets(settings, core)
            yield Wiring(settings, core, kinds, deepseek, probe, imagegen, runninghub, script_model, scripts, tickets)


async def _tickets(settings: GatewaySettings, core: Core) -> Tickets:
    told = settings.ticket_secret.get_secret_value()
    return Tickets(told or await database_secret(core.database.engine), settings.ticket_seconds)


@asynccontextmanager
async def _script_model(settings: GatewaySettings, vendor_client: httpx.AsyncClient) -> AsyncIterator[ScriptModel]:
    """Of the dialect that the configured URL names; without configuration every request is refused anyway."""
    claude = Claude(settings)
    try:
        dialect = settings.claude().dialect
        await asyncio.to_thread(claude.warm_up)
    except ConfigurationError:
        dialect = "anthropic"
    try:
        yield OpenAIChat(settings, vendor_client) if dialect == "openai" else claude
    finally:
        await claude.close()
