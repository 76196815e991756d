FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.lock

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --create-home rollcall
COPY --from=build /venv /venv
WORKDIR /app
COPY pyproject.toml ./
COPY runbooks ./runbooks
COPY migrations ./migrations
COPY bot ./bot

ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/rollcall.db \
    ROLLCALL_RUNS=/data/runs \
    HOST=0.0.0.0 \
    PORT=8080
USER 10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]

# The database is brought to the newest schema before anything is served.
ENTRYPOINT ["python", "-m", "bot"]
CMD ["serve"]
