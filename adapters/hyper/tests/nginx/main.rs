//! The client with Debian's nginx, which these tests start and stop as a process of their own.
//!
//! Runs where `LATEBIND_NGINX=1` is set, and fails there if nginx is missing; elsewhere all are listed as ignored.
//! Needs nginx 1.19.7 or later, whose `keepalive_requests` concerns HTTP/2 as well.

mod asking;
mod http1;
mod http2;
mod reload;
mod server;

use std::future::Future;

use libtest_mimic::{Arguments, Completion, Trial};

const ASKED_FOR: &str = "LATEBIND_NGINX";

fn main() {
    let trials = vec![
        trial("http1::a_connection_is_reused", http1::a_connection_is_reused),
        trial("http1::bodies_large_small_and_none", http1::bodies_large_small_and_none),
        trial("http1::a_connection_serves_as_many_as_it_may", http1::a_connection_serves_as_many_as_it_may),
        trial("http1::worn_out_under_load", http1::worn_out_under_load),
        trial("http1::an_idle_connection_that_nginx_closes", http1::an_idle_connection_that_nginx_closes),
        trial("http1::requests_that_meet_the_close", http1::requests_that_meet_the_close),
        trial("http2::many_requests_share_one_connection", http2::many_requests_share_one_connection),
        trial("http2::bodies_large_small_and_none", http2::bodies_large_small_and_none),
        trial("http2::more_requests_than_streams", http2::more_requests_than_streams),
        trial("http2::a_connection_serves_as_many_as_it_may", http2::a_connection_serves_as_many_as_it_may),
        trial("http2::worn_out_under_load", http2::worn_out_under_load),
        trial("reload::no_request_of_http1_is_lost", reload::no_request_of_http1_is_lost),
        trial("reload::no_request_of_http2_is_lost", reload::no_request_of_http2_is_lost),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}

/// A test that is never passed over in silence.
fn trial<F: Future<Output = ()>>(name: &str, scene: impl FnOnce() -> F + Send + 'static) -> Trial {
    Trial::ignorable_test(name, move || {
        if std::env::var_os(ASKED_FOR).is_none_or(|asked| asked != "1") {
            return Ok(Completion::ignored_with(format!("needs nginx, and {ASKED_FOR}=1")));
        }
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(2).enable_all().build()?.block_on(scene());
        Ok(Completion::Completed)
    })
}
