//! TLS that trusts the server's own certificate.

use std::sync::Arc;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::delayed::Delayed;
use crate::http::protocol::Order;

/// The same for all clients in Rust.
pub(crate) fn config(order: &Order) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_slice(order.certificate.as_bytes());
    roots.add(certificate.expect("the server writes PEM")).expect("the server's certificate is sound");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    config.expect("ring has them").with_root_certificates(roots).with_no_client_auth()
}

/// What clients on hyper connect with.
pub(crate) fn connector(order: &Order) -> HttpsConnector<Delayed<HttpConnector>> {
    let mut http = HttpConnector::new();
    http.set_nodelay(true);
    http.enforce_http(false);
    let builder = HttpsConnectorBuilder::new().with_tls_config(config(order)).https_or_http();
    builder.enable_all_versions().wrap_connector(Delayed::new(http, order.connect_delay()))
}
