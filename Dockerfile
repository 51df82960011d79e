# One file for the three images: docker build --target gateway|imagegen|sandbox .

FROM python:3.11-slim-bookworm AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
COPY requirements.lock /tmp/requirements.lock
RUN /opt/venv/bin/python -m pip install --quiet --no-deps --require-hashes -r /tmp/requirements.lock
RUN /opt/venv/bin/python -m pip uninstall --quiet --yes pip
RUN /opt/venv/bin/python -m compileall -q -j 0 /opt/venv/lib || true

FROM python:3.11-slim-bookworm AS service
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin app
RUN install -d -o 10001 -g 10001 /data
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data
WORKDIR /srv
COPY --from=packages /opt/venv /opt/venv
STOPSIGNAL SIGTERM

FROM service AS gateway
COPY shared shared
COPY gateway gateway
RUN /opt/venv/bin/python -m compileall -q /srv
ENV APP_HOST=0.0.0.0 APP_PORT=3000
USER 10001:10001
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:3000/readyz', timeout=4)"]
CMD ["python", "-m", "gateway"]

FROM service AS imagegen
COPY shared shared
COPY imagegen imagegen
RUN /opt/venv/bin/python -m compileall -q /srv
ENV HOST=0.0.0.0 PORT=8081
USER 10001:10001
EXPOSE 8081
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8081/readyz', timeout=4)"]
CMD ["python", "-m", "imagegen"]

FROM service AS sandbox
RUN apt-get update && apt-get install --yes --no-install-recommends fonts-wqy-microhei && rm -rf /var/lib/apt/lists/*
COPY sandbox sandbox
RUN /opt/venv/bin/python -m compileall -q /srv
ENV SANDBOX_HOST=0.0.0.0 SANDBOX_PORT=8090
USER 10001:10001
EXPOSE 8090
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8090/_health', timeout=4)"]
CMD ["python", "-m", "sandbox"]
