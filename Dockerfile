# Two images: `asterisk`, the telephone exchange, and `app`, the line itself. compose.yaml runs them together.
#
#   docker build --target asterisk --tag astreinte-asterisk .
#   docker build --target app --tag astreinte-app .
#
# For a mirror that is behind, or that has a certificate authority of its own:
#   --build-arg APT_OPTS="-o Acquire::Check-Valid-Until=false"   --build-arg PIP_CERT=/path/in/the/build.pem

# The line needs Asterisk >= 22.10.1, which Debian has in `sid` alone: neither Debian 12 nor 13 has any Asterisk. What
# the suite holds moves; the build refuses a release that is too old. To stay on one state, name a dated image such as
# debian:sid-20261116-slim.
ARG ASTERISK_BASE=debian:sid-slim
ARG APP_BASE=debian:trixie-slim

# ------------------------------------------------------------------------------------------------------- asterisk
FROM ${ASTERISK_BASE} AS asterisk
ARG APT_OPTS=
# One number in both images: the application reads secrets that this one makes, and this one plays prompts that
# the application makes. The user comes first, so that no package takes the number.
RUN groupadd --gid 10001 astreinte \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/astreinte --no-create-home --shell /usr/sbin/nologin astreinte
# python3 fills in asterisk_conf/ when the container starts, and asks Asterisk how it is.
RUN export DEBIAN_FRONTEND=noninteractive \
 && apt-get ${APT_OPTS} update \
 && apt-get ${APT_OPTS} install --yes --no-install-recommends \
      asterisk asterisk-core-sounds-en-wav asterisk-core-sounds-fr-wav python3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* /etc/asterisk /var/spool/asterisk \
 && ln -s /var/lib/astreinte/etc /etc/asterisk
COPY ari_app/__init__.py /opt/astreinte/ari_app/
COPY ari_app/core /opt/astreinte/ari_app/core
COPY ari_app/pbx /opt/astreinte/ari_app/pbx
COPY docker /opt/astreinte/docker
COPY asterisk_conf /etc/astreinte/asterisk_conf
ENV PYTHONPATH=/opt/astreinte PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8 \
    ASTREINTE_SECRETS=/run/astreinte ASTERISK_SIP_BIND=0.0.0.0
RUN python3 /opt/astreinte/docker/start_asterisk.py --check \
 && install --directory --owner=astreinte --group=astreinte --mode=0700 \
      /var/lib/astreinte /run/astreinte /var/cache/astreinte
USER astreinte
WORKDIR /var/lib/astreinte
# State (AstDB, call records of Asterisk's own, phones' passwords); the secrets that both containers share; prompts.
VOLUME ["/var/lib/astreinte", "/run/astreinte", "/var/cache/astreinte"]
# SIP, and sound. ARI (8088) and AMI (5038) stay on loopback: publish them never.
EXPOSE 5060/udp 10000-20000/udp
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=3 \
  CMD ["python3", "-IS", "/opt/astreinte/docker/asterisk_health.py"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python3", "/opt/astreinte/docker/start_asterisk.py"]

# ---------------------------------------------------------------------------------------- app: what it is made of
FROM ${APP_BASE} AS app-build
ARG APT_OPTS=
# setuptools is Debian's, so that the build fetches nothing whose hash is not known.
RUN export DEBIAN_FRONTEND=noninteractive \
 && apt-get ${APT_OPTS} update \
 && apt-get ${APT_OPTS} install --yes --no-install-recommends \
      ca-certificates python3 python3-pip python3-setuptools python3-venv \
 && rm -rf /var/lib/apt/lists/*
ARG PIP_CERT=
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ONLY_BINARY=:all:
COPY requirements.lock /src/
RUN python3 -m venv --without-pip /opt/astreinte \
 && python3 -m pip --python /opt/astreinte/bin/python install --require-hashes --requirement /src/requirements.lock
COPY pyproject.toml README.md /src/
COPY ari_app /src/ari_app
RUN python3 -m pip wheel --no-deps --no-index --no-build-isolation --wheel-dir /wheel /src \
 && python3 -m pip --python /opt/astreinte/bin/python install --no-deps --no-index /wheel/*.whl \
 && /opt/astreinte/bin/python -m compileall -q /opt/astreinte/lib

# ------------------------------------------------------------------------------------------------------------ app
FROM ${APP_BASE} AS app
ARG APT_OPTS=
RUN groupadd --gid 10001 astreinte \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/astreinte --no-create-home --shell /usr/sbin/nologin astreinte \
 && install --directory --owner=astreinte --group=astreinte --mode=0700 \
      /var/lib/astreinte /run/astreinte /var/cache/astreinte
RUN export DEBIAN_FRONTEND=noninteractive \
 && apt-get ${APT_OPTS} update \
 && apt-get ${APT_OPTS} install --yes --no-install-recommends ca-certificates python3 tzdata \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*
COPY --from=app-build /opt/astreinte /opt/astreinte
COPY docker/app_health.py /opt/astreinte/docker/
COPY rosters /etc/astreinte/rosters
COPY ivr_flows /etc/astreinte/ivr_flows
# The environment wins over /etc/astreinte/astreinte.yaml: what is set here is how the two containers fit together,
# and where the health check looks.
ENV PATH=/opt/astreinte/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 LANG=C.UTF-8 \
    ASTREINTE_SECRETS=/run/astreinte \
    ASTREINTE_CACHE=/var/cache/astreinte \
    ASTREINTE_DATA=/var/lib/astreinte \
    ASTREINTE_PROMPTS__FOLDER=/var/cache/astreinte/prompts \
    ASTREINTE_ASTERISK__MANAGED=false \
    ASTREINTE_ARI__URL=http://127.0.0.1:8088/ari \
    ASTREINTE_AGI__HOST=127.0.0.1 \
    ASTREINTE_AGI__PORT=4573
USER astreinte
WORKDIR /etc/astreinte
# Records; the secrets that Asterisk's container made; prompts.
VOLUME ["/var/lib/astreinte", "/run/astreinte", "/var/cache/astreinte"]
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=3 \
  CMD ["python3", "-IS", "/opt/astreinte/docker/app_health.py"]
# Calls in progress may end first, within `limits.drain_seconds`: give it more before it is killed.
STOPSIGNAL SIGTERM
ENTRYPOINT ["astreinte"]
CMD ["run"]
