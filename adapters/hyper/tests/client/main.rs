//! The client over real sockets, by theme.

mod cancelled;
mod forms;
mod http2;
mod http2_frames;
mod http2_goodbyes;
mod late_binding;
mod limits;
mod misuse;
mod reuse;
mod scarce;
mod stale;
mod stress;
mod support;
mod surplus;
mod timeouts;
mod unhappy;
mod upgrades;
