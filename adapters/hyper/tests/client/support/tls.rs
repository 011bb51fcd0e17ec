//! TLS for the loopback address, with certificates made for the test.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use latebind_hyper::{Client, HttpConnector};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// A server's side, which agrees to one of the protocols; and a client's that trusts it.
pub(crate) fn certificate(protocols: &[&[u8]]) -> (TlsAcceptor, ClientConfig) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    server.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let trusting = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (TlsAcceptor::from(Arc::new(server)), trusting)
}

/// The same with a client over TCP.
pub(crate) fn certified(
    protocols: &[&[u8]],
) -> (TlsAcceptor, Client<HttpsConnector<HttpConnector>, Full<Bytes>>) {
    let (acceptor, trusting) = certificate(protocols);
    let https =
        HttpsConnectorBuilder::new().with_tls_config(trusting).https_only().enable_all_versions().build();
    (acceptor, Client::builder().build(https).unwrap())
}
