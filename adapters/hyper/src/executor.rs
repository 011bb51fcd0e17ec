//! What runs hyper's tasks.

use std::future::Future;
use std::pin::Pin;

use hyper::rt::Executor;

/// Runs the tasks of HTTP/2 connections on tokio: what [`Builder::http2`](crate::Builder::http2)'s settings are made with.
///
/// Boxes them. hyper has one type for all of its tasks, so that the small one of each request is as large as the one of
/// the connection, and tokio copies a task several times before it runs.
///
/// # Panics
///
/// When a task is started outside of a tokio runtime: the pool's dials never do.
#[derive(Clone, Copy, Default, Debug)]
pub struct BoxingExecutor;

impl<F: Future<Output: Send + 'static> + Send + 'static> Executor<F> for BoxingExecutor {
    fn execute(&self, task: F) {
        let task: Pin<Box<dyn Future<Output = F::Output> + Send>> = Box::pin(task);
        tokio::spawn(task);
    }
}
