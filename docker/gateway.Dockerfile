# The gateway: one program, the libraries it loads, and the authorities it trusts. There is no shell, and nothing is
# written outside /state. From the top of the repository:
#
#   docker build -f docker/gateway.Dockerfile -t pg-affiliate-gateway .
ARG RUST=rust:1.95-trixie

FROM ${RUST} AS build
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked -p affiliate-gateway \
 && mkdir -p /image/usr/local/bin /image/etc/ssl/certs /image/proc /image/dev /image/run /image/tmp /state \
 && strip -o /image/usr/local/bin/affiliate target/release/affiliate \
 && cp --parents --dereference $(ldd target/release/affiliate | grep -o '/[^ ]*') /image/ \
 && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/

FROM scratch
COPY --from=build /image/ /
COPY --from=build --chown=65532:65532 /state /state
ENV PATH=/usr/local/bin AFFILIATE_LISTEN=0.0.0.0:8080 AFFILIATE_STATE_DIR=/state SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s CMD ["affiliate", "healthcheck"]
ENTRYPOINT ["affiliate"]
CMD ["serve"]
