//! The runtimes that the scene is played on.

pub mod blocking;
pub mod network;
pub mod tasks;
pub mod threads;

mod async_std;
mod smol;
mod tokio;
