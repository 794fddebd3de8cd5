# syntax=docker/dockerfile:1
# The image serves; `migrate` is a step of its own, with the same image.
FROM python:3.13-slim AS build
ENV UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PROJECT_ENVIRONMENT=/opt/seriatim
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /src
# Dependencies first: they change less often than the code.
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --locked --no-dev --no-install-project
COPY app ./app
COPY migrations ./migrations
RUN uv sync --locked --no-dev --no-editable

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home seriatim
COPY --from=build /opt/seriatim /opt/seriatim
ENV PATH=/opt/seriatim/bin:$PATH PYTHONUNBUFFERED=1 \
    SERIATIM_ENVIRONMENT=production \
    SERIATIM_DATABASE_URL=sqlite+aiosqlite:////data/seriatim.db
USER seriatim
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
ENTRYPOINT ["seriatim"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
