"""The sandbox's own endpoints: faults, ledger, settings, clock. No vendor has these."""

from fastapi import APIRouter
from pydantic import BaseModel, JsonValue, ValidationError
from starlette.responses import JSONResponse, Response

from sandbox.control.settings import FIXED, SandboxSettings
from sandbox.control.state import SandboxState
from sandbox.faults.model import Fault, UnknownFaultError


class Advance(BaseModel):
    advance: float


class RefusedSettingError(ValueError):
    """No such setting, or not at run time, or not with this value."""


def router(state: SandboxState) -> APIRouter:
    routes = APIRouter(tags=["control"])
    _add_faults(routes, state)
    _add_books(routes, state)
    _add_settings(routes, state)
    return routes


def _add_faults(routes: APIRouter, state: SandboxState) -> None:
    @routes.get("/_faults")
    async def armed() -> list[Fault]:
        return state.faults.armed()

    @routes.post("/_faults")
    async def arm(faults: Fault | list[Fault]) -> Response:
        """Arms all of them or, with one unknown among them, none."""
        return _arm(state, faults if isinstance(faults, list) else [faults])

    @routes.delete("/_faults")
    async def disarm(vendor: str | None = None) -> dict[str, str]:
        state.faults.clear(vendor)
        return {"status": "cleared"}


def _add_books(routes: APIRouter, state: SandboxState) -> None:
    @routes.get("/_health")
    async def health() -> dict[str, str]:
        return {"status": "ok", "service": "sandbox"}

    @routes.get("/_ledger")
    async def ledger(last: int = 50) -> dict[str, object]:
        return {"vendors": state.ledger.snapshot(last), "open_streams": dict(+state.open_streams)}


def _add_settings(routes: APIRouter, state: SandboxState) -> None:
    @routes.get("/_settings")
    async def settings() -> dict[str, JsonValue]:
        return _shown(state.settings)

    @routes.post("/_settings")
    async def change(changes: dict[str, JsonValue]) -> Response:
        try:
            _change(state.settings, changes)
        except RefusedSettingError as error:
            return JSONResponse({"detail": str(error)}, 422)
        return JSONResponse(_shown(state.settings))

    @routes.post("/_clock")
    async def clock(change: Advance) -> dict[str, float]:
        """Time passes for tasks and picture links, not for signatures."""
        state.clock.advance(change.advance)
        await state.journal.append({"what": "clock", "advance": change.advance})
        return {"now": state.clock(), "offset": state.clock.offset}


def _arm(state: SandboxState, faults: list[Fault]) -> Response:
    try:
        for fault in faults:
            state.faults.check(fault)
    except UnknownFaultError as error:
        return JSONResponse({"detail": str(error)}, 422)
    for fault in faults:
        state.faults.add(fault)
    return JSONResponse({"armed": len(faults)})


def _shown(settings: SandboxSettings) -> dict[str, JsonValue]:
    return settings.model_dump(mode="json", exclude=set(FIXED))


def _change(settings: SandboxSettings, changes: dict[str, JsonValue]) -> None:
    unknown = changes.keys() - (SandboxSettings.model_fields.keys() - FIXED)
    if unknown:
        raise RefusedSettingError(f"not to be set at run time: {sorted(unknown)}")
    try:
        checked = SandboxSettings.model_validate({**settings.model_dump(), **changes})
    except ValidationError as error:
        raise RefusedSettingError(str(error)) from error
    for name in changes:
        setattr(settings, name, getattr(checked, name))
