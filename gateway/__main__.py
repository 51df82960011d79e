"""`python -m gateway`."""

from gateway.app import create_app
from gateway.settings import GatewaySettings
from shared import logs
from shared.leaving import Departure
from shared.service import serve


def main() -> None:
    settings = GatewaySettings()
    logs.configure("gateway", settings.log_level, settings.log_file)
    departure = Departure()
    serve(create_app(settings, departure), departure, settings.app_host, settings.app_port)


if __name__ == "__main__":
    main()
