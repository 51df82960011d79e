"""`python -m gateway`."""

from gateway.app import create_app
from gateway.settings import GatewaySettings
from shared.masking import keep_secret
from shared.shutdown import Shutdown
from shared.telemetry import logs, tracing
from shared.web.protocol import Patience
from shared.web.server import Listening, serve


def main() -> None:
    settings = GatewaySettings()
    keep_secret(settings.secrets())
    logs.configure("gateway", settings.log_level, settings.log_file)
    tracing.configure("gateway", settings.otel_exporter_otlp_endpoint)
    shutdown = Shutdown()
    patience = Patience(settings.head_seconds, settings.body_idle_seconds)
    serve(create_app(settings, shutdown), shutdown, Listening(settings.app_host, settings.app_port, patience))


if __name__ == "__main__":
    main()
