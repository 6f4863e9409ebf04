# The gateway: one program, no shell needed, nothing written outside /state. From the top of the repository:
#
#   docker build -f docker/gateway.Dockerfile -t pg-affiliate-gateway .
ARG BASE=debian:trixie-slim
ARG RUST=rust:1.95-trixie

FROM ${RUST} AS build
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked -p affiliate-gateway && strip -o /affiliate target/release/affiliate

FROM ${BASE}
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir /state && chown 65532:65532 /state
COPY --from=build /affiliate /usr/local/bin/affiliate
ENV AFFILIATE_LISTEN=0.0.0.0:8080 AFFILIATE_STATE_DIR=/state
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s CMD ["affiliate", "healthcheck"]
ENTRYPOINT ["affiliate"]
CMD ["serve"]
