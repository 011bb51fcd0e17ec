//! Where a request goes: what makes two connections interchangeable.

use std::fmt;
use std::hash::{Hash, Hasher};

use http::Uri;
use http::uri::{Authority, Scheme};

use crate::RequestMisuse;

/// A scheme and an authority, without user and with the port only if it is not the scheme's own: the pool's key.
///
/// Compares hosts without regard to case, as DNS does.
#[derive(Clone, Eq, Debug)]
pub struct Origin {
    scheme: Scheme,
    authority: Authority,
    /// Requests of plain HTTP go through this proxy to whatever host: its connections serve all of them.
    is_proxy: bool,
}

impl Origin {
    /// The origin that a request with this URI goes to.
    ///
    /// # Errors
    ///
    /// It names no host, or no possible port, or its scheme is neither `http` nor `https`.
    pub fn of(uri: &Uri) -> Result<Self, RequestMisuse> {
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(RequestMisuse::RelativeUri);
        };
        let default_port = match scheme.as_str() {
            "http" => "80",
            "https" => "443",
            _ => return Err(RequestMisuse::Scheme(scheme.clone())),
        };
        Ok(Self { scheme: scheme.clone(), authority: plain(authority, default_port)?, is_proxy: false })
    }

    /// The proxy at this URI, for requests of plain HTTP to whatever host.
    pub(crate) fn proxy(uri: &Uri) -> Result<Self, RequestMisuse> {
        Ok(Self { is_proxy: true, ..Self::of(uri)? })
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The host, and the port if it is not the scheme's own.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Whether this is a proxy that serves requests to whatever host.
    pub fn is_proxy(&self) -> bool {
        self.is_proxy
    }

    /// What a connector is called with.
    pub(crate) fn uri(&self) -> Uri {
        let parts = Uri::builder().scheme(self.scheme.clone()).authority(self.authority.clone());
        parts.path_and_query("/").build().expect("scheme, authority and path make a URI")
    }
}

/// The pool compares with every request: what is written alike, as nearly always, is compared in one go.
impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        let is_alike = self.authority.as_str() == other.authority.as_str();
        self.scheme == other.scheme
            && self.is_proxy == other.is_proxy
            && (is_alike || self.authority == other.authority)
    }
}

/// As many bytes as most authorities have are given to a hasher in one go: it works by the call.
const HASHED_AT_ONCE: usize = 32;

impl Hash for Origin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for bytes in self.authority.as_str().as_bytes().chunks(HASHED_AT_ONCE) {
            let mut lower = [0; HASHED_AT_ONCE];
            let lower = &mut lower[..bytes.len()];
            lower.copy_from_slice(bytes);
            lower.make_ascii_lowercase();
            state.write(lower);
        }
        // Ends the authority, as no byte in it does; and tells the schemes apart, of which there are two.
        let is_https = self.scheme == Scheme::HTTPS;
        state.write_u8(0x80 | u8::from(is_https) << 1 | u8::from(self.is_proxy));
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

/// Without user, and without the default port; shares the bytes if there is nothing to take away.
fn plain(authority: &Authority, default_port: &str) -> Result<Authority, RequestMisuse> {
    let whole = authority.as_str();
    let text = whole.rsplit_once('@').map_or(whole, |(_user, rest)| rest);
    let (host, port) = match text.rsplit_once(':') {
        // Not one within an IPv6 address.
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (text, ""),
    };
    if host.is_empty() {
        return Err(RequestMisuse::RelativeUri);
    }
    if !port.is_empty() && port.parse::<u16>().is_err() {
        // Connectors would take the scheme's own instead.
        return Err(RequestMisuse::Port(port.to_owned()));
    }
    let text = if port.is_empty() || port == default_port { host } else { text };
    if text.len() == whole.len() {
        return Ok(authority.clone());
    }
    text.parse().map_err(|_| RequestMisuse::RelativeUri)
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

    use super::*;

    fn origin(uri: &str) -> Origin {
        Origin::of(&uri.parse().unwrap()).unwrap()
    }

    fn hash(origin: &Origin) -> u64 {
        BuildHasherDefault::<DefaultHasher>::default().hash_one(origin)
    }

    #[test]
    fn what_names_the_same_peer_is_the_same_origin() {
        let plain = origin("http://example.test/a");
        for same in [
            "http://EXAMPLE.test/b",
            "http://example.test:80",
            "http://example.test:",
            "http://me:secret@example.test",
        ] {
            assert_eq!(origin(same), plain, "{same}");
            assert_eq!(hash(&origin(same)), hash(&plain), "{same}");
        }
        let others =
            ["https://example.test", "http://example.test:81", "http://www.example.test"].map(origin);
        for other in
            others.into_iter().chain([Origin::proxy(&"http://example.test".parse().unwrap()).unwrap()])
        {
            assert_ne!(other, plain, "{other}");
            assert_ne!(hash(&other), hash(&plain), "{other}");
        }
        let long = format!("http://{}.test", "label".repeat(2 * HASHED_AT_ONCE));
        assert_eq!(hash(&origin(&long)), hash(&origin(&long.to_uppercase().replace("HTTP", "http"))));
        assert_eq!(origin("http://[::1]:80/").uri(), "http://[::1]/");
        assert_eq!(origin("http://[::1]/").uri(), "http://[::1]/");
        assert_eq!(origin("http://[::80]:8080/").to_string(), "http://[::80]:8080");
        assert_eq!(origin("https://example.test:443/x").to_string(), "https://example.test");
    }

    #[test]
    fn what_names_no_peer_is_refused() {
        for (uri, misuse) in [
            ("/path", RequestMisuse::RelativeUri),
            ("example.test", RequestMisuse::RelativeUri),
            ("http://me@:80/", RequestMisuse::RelativeUri),
            ("ftp://example.test/", RequestMisuse::Scheme("ftp".parse().unwrap())),
            ("http://example.test:65536/", RequestMisuse::Port("65536".into())),
            ("http://[::1]:web/", RequestMisuse::Port("web".into())),
        ] {
            assert_eq!(Origin::of(&uri.parse().unwrap()), Err(misuse), "{uri}");
        }
    }
}
