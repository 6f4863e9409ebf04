//! TLS to Postgres with the meaning libpq gives to `sslmode`: encryption without a check of the server up to
//! `require`, its certificate checked from `verify-ca` on (and with `require` when a root certificate is given), its
//! name too with `verify-full`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::config::SslMode;

use super::DbError;

pub(crate) type Connector = tokio_postgres_rustls::MakeRustlsConnect;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum TlsMode {
    Disable,
    #[default]
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl TlsMode {
    pub fn parse(text: &str) -> Result<Self, DbError> {
        match text {
            "disable" => Ok(Self::Disable),
            "prefer" => Ok(Self::Prefer),
            "require" => Ok(Self::Require),
            "verify-ca" => Ok(Self::VerifyCa),
            "verify-full" => Ok(Self::VerifyFull),
            other => Err(DbError::Url(format!(
                "sslmode is {other:?}, and can be disable, prefer, require, verify-ca or verify-full"
            ))),
        }
    }

    /// What the driver has to know: whether to ask for TLS and whether to go on without.
    pub const fn wire(self) -> SslMode {
        match self {
            Self::Disable => SslMode::Disable,
            Self::Prefer => SslMode::Prefer,
            Self::Require | Self::VerifyCa | Self::VerifyFull => SslMode::Require,
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tls {
    pub mode: TlsMode,
    pub root_cert: Option<PathBuf>,
}

pub(super) fn connector(tls: &Tls) -> Result<Connector, DbError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| DbError::Tls(error.to_string()))?;
    let config = if tls.mode == TlsMode::VerifyFull {
        builder
            .with_root_certificates(roots(tls.root_cert.as_deref())?)
            .with_no_client_auth()
    } else {
        let check_chain = tls.mode == TlsMode::VerifyCa
            || (tls.mode == TlsMode::Require && tls.root_cert.is_some());
        let roots = if check_chain {
            Some(roots(tls.root_cert.as_deref())?)
        } else {
            None
        };
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(NameIgnored { roots, provider }))
            .with_no_client_auth()
    };
    Ok(Connector::new(config))
}

fn roots(file: Option<&Path>) -> Result<RootCertStore, DbError> {
    let mut store = RootCertStore::empty();
    let Some(file) = file else {
        let native = rustls_native_certs::load_native_certs();
        store.add_parsable_certificates(native.certs);
        if store.is_empty() {
            return Err(DbError::Tls(
                "this machine has no root certificates: pass sslrootcert".to_owned(),
            ));
        }
        return Ok(store);
    };
    let problem =
        |error: &dyn std::fmt::Display| DbError::Tls(format!("{}: {error}", file.display()));
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| problem(&error))? {
        let certificate = certificate.map_err(|error| problem(&error))?;
        store.add(certificate).map_err(|error| problem(&error))?;
    }
    if store.is_empty() {
        return Err(problem(&"holds no certificate"));
    }
    Ok(store)
}

/// Checks the chain when there are roots to check against, and never the name. The handshake's signature is always
/// checked, so the server holds the key of the certificate it shows.
#[derive(Debug)]
struct NameIgnored {
    roots: Option<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for NameIgnored {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(
                &certificate,
                roots,
                intermediates,
                now,
                algorithms,
            )?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            cert,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            cert,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
