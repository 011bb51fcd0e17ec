//! Why there is no response, or no more of one.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::Version;
use http::uri::Scheme;

use crate::connect::BoxError;

/// Why a request brought no response.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// It cannot be sent by anybody.
    Request(RequestMisuse),
    /// No connection: none in time, a failed dial, too many waiters. Tells what the pool was doing.
    Connection(latebind_tokio::Error<ConnectFailure>),
    /// The exchange failed: the connection broke, or the peer does not speak HTTP.
    Exchange(hyper::Error),
    /// No response came within [`Builder::response_timeout`](crate::Builder::response_timeout), which is told.
    ResponseTimeout(Duration),
}

/// What is wrong with a request.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RequestMisuse {
    /// Its URI names no scheme or no host.
    RelativeUri,
    /// Neither `http` nor `https`.
    Scheme(Scheme),
    /// No port of TCP's: above 65535, or no number.
    Port(String),
    /// Neither HTTP/1.0, HTTP/1.1 nor HTTP/2; or HTTP/2, and the peer speaks HTTP/1.1.
    Version(Version),
    /// `CONNECT` is for connectors, such as hyper-util's `Tunnel`.
    Connect,
}

/// Why a dial failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectFailure {
    /// The connector's error: DNS, TCP, TLS, a proxy.
    Transport(BoxError),
    /// There was a transport, but no HTTP on it.
    Handshake(hyper::Error),
}

/// Why a response's body broke off.
#[derive(Debug)]
#[non_exhaustive]
pub enum BodyError {
    /// The connection broke, or the peer does not speak HTTP.
    Exchange(hyper::Error),
    /// Nothing came for as long as [`Builder::body_timeout`](crate::Builder::body_timeout) says, which is told.
    Timeout(Duration),
}

impl Error {
    /// Whether it is a matter of time: no connection, or no response, in time.
    pub fn is_timeout(&self) -> bool {
        use latebind_tokio::{ConnectError, Error};
        matches!(
            self,
            Self::ResponseTimeout(_)
                | Self::Connection(Error::Timeout(_) | Error::Dial(ConnectError::TimedOut(_)))
        )
    }

    /// Whether no connection could be had.
    pub fn is_connect(&self) -> bool {
        matches!(self, Self::Connection(_))
    }
}

impl From<RequestMisuse> for Error {
    fn from(misuse: RequestMisuse) -> Self {
        Self::Request(misuse)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(misuse) => misuse.fmt(f),
            Self::Connection(error) => error.fmt(f),
            Self::Exchange(error) => write!(f, "the exchange failed: {error}"),
            Self::ResponseTimeout(limit) => write!(f, "no response within {limit:?}"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Request(_) | Self::ResponseTimeout(_) => None,
            Self::Connection(error) => error.source(),
            Self::Exchange(error) => error.source(),
        }
    }
}

impl fmt::Display for RequestMisuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RelativeUri => f.write_str("the request's URI names no scheme or no host"),
            Self::Scheme(scheme) => write!(f, "the scheme {scheme} is neither http nor https"),
            Self::Port(port) => write!(f, "{port} is no port"),
            Self::Version(version) => write!(f, "{version:?} cannot be spoken here"),
            Self::Connect => f.write_str("CONNECT is for connectors, not for requests"),
        }
    }
}

impl StdError for RequestMisuse {}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => error.fmt(f),
            Self::Handshake(error) => write!(f, "no HTTP on the new connection: {error}"),
        }
    }
}

impl StdError for ConnectFailure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Transport(error) => error.source(),
            Self::Handshake(error) => error.source(),
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exchange(error) => write!(f, "the response broke off: {error}"),
            Self::Timeout(limit) => write!(f, "nothing of the response came for {limit:?}"),
        }
    }
}

impl StdError for BodyError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Exchange(error) => error.source(),
            Self::Timeout(_) => None,
        }
    }
}
