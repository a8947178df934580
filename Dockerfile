# One image for web and worker. Nothing of the build's tools stays in it.

FROM node:24-slim AS assets
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY assets assets
COPY static/css static/css
RUN node assets/build.mjs

FROM python:3.13-slim AS packages
WORKDIR /src
COPY requirements.txt ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    FLASK_APP=wsgi INSTANCE=/data HOST=0.0.0.0 PORT=8000
WORKDIR /app
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin coordinator \
 && install -d -o coordinator -g coordinator -m 700 /data
COPY --from=packages /venv /venv
COPY . .
COPY --from=assets /src/static/vendor static/vendor
RUN pybabel --quiet compile --directory translations
USER coordinator
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
# Migrations, gazetteer and the missions' starter list first; then web and worker side by side.
CMD ["sh", "-c", "flask setup && exec flask serve"]
