//! A request in the forms that connections want it in.

use std::sync::Arc;

use http::header::{CONNECTION, HOST, UPGRADE};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery};
use http::{HeaderValue, Method, Request, Uri, Version};

use crate::client::{Inner, RequestBody};
use crate::connect::Connect;
use crate::connection::{Connection, Sender};
use crate::upload::{Sent, Upload};
use crate::{Origin, RequestMisuse};

/// A request that may be sent several times.
pub(crate) struct Outgoing<B> {
    /// Whose connections it takes: its target's, or a proxy's.
    pub(crate) origin: Origin,
    /// `None` without a body.
    pub(crate) upload: Option<Arc<Upload<B>>>,
    head: Parts,
    /// Its target, without user and with the port only if it is not the scheme's own.
    target: Authority,
    keep_alive: bool,
}

impl<B: RequestBody> Outgoing<B> {
    pub(crate) fn new<C: Connect>(request: Request<B>, client: &Inner<C, B>) -> Result<Self, RequestMisuse> {
        let (mut head, body) = request.into_parts();
        if !matches!(head.version, Version::HTTP_10 | Version::HTTP_11 | Version::HTTP_2) {
            return Err(RequestMisuse::Version(head.version));
        }
        if head.method == Method::CONNECT {
            return Err(RequestMisuse::Connect);
        }
        let mut origin = Origin::of(&head.uri)?;
        if head.uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            // RFC 9110, 4.2.4: a user is not sent.
            head.uri = with_authority(&head.uri, origin.authority().clone());
        }
        let target = origin.authority().clone();
        if let Some(proxy) = &client.settings.proxy
            && origin.scheme().as_str() == "http"
            && let Some(proxy) = proxy(&head.uri)
        {
            origin = Origin::proxy(&proxy)?;
        }
        Ok(Self { origin, upload: Upload::new(body), head, target, keep_alive: client.settings.keep_alive })
    }

    /// The request in the form that this connection wants.
    pub(crate) fn attempt(&self, connection: &Connection<B>) -> Result<Request<Sent<B>>, RequestMisuse> {
        let mut head = self.head.clone();
        match &connection.sender {
            Sender::Http1(..) if head.version == Version::HTTP_2 => {
                return Err(RequestMisuse::Version(head.version));
            }
            Sender::Http1(..) => {
                head.headers.entry(HOST).or_insert_with(|| host(&self.target));
                if !self.origin.is_proxy() && !connection.about.connected.is_proxied() {
                    head.uri = origin_form(&head.uri);
                }
                // One that asks for another protocol says so in the same header.
                if !self.keep_alive && !head.headers.contains_key(UPGRADE) {
                    head.headers.insert(CONNECTION, HeaderValue::from_static("close"));
                }
            }
            Sender::Http2(..) => {
                head.version = Version::HTTP_2;
                // HTTP/2 has it in the URI, also if it is another one than the connection's.
                let host = head.headers.remove(HOST);
                let named = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
                let authority = named.as_ref().unwrap_or(&self.target);
                if head.uri.authority().map(Authority::as_str) != Some(authority.as_str()) {
                    head.uri = with_authority(&head.uri, authority.clone());
                }
            }
        }
        let body = self.upload.as_ref().map_or_else(Sent::nothing, Upload::attempt);
        Ok(Request::from_parts(head, body))
    }

    /// Whether it does no more harm to act on it twice.
    pub(crate) fn is_idempotent(&self) -> bool {
        // The header by which a server tells a repeated request; Go's transport goes by it, too.
        self.head.method.is_idempotent() || self.head.headers.contains_key("idempotency-key")
    }

    /// Whether anything of its body has been read in this attempt.
    pub(crate) fn was_read(&self) -> bool {
        self.upload.as_ref().is_some_and(|upload| upload.was_read())
    }

    /// Whether all of it can still be sent.
    pub(crate) fn is_whole(&self) -> bool {
        self.upload.as_ref().is_none_or(|upload| upload.is_whole())
    }
}

fn origin_form(uri: &Uri) -> Uri {
    let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    Uri::from(path)
}

fn with_authority(uri: &Uri, authority: Authority) -> Uri {
    let mut parts = uri.clone().into_parts();
    parts.authority = Some(authority);
    Uri::from_parts(parts).expect("it was a URI with an authority before")
}

fn host(target: &Authority) -> HeaderValue {
    HeaderValue::from_str(target.as_str()).expect("an authority is visible ASCII")
}
