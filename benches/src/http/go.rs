//! The client on Go's net/http, where Go is installed.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Output};

/// Built into the binary, so that they are found wherever this runs.
const SOURCES: [(&str, &str); 3] = [
    ("main.go", include_str!("../../go/main.go")),
    ("h2c.go", include_str!("../../go/h2c.go")),
    ("no_h2c.go", include_str!("../../go/no_h2c.go")),
];

/// A program that was compiled, or why there is none.
pub(crate) enum Go {
    Program { path: PathBuf, version: String },
    Missing(String),
}

/// Compiles the client beside this program.
pub(crate) fn build() -> io::Result<Go> {
    let version = match Command::new("go").args(["env", "GOVERSION"]).output() {
        Ok(output) if output.status.success() => text(&output.stdout),
        Ok(output) => return Ok(Go::Missing(failure(&output))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Go::Missing("it is not installed (Debian: golang-go)".into()));
        }
        Err(error) => return Err(error),
    };
    let here = std::env::current_exe()?;
    let folder = here.parent().ok_or_else(|| io::Error::other("this program lies in no folder"))?;
    let (module, path) = (folder.join("latebind-bench-go.module"), folder.join("latebind-bench-go"));
    if module.exists() {
        std::fs::remove_dir_all(&module)?;
    }
    std::fs::create_dir_all(&module)?;
    for (name, source) in SOURCES {
        std::fs::write(module.join(name), source)?;
    }
    // A module, as Go picks files by its version only in one; made by Go, so that it is of that version.
    for arguments in [&["mod", "init", "latebind-bench-go"][..], &["build", "-o"]] {
        let mut command = Command::new("go");
        command.current_dir(&module).env("GOTOOLCHAIN", "local").args(arguments);
        if arguments[0] == "build" {
            command.arg(&path);
        }
        let output = command.output()?;
        if !output.status.success() {
            return Ok(Go::Missing(failure(&output)));
        }
    }
    Ok(Go::Program { path, version })
}

fn failure(output: &Output) -> String {
    format!("`go` says: {}", text(&output.stderr))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use super::*;
    use crate::http::process::Process;
    use crate::http::protocol::{Answer, Load, Order, Protocol};

    /// A server of HTTP/1.1, as small as can be, that counts its connections.
    fn server() -> (u16, Arc<AtomicU32>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, accepted) = (listener.local_addr().unwrap().port(), Arc::<AtomicU32>::default());
        let counts = Arc::clone(&accepted);
        thread::spawn(move || {
            for stream in listener.incoming() {
                counts.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || serve(&stream.unwrap()));
            }
        });
        (port, accepted)
    }

    fn serve(stream: &TcpStream) {
        // A request's head ends with an empty line.
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut stream = stream;
            if line.is_empty() && stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx").is_err()
            {
                return;
            }
        }
    }

    /// Where Go is installed.
    #[test]
    fn its_client_answers_orders_as_the_others_do() {
        let path = match build().unwrap() {
            Go::Program { path, .. } => path,
            Go::Missing(why) => return eprintln!("not tested: {why}"),
        };
        let mut go = Process::start(&mut Command::new(path)).unwrap();
        let (port, accepted) = server();
        let bursts = Order {
            url: format!("http://127.0.0.1:{port}/"),
            certificate: String::new(),
            protocol: Protocol::Http1,
            callers: 2,
            connect_delay_ms: 1,
            limit: Some(1),
            permits: None,
            load: Load::Bursts { count: 3, requests_per_caller: 4 },
        };
        let answer: Answer = go.ask(&bursts).unwrap();
        assert_eq!((answer.requests, answer.errors, answer.latencies_ns.len()), (24, 0, 24));
        assert_eq!(accepted.load(Ordering::SeqCst), 3, "a new client for each burst, and the limit holds");
        assert!(answer.elapsed_ns >= 3_000_000, "each burst waits for a slow connect");

        let steady = Order { load: Load::Steady { warm_up_ms: 20, measure_ms: 20 }, ..bursts.clone() };
        let answer: Answer = go.ask(&steady).unwrap();
        assert!(answer.errors == 0 && answer.requests > answer.latencies_ns.len() as u64, "{answer:?}");
        assert!(answer.elapsed_ns >= 20_000_000 && !answer.latencies_ns.is_empty());

        let nobody = Order { url: "http://127.0.0.1:1/".into(), ..bursts.clone() };
        let answer: Answer = go.ask(&nobody).unwrap();
        assert_eq!((answer.requests, answer.errors, answer.latencies_ns.len()), (24, 24, 0));
        assert!(answer.first_error.is_some());

        let answer: Answer = go.ask(&Order { protocol: Protocol::H2c, ..bursts }).unwrap();
        let is_spoken = answer.not_available.is_none();
        assert_eq!(answer.errors, if is_spoken { 24 } else { 0 }, "the server speaks HTTP/1.1 only");
    }
}
