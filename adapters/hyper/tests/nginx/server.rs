//! nginx in a directory of its own.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::asking::LONG;

/// The bytes of `/files/large`.
pub(crate) const LARGE: usize = 1 << 20;

const INSTALL: &str = "nginx cannot be run; `apt-get install nginx-light` brings it";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    Http1,
    /// HTTP/2, and HTTP/1.1 for who wants that, over TLS.
    Http2,
}

/// A running nginx, which ends when this is dropped.
pub(crate) struct Nginx {
    directory: PathBuf,
    /// Who trusts it, trusts this server.
    pub(crate) certificate: rcgen::CertifiedKey<rcgen::KeyPair>,
    speaks: Speaks,
    port: u16,
    settings: &'static str,
    master: Child,
}

impl Nginx {
    /// Starts one, with more `settings` in its `http` block, as generation 1.
    pub(crate) fn start(speaks: Speaks, settings: &'static str) -> Self {
        let directory = directory();
        let certificate = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        fs::create_dir_all(directory.join("files")).unwrap();
        fs::write(directory.join("files/large"), large()).unwrap();
        fs::write(directory.join("certificate.pem"), certificate.cert.pem()).unwrap();
        fs::write(directory.join("key.pem"), certificate.signing_key.serialize_pem()).unwrap();
        // A port that is free may be taken by somebody else before nginx has it.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            fs::write(directory.join("nginx.conf"), config(speaks, port, settings, 1)).unwrap();
            if let Some(master) = started(&directory) {
                return Self { directory, certificate, speaks, port, settings, master };
            }
        }
        panic!("nginx does not start: {}", log(&directory));
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        let scheme = if self.speaks == Speaks::Http1 { "http" } else { "https" };
        format!("{scheme}://127.0.0.1:{}{path}", self.port)
    }

    /// Has new processes take over, which tell of this generation; returns before they have.
    pub(crate) fn reload(&self, generation: usize) {
        let config = config(self.speaks, self.port, self.settings, generation);
        fs::write(self.directory.join("nginx.conf"), config).unwrap();
        let done = command(&self.directory).args(["-s", "reload"]).status().expect(INSTALL);
        assert!(done.success(), "{}", log(&self.directory));
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // By its own word: killed, it would leave its workers behind.
        let stopped = command(&self.directory).args(["-s", "stop"]).status();
        if !stopped.is_ok_and(|status| status.success()) {
            let _ = self.master.kill();
        }
        let _ = self.master.wait();
        if std::thread::panicking() {
            eprintln!("nginx said: {}", log(&self.directory));
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// What `/files/large` holds: no two lines are the same.
pub(crate) fn large() -> Vec<u8> {
    (0..LARGE / 8).flat_map(|at| format!("{at:07}\n").into_bytes()).collect()
}

fn directory() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("nginx-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn command(directory: &Path) -> Command {
    let mut command = Command::new("nginx");
    command.arg("-p").arg(directory).arg("-c").arg(directory.join("nginx.conf"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The master process, once it listens; `None` if it has ended before.
fn started(directory: &Path) -> Option<Child> {
    let mut master = command(directory).spawn().unwrap_or_else(|error| panic!("{INSTALL}: {error}"));
    let began = Instant::now();
    // It says who it is when it listens.
    while !fs::read_to_string(directory.join("nginx.pid")).is_ok_and(|pid| pid.ends_with('\n')) {
        if master.try_wait().unwrap().is_some() {
            return None;
        }
        assert!(began.elapsed() < LONG, "nginx does not listen: {}", log(directory));
        sleep(Duration::from_millis(5));
    }
    Some(master)
}

fn log(directory: &Path) -> String {
    fs::read_to_string(directory.join("error.log")).unwrap_or_else(|error| error.to_string())
}

/// Every answer tells of its generation, its connection, and which request of that it is.
fn config(speaks: Speaks, port: u16, settings: &str, generation: usize) -> String {
    let tls = if speaks == Speaks::Http1 { "" } else { " ssl http2" };
    // The user counts only where root runs the tests: nobody else could read their directory.
    format!(
        r#"daemon off;
master_process on;
worker_processes 2;
user root root;
pid nginx.pid;
error_log error.log warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    default_type text/plain;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    {settings}
    server {{
        listen 127.0.0.1:{port}{tls};
        ssl_certificate certificate.pem;
        ssl_certificate_key key.pem;
        location / {{
            return 200 "{generation} $server_protocol $connection $connection_requests $request_uri";
        }}
        location /files/ {{ root .; }}
    }}
}}
"#
    )
}
