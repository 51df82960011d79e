"""`python -m imagegen`."""

import logging

from imagegen.app import create_app
from imagegen.settings import ImagegenSettings
from shared.masking import keep_secret
from shared.shutdown import Shutdown
from shared.telemetry import logs, tracing
from shared.web.protocol import Patience
from shared.web.server import Listening, serve

logger = logging.getLogger(__name__)


def main() -> None:
    settings = ImagegenSettings()
    keep_secret(settings.secrets())
    logs.configure("python-backend", settings.log_level, settings.log_file)
    _say_which_keys(settings)
    tracing.configure("imagegen", settings.otel_exporter_otlp_endpoint)
    shutdown = Shutdown()
    patience = Patience(settings.head_seconds, settings.body_idle_seconds)
    serve(create_app(settings, shutdown), shutdown, Listening(settings.host, settings.port, patience))


def _say_which_keys(settings: ImagegenSettings) -> None:
    if keys := settings.volcengine_keys():
        *_, encoded = keys
        logger.info("volcengine.credentials", extra={"form": "base64" if encoded else "raw"})
    else:
        logger.info("volcengine.credentials", extra={"form": "sandbox" if settings.sandbox_url else "missing"})


if __name__ == "__main__":
    main()
