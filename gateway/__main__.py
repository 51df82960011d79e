"""`python -m gateway`."""

import logging

from gateway.app import create_app
from gateway.settings import GatewaySettings
from shared.shutdown import Shutdown
from shared.telemetry import tracing
from shared.web.protocol import Patience
from shared.web.server import Listening, serve
from shared.web.start import start

logger = logging.getLogger(__name__)


def main() -> None:
    start("gateway", GatewaySettings, _serve)


def _serve(settings: GatewaySettings) -> None:
    _warn_of_open_access(settings)
    tracing.configure("gateway", settings.otel_exporter_otlp_endpoint)
    shutdown = Shutdown()
    patience = Patience(settings.head_seconds, settings.body_idle_seconds)
    listening = Listening(settings.app_host, settings.app_port, "APP_PORT", patience)
    serve(create_app(settings, shutdown), shutdown, listening)


def _warn_of_open_access(settings: GatewaySettings) -> None:
    """Any web page that is open in a browser here may call (CORS allows every origin), and calls cost money."""
    real = [name for name in ("deepseek_api_key", "anthropic_api_key") if getattr(settings, name).get_secret_value()]
    if real and not settings.gateway_api_keys.get_secret_value():
        logger.warning("access.open", extra={"advice": "set GATEWAY_API_KEYS: any page in a browser may spend money"})


if __name__ == "__main__":
    main()
