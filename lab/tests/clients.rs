//! The client's side of the scene: it runs where it says, and tells what goes wrong.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use latebind_async_std::AsyncStdRuntime;
use latebind_lab::client::Client;
use latebind_lab::connector::Connector;
use latebind_lab::patience::within;
use latebind_lab::runtimes::network::Network;
use latebind_lab::runtimes::tasks::Tasks;
use latebind_lab::runtimes::threads::Threads;
use latebind_lab::server::Server;
use latebind_smol::SmolRuntime;
use latebind_tokio::TokioRuntime;
use tokio::net::TcpSocket;

/// Who takes the caller for its own: tokio, async-std, smol.
fn claims() -> [bool; 3] {
    [TokioRuntime::here().is_ok(), AsyncStdRuntime::here().is_ok(), SmolRuntime::here().is_ok()]
}

#[test]
fn each_runtime_knows_its_own_tasks_and_no_others() {
    assert_eq!(claims(), [false; 3], "a plain thread");
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    assert_eq!(
        tokio.block_on(async { tokio::spawn(async { claims() }).await.unwrap() }),
        [true, false, false]
    );
    assert_eq!(async_std::task::block_on(async_std::task::spawn(async { claims() })), [false, true, false]);
    assert_eq!(smol::block_on(smol::spawn(async { claims() })), [false, false, true]);
    // As if the client's side were spawned on its runtime, but entered the server's.
    let entered = tokio.handle().clone();
    let on_both = smol::spawn(async move {
        let _entered = entered.enter();
        claims()
    });
    assert_eq!(smol::block_on(on_both), [true, false, false]);
}

#[tokio::test]
async fn a_dial_that_runs_elsewhere_fails() {
    let server = Server::start().await.unwrap();
    let connector = Connector::new(server.address(), Duration::ZERO);
    let error = connector.dial::<SmolRuntime>().await.unwrap_err();
    assert!(error.to_string().contains("should run on smol"), "{error}");
    assert!(connector.dial::<TokioRuntime>().await.is_ok());
}

async fn it_tells_what_goes_wrong<C: Client>() {
    // A port that is taken, and on which nobody listens.
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let nowhere = Arc::new(Connector::new(taken.local_addr().unwrap(), Duration::ZERO));
    let client = C::new(&nowhere).unwrap();
    let mut request = client.request("/");
    let error = within("the dial fails", request.leased()).await.unwrap().unwrap_err();
    assert!(format!("{error:#}").contains("refused"), "{}: {error:#}", C::NAME);
    within("nothing stays", client.shutdown()).await.unwrap().unwrap();
    assert_eq!(nowhere.census().now, 0);

    let server = Server::start().await.unwrap();
    let gate = server.hold("/held");
    let connector = Arc::new(Connector::new(server.address(), Duration::ZERO));
    let client = C::new(&connector).unwrap();
    let mut request = client.request("/held");
    within("it has a connection", request.leased()).await.unwrap().unwrap();
    within("it arrives", gate.holds(1)).await.unwrap();
    drop(server);
    let error = within("the answer fails", request.answered()).await.unwrap().unwrap_err();
    assert!(format!("{error:#}").contains("GET /held"), "{}: {error:#}", C::NAME);
    within("nothing stays", client.shutdown()).await.unwrap().unwrap();
    assert_eq!(connector.census().now, 0);
}

#[tokio::test]
async fn each_client_tells_what_goes_wrong() {
    it_tells_what_goes_wrong::<Tasks<TokioRuntime>>().await;
    it_tells_what_goes_wrong::<Tasks<AsyncStdRuntime>>().await;
    it_tells_what_goes_wrong::<Tasks<SmolRuntime>>().await;
    it_tells_what_goes_wrong::<Threads>().await;
}

#[test]
fn without_tokio_there_is_no_client_of_it() {
    let connector = Arc::new(Connector::new(([127, 0, 0, 1], 9).into(), Duration::ZERO));
    let refused = thread::spawn(move || Tasks::<TokioRuntime>::new(&connector).unwrap_err().to_string());
    assert_eq!(refused.join().unwrap(), "no tokio here");
}
