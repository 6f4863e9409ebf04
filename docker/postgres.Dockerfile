# Postgres with the extension pg_affiliate and pg_cron. From the top of the repository:
#
#   docker build -f docker/postgres.Dockerfile -t pg-affiliate-postgres .
#
# Everything but Rust comes from the distribution's own packages, so that any base of the same release will do.
ARG BASE=debian:trixie-slim
ARG RUST=rust:1.95-trixie

FROM ${RUST} AS build
ARG PG_MAJOR=17
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      ca-certificates gcc libc6-dev libclang-dev postgresql-server-dev-$PG_MAJOR \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# The version of pgrx is said once, in Cargo.toml.
COPY Cargo.toml ./
RUN version=$(sed -n 's/^pgrx = "=\(.*\)"$/\1/p' Cargo.toml) \
 && CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off \
    cargo install cargo-pgrx --version "=$version" --locked --quiet --no-default-features
COPY . .
RUN pg_config=/usr/lib/postgresql/$PG_MAJOR/bin/pg_config \
 && cargo pgrx init "--pg$PG_MAJOR=$pg_config" \
 && cd extension \
 && cargo pgrx package --pg-config "$pg_config" --no-default-features --features "pg$PG_MAJOR" --out-dir /package

FROM ${BASE}
ARG PG_MAJOR=17
RUN printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d \
 && mkdir -p /etc/postgresql-common \
 && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
 && apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      postgresql-$PG_MAJOR postgresql-$PG_MAJOR-cron \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /var/lib/postgresql/data /run/postgresql \
 && chown postgres:postgres /var/lib/postgresql/data /run/postgresql
COPY --from=build /package/ /
COPY docker/postgres.sh /usr/local/bin/postgres-with-affiliate
ENV PATH=/usr/lib/postgresql/$PG_MAJOR/bin:$PATH PGDATA=/var/lib/postgresql/data LC_ALL=C.UTF-8
USER postgres
VOLUME /var/lib/postgresql/data
EXPOSE 5432
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s CMD ["pg_isready", "--quiet", "--host=127.0.0.1", "--dbname=affiliate"]
ENTRYPOINT ["postgres-with-affiliate"]
