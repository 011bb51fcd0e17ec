//! TLS.

use std::io;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;

/// A connector for `https` and `http`: TLS by rustls with the platform's certificates, HTTP/2 where the peer agrees to
/// it (ALPN).
///
/// # Errors
///
/// The platform's certificates cannot be read.
pub fn https() -> io::Result<HttpsConnector<HttpConnector>> {
    let mut http = HttpConnector::new();
    http.set_nodelay(true);
    http.enforce_http(false);
    let builder = HttpsConnectorBuilder::new().with_native_roots()?;
    Ok(builder.https_or_http().enable_all_versions().wrap_connector(http))
}
