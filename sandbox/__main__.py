"""`python -m sandbox`."""

from contextlib import suppress

import uvicorn

from sandbox.control.app import create_app
from sandbox.control.settings import SandboxSettings


def main() -> None:
    settings = SandboxSettings()
    print(f"sandbox: http://{settings.host}:{settings.port} (no real vendor is asked)", flush=True)
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    # uvicorn has shut down in order by the time it raises the signal again
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
