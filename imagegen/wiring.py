"""Joins imagegen's parts; the only place that knows them all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from fastapi import Request

from imagegen.images.references import StoredImageRefs
from imagegen.images.service import ImageService
from imagegen.images.slots import CLAIM_ORDER, Slots
from imagegen.images.storage_gate import StorageGate, free_bytes_of
from imagegen.images.store import open_store
from imagegen.images.vendor import ImageVendor
from imagegen.images.workflow import ImageWorkflow
from imagegen.settings import ImagegenSettings
from imagegen.vendors.jimeng import ACCOUNT as JIMENG
from imagegen.vendors.jimeng import Jimeng
from imagegen.vendors.runninghub import ACCOUNT as RUNNINGHUB
from imagegen.vendors.runninghub import RunningHub
from shared.outbound.client import client, proxy_of
from shared.shutdown import Shutdown
from shared.tasks.engine import TaskKind
from shared.tasks.model import IMAGE
from shared.tasks.retention import Kept, Retention
from shared.tasks.runtime import Core, core_of

SERVICE = "imagegen"


@dataclass(frozen=True, slots=True)
class Wiring:
    """What endpoints need."""

    settings: ImagegenSettings
    core: Core
    service: ImageService
    runninghub: RunningHub
    slots: Slots
    gate: StorageGate


def wiring_of(request: Request) -> Wiring:
    return cast(Wiring, request.state.wiring)


@asynccontextmanager
async def wired(settings: ImagegenSettings, shutdown: Shutdown) -> AsyncIterator[Wiring]:
    """A running imagegen without its HTTP side."""
    async with (
        core_of(SERVICE, settings, shutdown, claim_order=CLAIM_ORDER) as core,
        client(timeout=30, proxy=proxy_of(settings)) as vendor_client,
    ):
        runninghub = RunningHub(settings, vendor_client)
        vendors: dict[str, ImageVendor] = {"jimeng": Jimeng(settings, vendor_client), "runninghub": runninghub}
        store = await asyncio.to_thread(open_store, settings.picture_store_url, settings.data_dir)
        limits = {JIMENG: settings.jimeng_max_concurrency, RUNNINGHUB: settings.runninghub_max_concurrency}
        slots = Slots(core.database.engine, core.notices, limits)
        references = StoredImageRefs(core.database.engine, store)
        local = None if settings.picture_store_url else free_bytes_of(settings.data_dir)
        gate = StorageGate(store, local)
        core.obstacles.append(gate.obstacle)
        kinds = [TaskKind(IMAGE, ImageWorkflow(vendors, slots, references, core.tasks, gate))]
        retention = Retention(core.database.engine, Kept(SERVICE, (IMAGE,), settings.retention_days, references.forget))
        async with slots.running(), gate.watched(), core.running(kinds), retention.running():
            yield Wiring(settings, core, ImageService(core, vendors, slots, store), runninghub, slots, gate)
