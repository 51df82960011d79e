"""The generic fault kinds, the same for every vendor."""

from collections.abc import Callable

from starlette.responses import HTMLResponse, PlainTextResponse, Response

from sandbox.faults.connection import DelayedResponse, ResetResponse, StalledResponse, TruncatedResponse
from sandbox.faults.model import Fault

PAGE = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>"


def instead(fault: Fault | None, refusal: Callable[[int], Response]) -> Response | None:
    """The answer in place of doing any work. `refusal` makes the vendor's own error body for an HTTP status."""
    match fault:
        case Fault(kind="status"):
            return refusal(int(fault.number(500)))
        case Fault(kind="html"):
            return HTMLResponse(PAGE)
        case Fault(kind="empty"):
            return Response(status_code=502)
        case Fault(kind="not_json"):
            return PlainTextResponse(str(fault.value or "upstream connect error"))
        case Fault(kind="reset"):
            return ResetResponse()
    return None


def spoiled(fault: Fault | None, response: Response) -> Response:
    """The work is done and counted; only its answer suffers."""
    match fault:
        case Fault(kind="reset_after"):
            return ResetResponse()
        case Fault(kind="stall"):
            return StalledResponse(None if fault.value is None else fault.number())
        case Fault(kind="delay"):
            return DelayedResponse(response, fault.number(1))
        case Fault(kind="truncate"):
            return TruncatedResponse(response, int(fault.number(1)))
    return response
