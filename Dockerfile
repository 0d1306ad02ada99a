# docker build -t reglab .        docker run -p 127.0.0.1:8501:8501 -v reglab:/data reglab
# Without a GPU, a smaller image: --build-arg TORCH_INDEX=… with the package index that serves CPU-only builds of PyTorch.
FROM python:3.11-slim-bookworm

ARG TORCH_INDEX=""
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore \
    REGLAB_HOME=/data \
    REGLAB_ALLOW_OPEN=1

RUN useradd --uid 10001 --user-group --create-home reglab \
    && install --directory --owner=reglab --group=reglab /data
WORKDIR /app

# The large layer: it is built again only when a version changes.
COPY requirements.txt ./
RUN pip install ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} --requirement requirements.txt

COPY pyproject.toml README.md LICENSE app.py ./
COPY .streamlit .streamlit
COPY pages pages
COPY src src
RUN pip install --editable ".[oidc,postgres]" && python -m compileall -q app.py pages src

USER 10001:10001
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/api/health', timeout=4)"]
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501", "--server.headless=true"]
