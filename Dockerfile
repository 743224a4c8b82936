# One image for everything: Locust's master, its workers, a single process with or without the web UI, and a Jupyter
# server with collaboration to try them on. What is started says the command (docs/deploy.md).
#
# Nothing is compiled: every package is a wheel of the version that constraints/locked.txt names. The build stage stays
# behind, and with it pip's working folders and the tool that builds our own wheel.

FROM python:3.11.14-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY constraints/locked.txt constraints/locked.txt
RUN python -m pip install --only-binary :all: -c constraints/locked.txt hatchling
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY locustfiles locustfiles
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir /opt/wheels .
# Without pip: who runs the image installs nothing. The metadata of every package stays, for lists of what is inside.
RUN python -m venv --without-pip /opt/jupyter-rtc-locust \
    && set -- /opt/wheels/jupyter_rtc_locust-*.whl \
    && python -m pip --python /opt/jupyter-rtc-locust/bin/python install --only-binary :all: \
        -c constraints/locked.txt dumb-init "$1[demo,otel]"


FROM python:3.11.14-slim-bookworm

LABEL org.opencontainers.image.title="jupyter-rtc-locust" \
      org.opencontainers.image.description="Stress tests for Jupyter real-time collaboration, on Locust" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="BSD-3-Clause" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11.14-slim-bookworm"

# What is written while it runs goes below /tmp, into the notebooks and into the results: the rest may be read-only.
ENV PATH=/opt/jupyter-rtc-locust/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    JUPYTER_CONFIG_DIR=/tmp/jupyter/config \
    JUPYTER_DATA_DIR=/tmp/jupyter/data \
    JUPYTER_RUNTIME_DIR=/tmp/jupyter/runtime \
    IPYTHONDIR=/tmp/ipython \
    MPLCONFIGDIR=/tmp/matplotlib

# By number, because Kubernetes has to see that it is not root.
RUN groupadd --gid 10001 locust \
    && useradd --uid 10001 --gid 10001 --no-log-init --create-home locust \
    # A new volume takes its owner from the folder it covers.
    && install --directory --owner=10001 --group=10001 /home/locust/notebooks /home/locust/results
COPY --from=build /opt/jupyter-rtc-locust /opt/jupyter-rtc-locust
COPY --chmod=755 deploy/image/entrypoint deploy/image/health.py /opt/jupyter-rtc-locust/bin/
COPY locustfiles /home/locust/locustfiles

USER 10001:10001
WORKDIR /home/locust
# Of the master for its workers, of the web UI, of the Jupyter server.
EXPOSE 5557 8089 8888
HEALTHCHECK --interval=5s --timeout=5s --start-period=20s --retries=12 CMD ["health.py"]
# As the first process of a container, Locust would ignore SIGTERM while it waits for its workers.
ENTRYPOINT ["dumb-init", "--", "entrypoint"]
CMD ["jupyter-rtc-locust", "demo"]
