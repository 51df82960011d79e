"""`python -m imagegen`."""

import logging

from imagegen.app import create_app
from imagegen.settings import ImagegenSettings
from shared.shutdown import Shutdown
from shared.telemetry import tracing
from shared.web.protocol import Patience
from shared.web.server import Listening, serve
from shared.web.start import start

logger = logging.getLogger(__name__)


def main() -> None:
    start("python-backend", ImagegenSettings, _serve)


def _serve(settings: ImagegenSettings) -> None:
    _say_which_keys(settings)
    tracing.configure("imagegen", settings.otel_exporter_otlp_endpoint)
    shutdown = Shutdown()
    patience = Patience(settings.head_seconds, settings.body_idle_seconds)
    serve(create_app(settings, shutdown), shutdown, Listening(settings.host, settings.port, "PORT", patience))


def _say_which_keys(settings: ImagegenSettings) -> None:
    if keys := settings.volcengine_keys():
        *_, encoded = keys
        logger.info("volcengine.credentials", extra={"form": "base64" if encoded else "raw"})
    else:
        logger.info("volcengine.credentials", extra={"form": "sandbox" if settings.sandbox_url else "missing"})
    real = settings.volcengine_keys() or settings.runninghub_api_key.get_secret_value()
    if real and not settings.internal_token.get_secret_value():
        logger.warning("access.open", extra={"advice": "set INTERNAL_TOKEN: whoever reaches this port may spend money"})


if __name__ == "__main__":
    main()
