# The service without its embedded database and without tests. Commands: `consulta serve` (the
# default), `migrate`, `db bootstrap`, `doctor`, `job run NAME`.
FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python -m venv /opt/consulta
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY alembic alembic
COPY src src
RUN PIP_CONSTRAINT=/build/constraints.txt /opt/consulta/bin/pip install . \
    && /opt/consulta/bin/pip uninstall --yes pip setuptools \
    && /opt/consulta/bin/python -m compileall -q /opt/consulta/lib

FROM python:3.11-slim
LABEL org.opencontainers.image.title="Consulta" org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/opt/consulta/bin:$PATH \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    CONSULTA_ENV=production HOST=0.0.0.0 PORT=8000
COPY --from=build /opt/consulta /opt/consulta
# Recordings, unless STORAGE_PROVIDER is s3: mount a volume here that all replicas share.
ENV STORAGE_FOLDER=/var/lib/consulta/recordings
RUN install -d -m 0700 -o 10001 -g 10001 /var/lib/consulta/recordings
WORKDIR /
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/livez', timeout=2)"]
CMD ["consulta", "serve"]
