#![doc = include_str!("../README.md")]

mod body;
mod builder;
mod client;
mod connect;
mod connection;
mod error;
mod exchange;
mod executor;
mod failed;
mod handover;
mod lease;
mod limits;
mod line;
mod origin;
mod outgoing;
mod peers;
mod streams;
#[cfg(feature = "rustls")]
mod tls;
mod upload;

pub use body::ResponseBody;
pub use builder::Builder;
pub use client::{Client, RequestBody, ResponseFuture};
pub use connect::Connect;
pub use error::{BodyError, ConnectFailure, Error, RequestMisuse};
pub use executor::BoxingExecutor;
pub use hyper_util::client::legacy::connect::HttpConnector;
pub use latebind_tokio::{BuildError, Config, Notice, Source, Stats, Surplus, TokioRuntime};
pub use origin::Origin;
#[cfg(feature = "rustls")]
pub use tls::https;
